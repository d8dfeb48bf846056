//! The decorator that all saboteurs share: every call of every port goes through a [`Tamper`].

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use portolan_kernel::{
    Advance, AggregateKey, ChangeSet, Checkpoint, Checkpoints, Claim, Committed, Deadline, DeadlineChange,
    Deadlines, Envelope, Epoch, Journal, Lease, Leases, Loaded, Position, RecordedOutcome, Reset, Result,
    Selection, Status, SubscriptionId, Timestamp, Until, Version, WriteStore,
};
use uuid::Uuid;

use super::inner::Inner;
use crate::{Holder, WriteHarness};

/// What a saboteur does to the calls: nothing, unless it overrides. All stores that are opened at one place share it.
#[async_trait]
pub(super) trait Tamper: Send + Sync + 'static {
    /// Where a store that is asked for at this address is really opened.
    async fn address(&self, _harness: &dyn WriteHarness, asked: &str) -> Result<String> {
        Ok(asked.to_owned())
    }

    /// A store is opened at its place.
    fn opened(&self) {}

    /// A store at its place is closed in good order, which a kill does not do.
    fn closed(&self) {}

    /// How often it looks for commits by itself, beside the store.
    fn polls(&self) -> u64 {
        0
    }

    async fn load(&self, inner: &Inner, key: AggregateKey) -> Result<Option<Loaded>> {
        inner.load(key).await
    }

    async fn select(&self, inner: &Inner, selection: Selection<'_>) -> Result<Vec<Loaded>> {
        inner.select(selection).await
    }

    async fn commit(&self, inner: &Inner, change_set: ChangeSet) -> Result<Committed> {
        inner.commit(change_set).await
    }

    /// What becomes of another writer that holds what is to be written.
    fn hold(&self, holder: Holder, _held: &ChangeSet) -> Holder {
        holder
    }

    /// What is shown of the records of a checkpoint that was moved back.
    fn reset_records(&self, records: Vec<(Position, Reset)>) -> Vec<(Position, Reset)> {
        records
    }

    async fn outcome(&self, inner: &Inner, command_id: Uuid) -> Result<Option<RecordedOutcome>> {
        inner.outcome(command_id).await
    }

    async fn read(&self, inner: &Inner, after: Position, limit: usize) -> Result<Vec<Envelope>> {
        inner.read(after, limit).await
    }

    async fn history(
        &self,
        inner: &Inner,
        key: AggregateKey,
        after: Version,
        until: Until,
        limit: usize,
    ) -> Result<Vec<Envelope>> {
        inner.history(key, after, until, limit).await
    }

    async fn head(&self, inner: &Inner) -> Result<Position> {
        inner.head().await
    }

    async fn changed(&self, inner: &Inner, after: Position) -> Result<Position> {
        inner.changed(after).await
    }

    async fn get(&self, inner: &Inner, subscription: &SubscriptionId) -> Result<Option<Checkpoint>> {
        inner.get(subscription).await
    }

    async fn initialise(&self, inner: &Inner, subscription: &SubscriptionId, at: Position) -> Result<()> {
        inner.initialise(subscription, at).await
    }

    async fn advance(&self, inner: &Inner, advance: &Advance) -> Result<()> {
        inner.advance(advance).await
    }

    async fn reset(&self, inner: &Inner, subscription: &SubscriptionId, reset: &Reset) -> Result<Position> {
        inner.reset(subscription, reset).await
    }

    async fn set_status(&self, inner: &Inner, subscription: &SubscriptionId, status: Status) -> Result<()> {
        inner.set_status(subscription, status).await
    }

    async fn stop(
        &self,
        inner: &Inner,
        subscription: &SubscriptionId,
        epoch: Epoch,
        reason: String,
    ) -> Result<()> {
        inner.stop(subscription, epoch, reason).await
    }

    async fn apply(&self, inner: &Inner, advance: &Advance, changes: Vec<DeadlineChange>) -> Result<()> {
        inner.apply(advance, changes).await
    }

    async fn claim(&self, inner: &Inner, subscription: &SubscriptionId) -> Result<Claim> {
        inner.claim(subscription).await
    }

    async fn extend(&self, inner: &Inner, lease: &Lease) -> Result<()> {
        inner.extend(lease).await
    }

    async fn release(&self, inner: &Inner, lease: Lease) -> Result<()> {
        inner.release(lease).await
    }

    async fn due(&self, inner: &Inner, process: &str, now: Timestamp, limit: usize) -> Result<Vec<Deadline>> {
        inner.due(process, now, limit).await
    }
}

