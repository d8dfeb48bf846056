//! Aggregates, with their journal and their commands' records: one commit, one lock.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use portolan_kernel::{
    AggregateKey, AnyState, Change, ChangeSet, Clock, Committed, Envelope, Error, Kept, Loaded, Origin,
    Position, RecordedOutcome, Registry, Result, Selection, Timestamp, Version, WriteStore, check_expected,
};
use uuid::Uuid;

use super::data::{Contents, Data};
use crate::{Ending, Holder};

/// How long a commit waits for another writer that holds the next positions.
pub(crate) const PATIENCE: Duration = Duration::from_secs(3);

/// A store in memory that does what its port says, one thing after another.
#[derive(Clone)]
pub struct ReferenceStore {
    pub(crate) data: Arc<Data>,
    pub(crate) registry: Registry,
    pub(crate) clock: Arc<dyn Clock>,
}

impl ReferenceStore {
    pub(super) fn on(data: Arc<Data>, registry: Registry, clock: Arc<dyn Clock>) -> Self {
        data.clock.get_or_init(|| Arc::clone(&clock));
        Self { data, registry, clock }
    }

    /// The time by the store's clock, which decides about leases: that of whoever opened it first.
    pub(crate) fn store_now(&self) -> Timestamp {
        self.data.clock.get_or_init(|| Arc::clone(&self.clock)).now()
    }
}

impl std::fmt::Debug for ReferenceStore {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("ReferenceStore").field(&self.data).finish()
    }
}

#[async_trait]
impl WriteStore for ReferenceStore {
    async fn load(&self, key: AggregateKey) -> Result<Option<Loaded>> {
        self.registry.get(key.aggregate_type)?;
        let contents = self.data.look();
        Ok(contents.present(key).map(|(version, state)| loaded(key.id, version, state)))
    }

    async fn select(&self, selection: Selection<'_>) -> Result<Vec<Loaded>> {
        self.registry.get(selection.aggregate_type)?;
        let contents = self.data.look();
        // It does not narrow: the caller tests each.
        let _: &(dyn Any + Send + Sync) = selection.criteria;
        let of_type =
            contents.aggregates.iter().filter(|(key, _)| key.aggregate_type == selection.aggregate_type);
        let beyond = of_type.filter(|(key, _)| selection.after.is_none_or(|after| key.id > after));
        let present =
            beyond.filter_map(|(key, (version, state))| Some(loaded(key.id, *version, state.as_ref()?)));
        Ok(present.take(selection.limit).collect())
    }

    async fn commit(&self, change_set: ChangeSet) -> Result<Committed> {
        for change in &change_set.changes {
            self.registry.get(change.key.aggregate_type)?;
        }
        let now = self.clock.now();
        // Others run in between, as they do round every store that does I/O.
        tokio::task::yield_now().await;
        let turn = Arc::clone(&self.data.turn).acquire_owned();
        let Ok(Ok(_turn)) = tokio::time::timeout(PATIENCE, turn).await else {
            return Err(Error::unavailable("another writer holds the next positions"));
        };
        self.commit_now(&change_set, now)
    }

    async fn outcome(&self, command_id: Uuid) -> Result<Option<RecordedOutcome>> {
        Ok(self.data.look().outcome(command_id, self.clock.now()).cloned())
    }

    fn last_position(&self) -> Position {
        self.data.look().head()
    }
}

impl ReferenceStore {
    /// Commits, whoever holds the turn.
    pub(crate) fn commit_now(&self, change_set: &ChangeSet, now: Timestamp) -> Result<Committed> {
        self.data.transaction(|contents| {
            if let Some(recorded) = contents.outcome(change_set.command_id, now) {
                return Ok(Committed::repeated(change_set, recorded));
            }
            contents.check(change_set)?;
            let versions = contents.write(change_set, now);
            let outcome = change_set.outcome(&versions, contents.head());
            if let Some(idempotency) = change_set.idempotency {
                let recorded =
                    RecordedOutcome { fingerprint: idempotency.fingerprint.0, outcome: outcome.clone() };
                contents.outcomes.insert(change_set.command_id, (recorded, idempotency.kept));
            }
            Ok(Committed::Done { outcome, versions })
        })
    }

