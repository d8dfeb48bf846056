//! What the clauses of a write store work on: one store at one place, with a clock and ids of its own.

use std::sync::Arc;

use portolan_kernel::{
    AggregateKey, ChangeSet, Checkpoints, Context, Deadlines, Envelope, Fingerprint, Handle, IdSource,
    Journal, Kept, Leases, Position, Receipt, UnitOfWork, Until, Version, WriteSide, WriteStore,
};
use uuid::Uuid;

use crate::child::Child;
use crate::counter::{Counter, CounterId, Event};
use crate::{
    Breach, Capability, Holder, ManualClock, OrBreach, Place, SequentialIds, Verdict, WriteHarness,
    WritePorts,
};

/// A new, open store for one clause.
pub struct Subject {
    harness: Arc<dyn WriteHarness>,
    place: Arc<Place>,
    clock: ManualClock,
    ids: Arc<SequentialIds>,
    ports: Option<WritePorts>,
    clause: String,
    effort: Effort,
    children: u16,
}

/// How much work a clause about load makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effort {
    /// As much as the clause says.
    Full,
    /// A twentieth: enough to see a saboteur.
    Small,
}

impl Effort {
    /// This many, or a twentieth.
    #[must_use]
    pub const fn of(self, count: usize) -> usize {
        match self {
            Self::Full => count,
            Self::Small => count.div_ceil(20),
        }
    }
}

impl Subject {
    pub(crate) async fn new(harness: Arc<dyn WriteHarness>, clause: String, effort: Effort) -> Verdict<Self> {
        let place = Arc::new(harness.place().await?);
        let clock = ManualClock::default();
        let ids = Arc::new(SequentialIds::new(0));
        let ports = Some(harness.open(&place.address, Arc::new(clock.clone())).await?);
        Ok(Self { harness, place, clock, ids, ports, clause, effort, children: 0 })
    }

    /// The store in a child process, as another process left it.
    pub(crate) async fn in_child(
        harness: Arc<dyn WriteHarness>,
        address: &str,
        series: u16,
    ) -> Verdict<Self> {
        let place = Arc::new(Place::new(address, ()));
        let clock = ManualClock::default();
        let ids = Arc::new(SequentialIds::new(series));
        let ports = Some(harness.open(address, Arc::new(clock.clone())).await?);
        Ok(Self {
            harness,
            place,
            clock,
            ids,
            ports,
            clause: String::new(),
            effort: Effort::Full,
            children: 0,
        })
    }

    /// The clock of the store and of the commands.
    #[must_use]
    pub const fn clock(&self) -> &ManualClock {
        &self.clock
    }

    /// New ids.
    #[must_use]
    pub fn next_id(&self) -> Uuid {
        self.ids.next_id()
    }

