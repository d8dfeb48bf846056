//! What an adapter gives the kit so that the kit can try it.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use portolan_kernel::{
    ChangeSet, Checkpoints, Clock, Deadlines, Error, Journal, Leases, Position, Projection, ReadRepository,
    Registry, Reset, Result, SubscriptionId, WriteStore,
};

use crate::child::{self, Child};
use crate::counter::{CounterEvent, CounterView};
use crate::specimen::{Specimen, SpecimenEvent};
use crate::{Capabilities, ManualClock, Verdict};

/// A way to make and open stores of one kind for counters ([`counter::registry`](crate::counter::registry)).
///
/// Only [`place`](Self::place) and [`open`](Self::open) must be there; the rest is for capabilities.
#[async_trait]
pub trait WriteHarness: Send + Sync + 'static {
    /// What the stores promise.
    fn capabilities(&self) -> Capabilities {
        Capabilities::all()
    }

    /// What its stores are opened with: counters, unless it is for the contract of a sample.
    fn registry(&self) -> Registry {
        crate::counter::registry()
    }

    /// A new place for one store, with nothing in it.
    async fn place(&self) -> Result<Place>;

    /// Opens the store at this address, making it where the place is empty. The time is that of `clock`.
    async fn open(&self, address: &str, clock: Arc<dyn Clock>) -> Result<WritePorts>;

    /// Lets go of a store whose last handles these are; it can be opened again when this has ended.
    async fn close(&self, ports: WritePorts) -> Result<()> {
        drop(ports);
        Ok(())
    }

    /// What the adapter's own check of a store finds wrong: orphan rows, states that are not what their history
    /// makes of them. Nothing, where it has no such check.
    async fn findings(&self, _ports: &WritePorts) -> Result<Vec<String>> {
        Ok(Vec::new())
    }

    /// The records of how this checkpoint was moved back, oldest first: from where, and why.
    /// For [`Capability::ResetRecords`](crate::Capability::ResetRecords).
    async fn reset_records(
        &self,
        _ports: &WritePorts,
        _subscription: &SubscriptionId,
    ) -> Result<Vec<(Position, Reset)>> {
        Err(Error::Unsupported("this harness shows no records of resets".to_owned()))
    }

    /// Lets this much time pass by the clock that decides about leases. For
    /// [`Capability::LeaseTerm`](crate::Capability::LeaseTerm).
    ///
    /// Unless it is overridden, that is the clock that the test moves; a server's own clock has to be waited for.
    async fn pass(&self, clock: &ManualClock, time: Duration) {
        clock.advance(time);
    }

    /// Lets another writer of the store at this address write the journal rows of this change set, which begins
    /// aggregates, in a transaction that it does not end, as a program that hangs would: the next positions are its.
    /// [`raw::envelopes`](crate::contracts::raw::envelopes) says which rows. For
    /// [`Capability::Hold`](crate::Capability::Hold).
    async fn hold(&self, _address: &str, _change_set: &ChangeSet) -> Result<Holder> {
        Err(Error::Unsupported("this harness holds no transaction open".to_owned()))
    }

    /// How long a commit waits for a [`Holder`] that does nothing before it is answered: what the adapter declares.
    /// For [`Capability::Hold`](crate::Capability::Hold).
    fn patience(&self) -> Duration {
        Duration::from_secs(5)
    }

    /// What connections of the store at this address hold though nobody works: transactions that were not ended, locks.
    /// Nothing, where the harness cannot see.
    async fn left_open(&self, _address: &str) -> Result<Vec<String>> {
        Ok(Vec::new())
    }

    /// Lets another process work on the store at this address, kills it when it has told of `enough` results,
    /// and answers all that it told of. For [`Capability::Kill`](crate::Capability::Kill).
    ///
    /// Unless it is overridden, the running test is started once more as a child process and killed with
    /// `SIGKILL`.
    async fn kill_during(&self, child: &Child, enough: usize) -> Verdict<Vec<u64>> {
        child::run_and_kill(child, enough).await
    }
}

/// Where a store is, and what keeps it there: dropping this removes it.
pub struct Place {
    /// What [`WriteHarness::open`] takes: a path, a URL, a name.
    pub address: String,
    guard: Box<dyn Any + Send + Sync>,
}

