//! A write store that can be exchanged for its copy while everything goes on.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use portolan_kernel::{
    Advance, AggregateKey, ChangeSet, Checkpoint, Checkpoints, Claim, Committed, Deadline, DeadlineChange,
    Deadlines, Envelope, Epoch, Error, Journal, Lease, Leases, Loaded, Position, RecordedOutcome, Reset,
    Result, Selection, Status, SubscriptionId, Timestamp, Until, Version, Watcher, WriteStore,
};
use tokio::sync::watch;
use uuid::Uuid;

/// Every port of a write store that a running service uses.
#[derive(Clone)]
pub struct StorePorts {
    /// Aggregates.
    pub store: Arc<dyn WriteStore>,
    /// Events.
    pub journal: Arc<dyn Journal>,
    /// How far shared subscriptions are.
    pub checkpoints: Arc<dyn Checkpoints>,
    /// Who runs them.
    pub leases: Arc<dyn Leases>,
    /// When something is to happen.
    pub deadlines: Arc<dyn Deadlines>,
}

/// One store behind all its ports, until it is [exchanged](Self::switch) for another with the same content.
///
/// # Behaviour
/// - What was begun on the former store ends there; what is begun later goes to the new one. Nobody waits for an exchange.
/// - Whoever waits for the journal goes on waiting for the new one's: positions are the same.
/// - A lease of the former store has [ended](Leases::ended), is fenced, and is given back where it came from.
///
/// It costs a call one look at each former store.
#[derive(Clone)]
pub struct Switchable(Arc<Inner>);

struct Inner {
    first: Stage,
    switched: watch::Sender<usize>,
    /// Who is told by every store what other processes commit to it.
    watchers: Mutex<Vec<Arc<dyn Watcher>>>,
}

/// A store, and what it was exchanged for. Former ones stay, for who is still at them: there are few.
struct Stage {
    ports: StorePorts,
    next: OnceLock<Box<Stage>>,
}

/// What a lease of some stage is held by.
struct Held {
    stage: usize,
    lease: Lease,
}

impl Switchable {
    /// This store, for now.
    #[must_use]
    pub fn new(ports: StorePorts) -> Self {
        let first = Stage { ports, next: OnceLock::new() };
        let (switched, watchers) = (watch::Sender::new(0), Mutex::default());
        Self(Arc::new(Inner { first, switched, watchers }))
    }

    /// Goes on with this store, which has all that the present one has.
    pub fn switch(&self, ports: StorePorts) {
        let watchers = self.watchers();
        watchers.iter().for_each(|watcher| ports.store.watched_by(Arc::clone(watcher)));
        let mut stage = Box::new(Stage { ports, next: OnceLock::new() });
        let mut last = &self.0.first;
        loop {
            match last.next.set(stage) {
                Ok(()) => break,
                Err(back) => stage = back,
            }
            // Somebody was faster: behind that one.
            if let Some(next) = last.next.get() {
                last = next;
            }
        }
        self.0.switched.send_modify(|stages| *stages += 1);
    }

    fn watchers(&self) -> MutexGuard<'_, Vec<Arc<dyn Watcher>>> {
        self.0.watchers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The present store, and how many there were before.
    fn present(&self) -> (&StorePorts, usize) {
        let (mut stage, mut number) = (&self.0.first, 0);
        while let Some(next) = stage.next.get() {
            (stage, number) = (next, number + 1);
        }
        (&stage.ports, number)
    }

    fn now(&self) -> &StorePorts {
        self.present().0
    }

    fn at(&self, number: usize) -> &StorePorts {
        let mut stage = &self.0.first;
        for _ in 0..number {
            if let Some(next) = stage.next.get() {
                stage = next;
            }
        }
        &stage.ports
    }

    /// Waits until there is another store than the one of this number.
    async fn is_past(&self, number: usize) {
        // The sender is held here, so that it is not gone.
        let _ = self.0.switched.subscribe().wait_for(|stages| *stages > number).await;
    }
}

impl fmt::Debug for Switchable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Switchable(after {} others)", self.present().1)
    }
}

#[async_trait]
impl WriteStore for Switchable {
    async fn load(&self, key: AggregateKey) -> Result<Option<Loaded>> {
        self.now().store.load(key).await
    }

    async fn select(&self, selection: Selection<'_>) -> Result<Vec<Loaded>> {
        self.now().store.select(selection).await
    }

    async fn commit(&self, change_set: ChangeSet) -> Result<Committed> {
        self.now().store.commit(change_set).await
    }

