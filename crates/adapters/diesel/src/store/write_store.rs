//! The write store's port.

use std::sync::Arc;

use async_trait::async_trait;
use portolan_kernel::{
    AggregateKey, ChangeSet, Committed, Error, Loaded, Origin, Position, RecordedOutcome, Result, Selection,
    Watcher, WriteStore, check_expected,
};
use uuid::Uuid;

use super::heads::Newest;
use super::mapper::StoredAny;
use super::{Config, Conn, Fault, Store, commands, engine, heads, moved};

#[async_trait]
impl WriteStore for Store {
    async fn load(&self, key: AggregateKey) -> Result<Option<Loaded>> {
        self.0.keeping.known(key.aggregate_type)?;
        let keeping = Arc::clone(&self.0.keeping);
        let load = move |conn: &mut Conn| {
            Ok(engine::snapshot(conn, |conn| keeping.load(conn, key.aggregate_type, &[key.id]))?.pop())
        };
        Ok(self.read_with(load).await?.map(loaded))
    }

    async fn select(&self, selection: Selection<'_>) -> Result<Vec<Loaded>> {
        self.0.keeping.known(selection.aggregate_type)?;
        let (keeping, aggregate_type) = (Arc::clone(&self.0.keeping), selection.aggregate_type);
        let (after, limit) = (selection.after, selection.limit);
        let page = self
            .read_with(move |conn| {
                engine::snapshot(conn, |conn| keeping.page(conn, aggregate_type, after, limit))
            })
            .await?;
        Ok(page.into_iter().map(loaded).collect())
    }

    async fn commit(&self, change_set: ChangeSet) -> Result<Committed> {
        if let Some(empty) = change_set.changes.iter().find(|change| change.events.is_empty()) {
            return Err(Error::Invalid(format!("a change of {} came without events", empty.key)));
        }
        for change in &change_set.changes {
            self.0.keeping.known(change.key.aggregate_type)?;
        }
        if change_set.is_read_only() {
            let (now, config) = (self.0.clock.now(), self.0.config.clone());
            return self
                .read_with(move |conn| engine::snapshot(conn, |conn| check(conn, &change_set, now, &config)))
                .await;
        }
        self.queue()?.commit(change_set).await
    }

    async fn outcome(&self, command_id: Uuid) -> Result<Option<RecordedOutcome>> {
        let now = self.0.clock.now();
        self.read_with(move |conn| commands::look_up(conn, command_id, now)).await
    }

    fn takes_followers(&self) -> bool {
        true
    }

    fn watched_by(&self, watcher: Arc<dyn Watcher>) {
        self.known_head().watched_by(watcher);
    }

    fn last_position(&self) -> Position {
        self.known_head().get()
    }
}

fn loaded(stored: StoredAny) -> Loaded {
    Loaded { id: stored.id, version: stored.version, state: stored.state, origin: Origin::Stored }
}

/// A change set that writes nothing is checked where others read.
fn check(
    conn: &mut Conn,
    change_set: &ChangeSet,
    now: portolan_kernel::Timestamp,
    config: &Config,
) -> Result<Committed, Fault> {
    if let Some(recorded) = commands::look_up(conn, change_set.command_id, now)? {
        return Ok(Committed::repeated(change_set, &recorded));
    }
    for (key, expected) in change_set.expectations() {
        let current = heads::look_up(conn, key)?.and_then(Newest::live_version);
        check_expected(key, expected, current, false)?;
    }
    let (last, moved) = moved::standing(conn)?;
    if let Some(moved) = moved {
        return Err(moved.refusal(&config.location).into());
    }
    let outcome = change_set.outcome(&[], last);
    Ok(Committed::Done { outcome, versions: Vec::new() })
}
