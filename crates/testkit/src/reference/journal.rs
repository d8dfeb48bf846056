//! The journal: a vector of what was committed.

use async_trait::async_trait;
use portolan_kernel::{
    AggregateKey, Envelope, Error, Journal, Position, READ_BYTES, READ_LIMIT, Result, Until, Version,
};

use super::ReferenceStore;

#[async_trait]
impl Journal for ReferenceStore {
    async fn read(&self, after: Position, limit: usize) -> Result<Vec<Envelope>> {
        check_limit(limit)?;
        let contents = self.data.look();
        let rest = contents.journal.iter().filter(|event| event.position > after);
        let (mut events, mut bytes): (Vec<Envelope>, _) = (Vec::new(), 0);
        for event in rest {
            let ends_whole = events.last().is_none_or(|last| last.position == last.commit_position);
            if (events.len() >= limit || bytes >= READ_BYTES) && ends_whole {
                break;
            }
            bytes += event.bytes();
            events.push(event.clone());
        }
        Ok(events)
    }

    async fn head(&self) -> Result<Position> {
        Ok(self.data.look().head())
    }

    async fn history(
        &self,
        key: AggregateKey,
        after: Version,
        until: Until,
        limit: usize,
    ) -> Result<Vec<Envelope>> {
        check_limit(limit)?;
        let contents = self.data.look();
        let is_of =
            |event: &&Envelope| event.aggregate_id == key.id && event.aggregate_type == key.aggregate_type;
        let all: Vec<_> = contents.journal.iter().filter(is_of).collect();
        let last = match until {
            Until::Now => Version(u64::MAX),
            Until::Version(version) => version,
            Until::Time(time) => all
                .iter()
                .rfind(|event| event.occurred_at <= time)
                .map_or(Version::ZERO, |event| event.version),
        };
        let asked = all.into_iter().filter(|event| event.version > after && event.version <= last);
        let mut bytes = 0;
        let within = |event: &&Envelope| {
            let before = bytes;
            bytes += event.bytes();
            before < READ_BYTES
        };
        Ok(asked.take(limit).take_while(within).cloned().collect())
    }

    async fn changed(&self, after: Position) -> Result<Position> {
        let mut head = self.data.head.subscribe();
        let seen = head.wait_for(|head| *head > after).await;
        seen.map(|head| *head).map_err(|_| Error::Closed("the journal".to_owned()))
    }
}

fn check_limit(limit: usize) -> Result<()> {
    if limit == 0 || limit > READ_LIMIT {
        return Err(Error::Invalid(format!("a limit of {limit} is not between 1 and {READ_LIMIT}")));
    }
    Ok(())
}
