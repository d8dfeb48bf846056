//! The journal: a vector of what was committed.

use std::sync::Arc;

use async_trait::async_trait;
use portolan_kernel::{
    AggregateKey, Envelope, Error, Journal, Position, READ_BYTES, READ_LIMIT, Result, Until, Version,
};

use super::MemoryStore;

#[async_trait]
impl Journal for MemoryStore {
    async fn read(&self, after: Position, limit: usize) -> Result<Vec<Envelope>> {
        check_limit(limit)?;
        let mut events: Vec<Arc<Envelope>> = Vec::new();
        let mut bytes = 0;
        let first = usize::try_from(after.get()).unwrap_or(usize::MAX);
        for event in self.look()?.journal.get(first..).unwrap_or_default() {
            let ends_whole = events.last().is_none_or(|last| last.position == last.commit_position);
            if (events.len() >= limit || bytes >= READ_BYTES) && ends_whole {
                break;
            }
            bytes += event.bytes();
            events.push(Arc::clone(event));
        }
        Ok(copied(events))
    }

    async fn head(&self) -> Result<Position> {
        Ok(self.look()?.head())
    }

    async fn history(
        &self,
        key: AggregateKey,
        after: Version,
        until: Until,
        limit: usize,
    ) -> Result<Vec<Envelope>> {
        check_limit(limit)?;
        let mut events: Vec<Arc<Envelope>> = Vec::new();
        let mut bytes = 0;
        let first = usize::try_from(after.get()).unwrap_or(usize::MAX);
        if let Some(kin) = self.look()?.aggregates.get(&key) {
            let last = match until {
                Until::Now => kin.version,
                Until::Version(version) => version,
                Until::Time(time) => {
                    let until = kin.events.iter().rfind(|event| event.occurred_at <= time);
                    until.map_or(Version::ZERO, |event| event.version)
                }
            };
            let asked = kin.events.get(first..).unwrap_or_default();
            for event in asked.iter().take_while(|event| event.version <= last).take(limit) {
                if bytes >= READ_BYTES {
                    break;
                }
                bytes += event.bytes();
                events.push(Arc::clone(event));
            }
        }
        Ok(copied(events))
    }

    async fn changed(&self, after: Position) -> Result<Position> {
        let mut head = self.0.head.subscribe();
        let seen = head.wait_for(|state| state.position > after || state.is_closed).await;
        match seen {
            Ok(state) if state.position > after => Ok(state.position),
            _ => Err(Self::closed()),
        }
    }
}

/// Copies of events that the lock is no longer held for.
fn copied(events: Vec<Arc<Envelope>>) -> Vec<Envelope> {
    events.into_iter().map(|event| Envelope::clone(&event)).collect()
}

fn check_limit(limit: usize) -> Result<()> {
    if limit == 0 || limit > READ_LIMIT {
        return Err(Error::Invalid(format!("a limit of {limit} is not between 1 and {READ_LIMIT}")));
    }
    Ok(())
}
