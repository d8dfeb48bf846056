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

use crate::Holder;
use crate::reference::ReferenceStore;

/// The command id whose outcome is asked for when a sabotaged store is closed in good order.
pub(super) const CLOSING: Uuid = Uuid::max();

/// What a saboteur does to the calls: nothing, unless it overrides.
#[async_trait]
pub(super) trait Tamper: Send + Sync + 'static {
    fn open(&self, store: ReferenceStore) -> ReferenceStore {
        store
    }

    fn polls(&self) -> u64 {
        0
    }

    async fn load(&self, inner: &ReferenceStore, key: AggregateKey) -> Result<Option<Loaded>> {
        inner.load(key).await
    }

    async fn select(&self, inner: &ReferenceStore, selection: Selection<'_>) -> Result<Vec<Loaded>> {
        inner.select(selection).await
    }

    async fn commit(&self, inner: &ReferenceStore, change_set: ChangeSet) -> Result<Committed> {
        inner.commit(change_set).await
    }

    async fn hold(&self, inner: &ReferenceStore, change_set: &ChangeSet) -> Result<Holder> {
        inner.hold(change_set).await
    }

    async fn outcome(&self, inner: &ReferenceStore, command_id: Uuid) -> Result<Option<RecordedOutcome>> {
        inner.outcome(command_id).await
    }

    async fn read(&self, inner: &ReferenceStore, after: Position, limit: usize) -> Result<Vec<Envelope>> {
        inner.read(after, limit).await
    }

    async fn history(
        &self,
        inner: &ReferenceStore,
        key: AggregateKey,
        after: Version,
        until: Until,
        limit: usize,
    ) -> Result<Vec<Envelope>> {
        inner.history(key, after, until, limit).await
    }

    async fn changed(&self, inner: &ReferenceStore, after: Position) -> Result<Position> {
        inner.changed(after).await
    }

    async fn get(&self, inner: &ReferenceStore, subscription: &SubscriptionId) -> Result<Option<Checkpoint>> {
        inner.get(subscription).await
    }

    async fn initialise(
        &self,
        inner: &ReferenceStore,
        subscription: &SubscriptionId,
        at: Position,
    ) -> Result<()> {
        inner.initialise(subscription, at).await
    }

    async fn advance(&self, inner: &ReferenceStore, advance: &Advance) -> Result<()> {
        inner.advance(advance).await
    }

    async fn reset(
        &self,
        inner: &ReferenceStore,
        subscription: &SubscriptionId,
        reset: &Reset,
    ) -> Result<Position> {
        inner.reset(subscription, reset).await
    }

    async fn set_status(
        &self,
        inner: &ReferenceStore,
        subscription: &SubscriptionId,
        status: Status,
    ) -> Result<()> {
        inner.set_status(subscription, status).await
    }

    async fn stop(
        &self,
        inner: &ReferenceStore,
        subscription: &SubscriptionId,
        epoch: Epoch,
        reason: String,
    ) -> Result<()> {
        inner.stop(subscription, epoch, reason).await
    }

    async fn apply(
        &self,
        inner: &ReferenceStore,
        advance: &Advance,
        changes: Vec<DeadlineChange>,
    ) -> Result<()> {
        inner.apply(advance, changes).await
    }

    async fn claim(&self, inner: &ReferenceStore, subscription: &SubscriptionId) -> Result<Claim> {
        inner.claim(subscription).await
    }

    async fn extend(&self, inner: &ReferenceStore, lease: &Lease) -> Result<()> {
        inner.extend(lease).await
    }

    async fn release(&self, inner: &ReferenceStore, lease: Lease) -> Result<()> {
        inner.release(lease).await
    }

    async fn due(
        &self,
        inner: &ReferenceStore,
        process: &str,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<Deadline>> {
        inner.due(process, now, limit).await
    }
}

/// A good store in the hands of a saboteur.
pub(super) struct Tampered {
    pub(super) inner: ReferenceStore,
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
        self.inner.head().await
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

/// Lets others run, often enough that a race is lost wherever one can be.
pub(super) async fn others_run() {
    for _ in 0..8 {
        tokio::task::yield_now().await;
    }
}