impl Place {
    /// A place that is there for as long as `guard` lives.
    pub fn new(address: impl Into<String>, guard: impl Any + Send + Sync) -> Self {
        Self { address: address.into(), guard: Box::new(guard) }
    }
}

impl std::fmt::Debug for Place {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let _ = &self.guard;
        formatter.debug_tuple("Place").field(&self.address).finish()
    }
}

/// A transaction of another writer that has the next positions and has not ended. When it is dropped, its writer dies
/// with it.
pub struct Holder(Box<dyn FnOnce(Ending) -> Result<()> + Send>);

/// How a transaction ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// What it wrote is there.
    Commit,
    /// It never was.
    RollBack,
}

impl Holder {
    /// A transaction that this ends; where it is dropped in place of being called, so is the transaction.
    pub fn new(end: impl FnOnce(Ending) -> Result<()> + Send + 'static) -> Self {
        Self(Box::new(end))
    }

    /// Ends it.
    ///
    /// # Errors
    /// Why it could not end like this: it may have been ended from outside.
    pub fn end(self, ending: Ending) -> Result<()> {
        (self.0)(ending)
    }
}

impl std::fmt::Debug for Holder {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Holder")
    }
}

/// The ports of one open store.
#[derive(Clone)]
pub struct WritePorts {
    /// Where aggregates are kept.
    pub store: Arc<dyn WriteStore>,
    /// What happened to them.
    pub journal: Arc<dyn Journal>,
    /// How far its subscriptions are.
    pub checkpoints: Arc<dyn Checkpoints>,
    /// Who runs its subscriptions.
    pub leases: Arc<dyn Leases>,
    /// For [`Capability::Deadlines`](crate::Capability::Deadlines).
    pub deadlines: Option<Arc<dyn Deadlines>>,
    /// How often the store has looked for new commits by itself.
    /// For [`Capability::CountPolls`](crate::Capability::CountPolls).
    pub polls: Option<Polls>,
    /// The adapter's own handle, for its harness: what only it can show.
    pub own: Option<Arc<dyn Any + Send + Sync>>,
}

impl WritePorts {
    /// The ports of a store that implements them all.
    pub fn of<S: WriteStore + Journal + Checkpoints + Leases + Deadlines>(store: Arc<S>) -> Self {
        Self {
            store: Arc::clone(&store) as _,
            journal: Arc::clone(&store) as _,
            checkpoints: Arc::clone(&store) as _,
            leases: Arc::clone(&store) as _,
            deadlines: Some(Arc::clone(&store) as _),
            polls: None,
            own: Some(store),
        }
    }

    /// The adapter's own handle, where it is an `S`.
    #[must_use]
    pub fn own<S: Any + Send + Sync>(&self) -> Option<&S> {
        self.own.as_ref()?.downcast_ref()
    }
}

impl std::fmt::Debug for WritePorts {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("WritePorts")
    }
}

/// How often a store looks for new commits by itself.
#[derive(Clone)]
pub struct Polls {
    /// How often it has.
    pub count: Arc<dyn Fn() -> u64 + Send + Sync>,
    /// How often it declares to do so in a second, at the most.
    pub per_second: u64,
}

/// A way to make read models of one kind for counters, filled by a
/// [`CounterProjector`](crate::counter::CounterProjector).
#[async_trait]
pub trait ReadHarness: Send + Sync + 'static {
    /// What the models promise.
    fn capabilities(&self) -> Capabilities {
        Capabilities::all()
    }

    /// Two empty models with names of their own, in one place where the adapter keeps several in one.
    async fn models(&self) -> Result<[ReadModel; 2]>;

    /// An empty model of specimens, filled by a [`SpecimenProjector`](crate::specimen::SpecimenProjector).
    async fn specimens(&self) -> Result<ReadModel<Specimen, SpecimenEvent>>;
}

/// Both sides of one read model: of counters, unless it says otherwise.
pub struct ReadModel<V = CounterView, E = CounterEvent> {
    /// The side that answers.
    pub repository: Arc<dyn ReadRepository<V>>,
    /// The side that fills it.
    pub projection: Arc<dyn Projection<E>>,
}

impl<V, E> Clone for ReadModel<V, E> {
    fn clone(&self) -> Self {
        Self { repository: Arc::clone(&self.repository), projection: Arc::clone(&self.projection) }
    }
}

impl<V, E> std::fmt::Debug for ReadModel<V, E> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("ReadModel")
    }
}