    /// Lets another writer have the turn, with this written and not committed.
    pub(crate) async fn hold(&self, change_set: &ChangeSet) -> Result<Holder> {
        let turn = Arc::clone(&self.data.turn).acquire_owned().await;
        let turn = turn.map_err(|_| Error::Closed("the reference store".to_owned()))?;
        let (store, change_set) = (self.clone(), change_set.clone());
        Ok(Holder::new(move |ending| {
            let _turn = turn;
            match ending {
                Ending::Commit => store.commit_now(&change_set, change_set.occurred_at).map(drop),
                Ending::RollBack => Ok(()),
            }
        }))
    }
}

impl Contents {
    pub(crate) fn present(&self, key: AggregateKey) -> Option<(Version, &AnyState)> {
        let (version, state) = self.aggregates.get(&key)?;
        Some((*version, state.as_ref()?))
    }

    /// The record of a command whose time is not over.
    fn outcome(&self, command_id: Uuid, now: portolan_kernel::Timestamp) -> Option<&RecordedOutcome> {
        let (recorded, kept) = self.outcomes.get(&command_id)?;
        match kept {
            Kept::Until(until) if *until <= now => None,
            _ => Some(recorded),
        }
    }

    /// Everything that can be wrong with a change set.
    pub(crate) fn check(&self, change_set: &ChangeSet) -> Result<()> {
        for change in &change_set.changes {
            let current = self.present(change.key).map(|(version, _)| version);
            check_expected(change.key, change.expected, current, true)?;
            let mut ids = change.events.iter().map(|event| event.event_id);
            if let Some(id) = ids.find(|id| self.event_ids.contains(id)) {
                return Err(Error::AlreadyExists(format!("the event {id}")));
            }
        }
        for (key, expected) in &change_set.reads {
            let current = self.present(*key).map(|(version, _)| version);
            check_expected(*key, *expected, current, false)?;
        }
        Ok(())
    }

    /// Writes what was checked; answers the version that each change led to.
    pub(crate) fn write(&mut self, change_set: &ChangeSet, now: portolan_kernel::Timestamp) -> Vec<Version> {
        let count: usize = change_set.changes.iter().map(|change| change.events.len()).sum();
        let commit_position = self.head().plus(count as u64);
        let changes = change_set.changes.iter();
        changes.map(|change| self.write_change(change_set, change, commit_position, now)).collect()
    }

    fn write_change(
        &mut self,
        change_set: &ChangeSet,
        change: &Change,
        commit_position: Position,
        recorded_at: portolan_kernel::Timestamp,
    ) -> Version {
        let before = self.aggregates.get(&change.key).map_or(Version::ZERO, |(version, _)| *version);
        for (index, event) in change.events.iter().enumerate() {
            self.event_ids.insert(event.event_id);
            self.journal.push(Envelope {
                position: self.head().plus(1),
                commit_position,
                event_id: event.event_id,
                aggregate_type: change.key.aggregate_type.to_owned(),
                aggregate_id: change.key.id,
                version: before.plus(index as u64 + 1),
                event_type: event.event_type.to_owned(),
                schema_version: event.schema_version,
                payload: event.payload.clone(),
                metadata: change_set.metadata.to_string(),
                occurred_at: change_set.occurred_at,
                recorded_at,
            });
        }
        let version = change.version_after(before);
        self.aggregates.insert(change.key, (version, change.state.clone()));
        version
    }
}

fn loaded(id: Uuid, version: Version, state: &AnyState) -> Loaded {
    Loaded { id, version, state: Arc::clone(state), origin: Origin::Stored }
}