    /// Where the store is.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.place.address
    }

    /// How much work to make of `count`.
    #[must_use]
    pub const fn effort(&self, count: usize) -> usize {
        self.effort.of(count)
    }

    /// The ports of the open store.
    ///
    /// # Errors
    /// A breach where the last reopening failed.
    pub fn ports(&self) -> Verdict<&WritePorts> {
        self.ports.as_ref().or_breach("an open store")
    }

    /// The store.
    ///
    /// # Errors
    /// As [`ports`](Self::ports); so with the other ports.
    pub fn store(&self) -> Verdict<Arc<dyn WriteStore>> {
        Ok(Arc::clone(&self.ports()?.store))
    }

    /// The journal.
    ///
    /// # Errors
    /// As [`ports`](Self::ports).
    pub fn journal(&self) -> Verdict<Arc<dyn Journal>> {
        Ok(Arc::clone(&self.ports()?.journal))
    }

    /// The checkpoints.
    ///
    /// # Errors
    /// As [`ports`](Self::ports).
    pub fn checkpoints(&self) -> Verdict<Arc<dyn Checkpoints>> {
        Ok(Arc::clone(&self.ports()?.checkpoints))
    }

    /// The leases.
    ///
    /// # Errors
    /// As [`ports`](Self::ports).
    pub fn leases(&self) -> Verdict<Arc<dyn Leases>> {
        Ok(Arc::clone(&self.ports()?.leases))
    }

    /// The deadlines.
    ///
    /// # Errors
    /// A breach where the adapter promised to keep them and gives no port.
    pub fn deadlines(&self) -> Verdict<Arc<dyn Deadlines>> {
        self.ports()?.deadlines.clone().or_breach("the port `Deadlines`, which the capabilities promise")
    }

    /// The harness, for what only it can show.
    #[must_use]
    pub fn harness(&self) -> Arc<dyn WriteHarness> {
        Arc::clone(&self.harness)
    }

    /// The same store, opened a second time beside the first, as another process would.
    ///
    /// # Errors
    /// A breach where it cannot be opened.
    pub async fn open_beside(&self) -> Verdict<WritePorts> {
        self.open_beside_by(&self.clock).await
    }

    /// As [`open_beside`](Self::open_beside), by another process whose clock is this one.
    ///
    /// # Errors
    /// A breach where it cannot be opened.
    pub async fn open_beside_by(&self, clock: &ManualClock) -> Verdict<WritePorts> {
        Ok(self.harness.open(&self.place.address, Arc::new(clock.clone())).await?)
    }

    /// Drops every handle on the store and opens it again. What a clause still holds of it is its own mistake.
    ///
    /// # Errors
    /// A breach where it cannot be closed or opened.
    pub async fn reopen(&mut self) -> Verdict {
        if let Some(ports) = self.ports.take() {
            self.harness.close(ports).await?;
        }
        self.ports = Some(self.harness.open(&self.place.address, Arc::new(self.clock.clone())).await?);
        Ok(())
    }

    /// Closes the store, lets a child process do its part of this clause, kills it when it has told of `enough`
    /// results, and opens the store again. Answers what the child told of.
    ///
    /// # Errors
    /// A breach where the child fails, or the store cannot be opened any more.
    pub async fn killed_child(&mut self, work: &str, enough: usize) -> Verdict<Vec<u64>> {
        if let Some(ports) = self.ports.take() {
            self.harness.close(ports).await?;
        }
        let child = self.child(work);
        let told = self.harness.kill_during(&child, enough).await?;
        self.reopen().await?;
        Ok(told)
    }

    /// Another process that is to do its part of this clause.
    pub(crate) fn child(&mut self, work: &str) -> Child {
        self.children += 1;
        Child {
            series: self.children,
            test: self.clause.clone(),
            work: work.to_owned(),
            address: self.place.address.clone(),
            clock: self.clock.clone(),
        }
    }

    /// Another writer that has written this change set and does not commit.
    ///
    /// # Errors
    /// A breach where the harness cannot do so.
    pub async fn hold(&self, change_set: &ChangeSet) -> Verdict<Holder> {
        Ok(self.harness.hold(&self.place.address, change_set).await?)
    }

    /// Whether the adapter promises this.
    #[must_use]
    pub fn can(&self, capability: Capability) -> bool {
        self.harness.capabilities().lacks(capability).is_none()
    }

    /// Where units of work begin.
    ///
    /// # Errors
    /// As [`ports`](Self::ports).
    pub fn side(&self) -> Verdict<WriteSide> {
        Ok(self.side_over(self.store()?))
    }

    /// Where units of work over this store begin, with the ids and the registry of this one.
    pub(crate) fn side_over(&self, store: Arc<dyn WriteStore>) -> WriteSide {
        WriteSide::new(store, self.harness.registry(), Arc::clone(&self.ids) as _)
    }

    /// The context of a new command, given now.
    #[must_use]
    pub fn context(&self) -> Context {
        use portolan_kernel::Clock as _;
        Context::new(self.next_id(), self.clock.now())
    }

    /// The context of a command with this id, whose outcome is kept for ever.
    #[must_use]
    pub fn repeatable(&self, command_id: Uuid, payload: &str) -> Context {
        use portolan_kernel::Clock as _;
        Context::new(command_id, self.clock.now())
            .idempotent(Fingerprint::of(payload.as_bytes()), Kept::Forever)
    }

    /// A unit of work for a new command.
    ///
    /// # Errors
    /// As [`ports`](Self::ports).
    pub fn begin(&self) -> Verdict<UnitOfWork> {
        Ok(self.side()?.begin(self.context()))
    }

    /// Adds the counter that these events make, in a unit of work of its own.
    ///
    /// # Errors
    /// A breach where that fails.
    pub async fn add(&self, events: Vec<Event>) -> Verdict<Receipt> {
        let unit = self.begin()?;
        let key = unit.repository::<Counter>().add(events)?.key();
        Ok(unit.commit(key).await?)
    }

    /// Changes a counter in a unit of work of its own.
    ///
    /// # Errors
    /// A breach where it is not there, refuses, or cannot be written.
    pub async fn change<E: std::fmt::Debug>(
        &self,
        id: CounterId,
        decide: impl FnOnce(&Counter) -> Result<Vec<Event>, E>,
    ) -> Verdict<Receipt> {
        let unit = self.begin()?;
        execute(&get(&unit, id).await?, decide)?;
        Ok(unit.commit(AggregateKey::of::<Counter>(id)).await?)
    }

    /// Removes a counter in a unit of work of its own.
    ///
    /// # Errors
    /// A breach where it is not there or cannot be written.
    pub async fn remove(&self, id: CounterId) -> Verdict<Receipt> {
        let unit = self.begin()?;
        let counter = get(&unit, id).await?;
        unit.repository::<Counter>().remove(&counter);
        Ok(unit.commit(counter.key()).await?)
    }

    /// The committed state of a counter and its version, in a unit of work of its own.
    ///
    /// # Errors
    /// A breach where it cannot be read.
    pub async fn stored(&self, id: CounterId) -> Verdict<Option<(Counter, Version)>> {
        let unit = self.begin()?;
        let found = unit.repository::<Counter>().get(id).await?;
        Ok(found.map(|handle| (Counter::clone(&handle.state()), handle.version())))
    }

    /// The committed state of a counter that must be there.
    ///
    /// # Errors
    /// A breach where it is not, or cannot be read.
    pub async fn state(&self, id: CounterId) -> Verdict<Counter> {
        Ok(self.stored(id).await?.or_breach("the counter")?.0)
    }

    /// The head of the journal.
    ///
    /// # Errors
    /// A breach where it cannot be read.
    pub async fn head(&self) -> Verdict<Position> {
        Ok(self.journal()?.head().await?)
    }

    /// All that happened to a counter.
    ///
    /// # Errors
    /// A breach where it cannot be read.
    pub async fn history(&self, id: CounterId) -> Verdict<Vec<Envelope>> {
        history(&*self.journal()?, AggregateKey::of::<Counter>(id), Until::Now).await
    }

    /// Every event of the store.
    ///
    /// # Errors
    /// A breach where it cannot be read.
    pub async fn all_events(&self) -> Verdict<Vec<Envelope>> {
        let journal = self.journal()?;
        let mut events: Vec<Envelope> = Vec::new();
        loop {
            let after = events.last().map_or(Position::ZERO, |last| last.position);
            let page = journal.read(after, portolan_kernel::READ_LIMIT).await?;
            if page.is_empty() {
                return Ok(events);
            }
            events.extend(page);
        }
    }
}