/// A good store in the hands of a saboteur.
pub(super) struct Tampered {
    pub(super) inner: Inner,
    pub(super) tamper: Arc<dyn Tamper>,
}

#[async_trait]
impl WriteStore for Tampered {
    async fn load(&self, key: AggregateKey) -> Result<Option<Loaded>> {
        self.tamper.load(&self.inner, key).await
    }

    async fn select(&self, selection: Selection<'_>) -> Result<Vec<Loaded>> {
        self.tamper.select(&self.inner, selection).await
    }

    async fn commit(&self, change_set: ChangeSet) -> Result<Committed> {
        self.tamper.commit(&self.inner, change_set).await
    }

    async fn outcome(&self, command_id: Uuid) -> Result<Option<RecordedOutcome>> {
        self.tamper.outcome(&self.inner, command_id).await
    }

    fn last_position(&self) -> Position {
        self.inner.last_position()
    }
}

#[async_trait]
impl Journal for Tampered {
    async fn read(&self, after: Position, limit: usize) -> Result<Vec<Envelope>> {
        self.tamper.read(&self.inner, after, limit).await
    }

    async fn head(&self) -> Result<Position> {
        self.tamper.head(&self.inner).await
    }

    async fn history(
        &self,
        key: AggregateKey,
        after: Version,
        until: Until,
        limit: usize,
    ) -> Result<Vec<Envelope>> {
        self.tamper.history(&self.inner, key, after, until, limit).await
    }

    async fn changed(&self, after: Position) -> Result<Position> {
        self.tamper.changed(&self.inner, after).await
    }
}

#[async_trait]
impl Checkpoints for Tampered {
    async fn get(&self, subscription: &SubscriptionId) -> Result<Option<Checkpoint>> {
        self.tamper.get(&self.inner, subscription).await
    }

    async fn list(&self) -> Result<Vec<Checkpoint>> {
        self.inner.list().await
    }

    async fn initialise(&self, subscription: &SubscriptionId, at: Position) -> Result<()> {
        self.tamper.initialise(&self.inner, subscription, at).await
    }

    async fn advance(&self, advance: &Advance) -> Result<()> {
        self.tamper.advance(&self.inner, advance).await
    }

    async fn reset(&self, subscription: &SubscriptionId, reset: &Reset) -> Result<Position> {
        self.tamper.reset(&self.inner, subscription, reset).await
    }

    async fn set_status(&self, subscription: &SubscriptionId, status: Status) -> Result<()> {
        self.tamper.set_status(&self.inner, subscription, status).await
    }

    async fn stop(&self, subscription: &SubscriptionId, epoch: Epoch, reason: String) -> Result<()> {
        self.tamper.stop(&self.inner, subscription, epoch, reason).await
    }
}

#[async_trait]
impl Leases for Tampered {
    async fn claim(&self, subscription: &SubscriptionId) -> Result<Claim> {
        self.tamper.claim(&self.inner, subscription).await
    }

    async fn extend(&self, lease: &Lease) -> Result<()> {
        self.tamper.extend(&self.inner, lease).await
    }

    async fn release(&self, lease: Lease) -> Result<()> {
        self.tamper.release(&self.inner, lease).await
    }

    fn term(&self) -> Option<Duration> {
        self.inner.term()
    }
}

#[async_trait]
impl Deadlines for Tampered {
    async fn apply(&self, advance: &Advance, changes: Vec<DeadlineChange>) -> Result<()> {
        self.tamper.apply(&self.inner, advance, changes).await
    }

    async fn due(&self, process: &str, now: Timestamp, limit: usize) -> Result<Vec<Deadline>> {
        self.tamper.due(&self.inner, process, now, limit).await
    }

    async fn next(&self, process: &str) -> Result<Option<Timestamp>> {
        self.inner.next(process).await
    }

    async fn complete(&self, deadline: &Deadline) -> Result<()> {
        self.inner.complete(deadline).await
    }
}

/// Lets others run, often and for long enough that a race is lost wherever one can be, over a store that does I/O too.
pub(super) async fn others_run() {
    for _ in 0..8 {
        tokio::task::yield_now().await;
    }
    tokio::time::sleep(Duration::from_millis(1)).await;
}
