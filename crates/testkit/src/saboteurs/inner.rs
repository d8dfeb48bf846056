//! The good store behind a saboteur, whatever it is: its ports, as its harness opened them.

use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use portolan_kernel::{
    Advance, AggregateKey, ChangeSet, Checkpoint, Checkpoints, Clock, Committed, Deadline, DeadlineChange,
    Deadlines, Envelope, Epoch, Error, Expected, Journal, Loaded, Position, RecordedOutcome, Reset, Result,
    Selection, Status, SubscriptionId, Timestamp, Until, Version, WriteStore, check_expected,
};
use uuid::Uuid;

use super::grants::Grants;
use crate::WritePorts;

/// An open store. Clones are the same one.
#[derive(Clone)]
pub(super) struct Inner {
    pub(super) ports: WritePorts,
    /// The clock of whoever opened it.
    pub(super) clock: Arc<dyn Clock>,
    pub(super) place: Arc<Known>,
}

/// What is known of all stores that were opened at one place.
#[derive(Default)]
pub(super) struct Known {
    /// The clock of whoever opened one first: that of the store, where the clock of a test decides there at all.
    pub(super) clock: OnceLock<Arc<dyn Clock>>,
    pub(super) grants: Grants,
}

impl Inner {
    /// The time by the store's clock.
    pub(super) fn store_now(&self) -> Timestamp {
        self.place.clock.get_or_init(|| Arc::clone(&self.clock)).now()
    }

    /// What is there now, as an expectation.
    pub(super) async fn current(&self, key: AggregateKey) -> Result<Expected> {
        Ok(self.load(key).await?.map_or(Expected::Absent, |loaded| Expected::At(loaded.version)))
    }

    /// Looks whether a change set's expectations hold at this moment.
    pub(super) async fn check(&self, change_set: &ChangeSet) -> Result<()> {
        for change in &change_set.changes {
            let current = self.load(change.key).await?.map(|loaded| loaded.version);
            check_expected(change.key, change.expected, current, true)?;
        }
        Ok(())
    }

    fn deadlines(&self) -> Result<&Arc<dyn Deadlines>> {
        let unsupported = || Error::Unsupported("the store keeps no deadlines".to_owned());
        self.ports.deadlines.as_ref().ok_or_else(unsupported)
    }
}

#[async_trait]
impl WriteStore for Inner {
    async fn load(&self, key: AggregateKey) -> Result<Option<Loaded>> {
        self.ports.store.load(key).await
    }

    async fn select(&self, selection: Selection<'_>) -> Result<Vec<Loaded>> {
        self.ports.store.select(selection).await
    }

    async fn commit(&self, change_set: ChangeSet) -> Result<Committed> {
        self.ports.store.commit(change_set).await
    }

    async fn outcome(&self, command_id: Uuid) -> Result<Option<RecordedOutcome>> {
        self.ports.store.outcome(command_id).await
    }

    fn last_position(&self) -> Position {
        self.ports.store.last_position()
    }
}

#[async_trait]
impl Journal for Inner {
    async fn read(&self, after: Position, limit: usize) -> Result<Vec<Envelope>> {
        self.ports.journal.read(after, limit).await
    }

    async fn head(&self) -> Result<Position> {
        self.ports.journal.head().await
    }

    async fn history(
        &self,
        key: AggregateKey,
        after: Version,
        until: Until,
        limit: usize,
    ) -> Result<Vec<Envelope>> {
        self.ports.journal.history(key, after, until, limit).await
    }

    async fn changed(&self, after: Position) -> Result<Position> {
        self.ports.journal.changed(after).await
    }
}

#[async_trait]
impl Checkpoints for Inner {
    async fn get(&self, subscription: &SubscriptionId) -> Result<Option<Checkpoint>> {
        self.ports.checkpoints.get(subscription).await
    }

    async fn list(&self) -> Result<Vec<Checkpoint>> {
        self.ports.checkpoints.list().await
    }

    async fn initialise(&self, subscription: &SubscriptionId, at: Position) -> Result<()> {
        self.ports.checkpoints.initialise(subscription, at).await
    }

    async fn advance(&self, advance: &Advance) -> Result<()> {
        self.ports.checkpoints.advance(advance).await
    }

    async fn reset(&self, subscription: &SubscriptionId, reset: &Reset) -> Result<Position> {
        self.ports.checkpoints.reset(subscription, reset).await
    }

    async fn set_status(&self, subscription: &SubscriptionId, status: Status) -> Result<()> {
        self.ports.checkpoints.set_status(subscription, status).await
    }

    async fn stop(&self, subscription: &SubscriptionId, epoch: Epoch, reason: String) -> Result<()> {
        self.ports.checkpoints.stop(subscription, epoch, reason).await
    }
}

#[async_trait]
impl Deadlines for Inner {
    async fn apply(&self, advance: &Advance, changes: Vec<DeadlineChange>) -> Result<()> {
        self.deadlines()?.apply(advance, changes).await
    }

    async fn due(&self, process: &str, now: Timestamp, limit: usize) -> Result<Vec<Deadline>> {
        self.deadlines()?.due(process, now, limit).await
    }

    async fn next(&self, process: &str) -> Result<Option<Timestamp>> {
        self.deadlines()?.next(process).await
    }

    async fn complete(&self, deadline: &Deadline) -> Result<()> {
        self.deadlines()?.complete(deadline).await
    }
}