impl std::fmt::Debug for Subject {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Subject").field("place", &self.place).finish_non_exhaustive()
    }
}

/// The counter that must be there.
///
/// # Errors
/// A breach where it is not, or cannot be read.
pub async fn get(unit: &UnitOfWork, id: CounterId) -> Verdict<Handle<Counter>> {
    unit.repository::<Counter>().get(id).await?.or_breach("the counter")
}

/// Lets a counter decide what it must accept.
///
/// # Errors
/// A breach where it refuses.
#[track_caller]
pub fn execute<E: std::fmt::Debug>(
    counter: &Handle<Counter>,
    decide: impl FnOnce(&Counter) -> Result<Vec<Event>, E>,
) -> Verdict {
    match counter.execute(decide) {
        Ok(()) => Ok(()),
        Err(refusal) => Err(Breach::new(format!("the counter refuses: {refusal:?}"))),
    }
}

/// All of a history up to there, read in pages.
///
/// # Errors
/// A breach where it cannot be read.
pub async fn history(journal: &dyn Journal, key: AggregateKey, until: Until) -> Verdict<Vec<Envelope>> {
    let mut events: Vec<Envelope> = Vec::new();
    loop {
        let after = events.last().map_or(Version::ZERO, |last| last.version);
        let page = journal.history(key, after, until, portolan_kernel::READ_LIMIT).await?;
        if page.is_empty() {
            return Ok(events);
        }
        events.extend(page);
    }
}