    async fn outcome(&self, command_id: Uuid) -> Result<Option<RecordedOutcome>> {
        self.now().store.outcome(command_id).await
    }

    fn forget(&self, key: AggregateKey) {
        self.now().store.forget(key);
    }

    fn last_position(&self) -> Position {
        self.now().store.last_position()
    }

    fn takes_followers(&self) -> bool {
        self.now().store.takes_followers()
    }

    fn tells_submitted(&self, key: AggregateKey) -> bool {
        self.now().store.tells_submitted(key)
    }

    fn watched_by(&self, watcher: Arc<dyn Watcher>) {
        let mut watchers = self.watchers();
        watchers.push(Arc::clone(&watcher));
        self.now().store.watched_by(watcher);
    }
}

#[async_trait]
impl Journal for Switchable {
    async fn read(&self, after: Position, limit: usize) -> Result<Vec<Envelope>> {
        self.now().journal.read(after, limit).await
    }

    async fn head(&self) -> Result<Position> {
        self.now().journal.head().await
    }

    async fn history(
        &self,
        key: AggregateKey,
        after: Version,
        until: Until,
        limit: usize,
    ) -> Result<Vec<Envelope>> {
        self.now().journal.history(key, after, until, limit).await
    }

    async fn changed(&self, after: Position) -> Result<Position> {
        loop {
            let (ports, number) = self.present();
            tokio::select! {
                changed = ports.journal.changed(after) => return changed,
                () = self.is_past(number) => {}
            }
        }
    }
}

#[async_trait]
impl Checkpoints for Switchable {
    async fn get(&self, subscription: &SubscriptionId) -> Result<Option<Checkpoint>> {
        self.now().checkpoints.get(subscription).await
    }

    async fn list(&self) -> Result<Vec<Checkpoint>> {
        self.now().checkpoints.list().await
    }

    async fn initialise(&self, subscription: &SubscriptionId, at: Position) -> Result<()> {
        self.now().checkpoints.initialise(subscription, at).await
    }

    async fn advance(&self, advance: &Advance) -> Result<()> {
        self.now().checkpoints.advance(advance).await
    }

    async fn reset(&self, subscription: &SubscriptionId, reset: &Reset) -> Result<Position> {
        self.now().checkpoints.reset(subscription, reset).await
    }

    async fn set_status(&self, subscription: &SubscriptionId, status: Status) -> Result<()> {
        self.now().checkpoints.set_status(subscription, status).await
    }

    async fn stop(&self, subscription: &SubscriptionId, epoch: Epoch, reason: String) -> Result<()> {
        self.now().checkpoints.stop(subscription, epoch, reason).await
    }
}

#[async_trait]
impl Leases for Switchable {
    async fn claim(&self, subscription: &SubscriptionId) -> Result<Claim> {
        let (ports, stage) = self.present();
        Ok(match ports.leases.claim(subscription).await? {
            Claim::Granted(lease) => {
                let epoch = lease.epoch();
                Claim::Granted(Lease::guarded(subscription.clone(), epoch, Held { stage, lease }))
            }
            taken @ Claim::Taken { .. } => taken,
        })
    }

    async fn extend(&self, lease: &Lease) -> Result<()> {
        let (ports, number) = self.present();
        match lease.guard::<Held>() {
            Some(held) if held.stage == number => ports.leases.extend(&held.lease).await,
            _ => Err(Error::Fenced(format!("the subscription {}", lease.subscription()))),
        }
    }

    async fn release(&self, lease: Lease) -> Result<()> {
        match lease.into_guard::<Held>() {
            Some(held) => self.at(held.stage).leases.release(held.lease).await,
            None => Ok(()),
        }
    }

    async fn ended(&self, lease: &Lease) {
        match lease.guard::<Held>() {
            Some(held) => self.is_past(held.stage).await,
            None => std::future::pending().await,
        }
    }

    fn term(&self) -> Option<Duration> {
        self.now().leases.term()
    }
}

#[async_trait]
impl Deadlines for Switchable {
    async fn apply(&self, step: &Advance, changes: Vec<DeadlineChange>) -> Result<()> {
        self.now().deadlines.apply(step, changes).await
    }

    async fn due(&self, process: &str, now: Timestamp, limit: usize) -> Result<Vec<Deadline>> {
        self.now().deadlines.due(process, now, limit).await
    }

    async fn next(&self, process: &str) -> Result<Option<Timestamp>> {
        self.now().deadlines.next(process).await
    }

    async fn complete(&self, deadline: &Deadline) -> Result<()> {
        self.now().deadlines.complete(deadline).await
    }
}
