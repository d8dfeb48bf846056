//! The unit of work (Fowler): what one command read and changed, written together or not at all.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use uuid::Uuid;

use crate::handle::AnySlot;
use crate::{
    Aggregate, AggregateKey, Answer, Candidate, Change, ChangeSet, CommandError, Committed, Context, Error,
    Expected, Handle, Id, IdSource, Loaded, Origin, Outcome, Receipt, Refusal, Registry, Repository, Result,
    Selection, Specification, Version, WriteStore,
};

/// How many aggregates one `find` answers at the most.
pub const FIND_LIMIT: usize = 1_000;

/// A write store with what is needed to work on it: where units of work begin.
#[derive(Clone)]
pub struct WriteSide(Arc<Parts>);

struct Parts {
    store: Arc<dyn WriteStore>,
    registry: Registry,
    ids: Arc<dyn IdSource>,
}

impl WriteSide {
    /// Units of work on this store, for the aggregates of this registry.
    #[must_use]
    pub fn new(store: Arc<dyn WriteStore>, registry: Registry, ids: Arc<dyn IdSource>) -> Self {
        Self(Arc::new(Parts { store, registry, ids }))
    }

    /// Begins a unit of work for one command. No I/O; dropping the unit forgets everything.
    #[must_use]
    pub fn begin(&self, context: Context) -> UnitOfWork {
        UnitOfWork(Box::new(Unit {
            side: self.clone(),
            context,
            target: None,
            identity: Mutex::default(),
            decided_on_copy: AtomicBool::new(false),
        }))
    }

    /// The store below.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn WriteStore> {
        &self.0.store
    }

    /// Where new ids come from.
    #[must_use]
    pub fn ids(&self) -> &dyn IdSource {
        &*self.0.ids
    }
}

impl std::fmt::Debug for WriteSide {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("WriteSide").field(&self.0.registry).finish()
    }
}

/// What one command read and changed. It holds no transaction and no connection while its caller thinks.
///
/// Repositories hand out [`Handle`]s from its identity map; [`commit`](Self::commit) ships one [`ChangeSet`].
pub struct UnitOfWork(Box<Unit>);

/// Behind a box, because a unit is handed through several futures and would be copied each time.
struct Unit {
    side: WriteSide,
    context: Context,
    target: Option<AggregateKey>,
    identity: Mutex<Identity>,
    decided_on_copy: AtomicBool,
}

/// The identity map (Fowler).
type Identity = HashMap<AggregateKey, Entry>;

/// What a decision took for granted without changing it.
type Reads = Vec<(AggregateKey, Expected)>;

/// What the unit knows of an id: its aggregate, or that there was none.
enum Entry {
    Present(Arc<dyn AnySlot>),
    Missing,
}

impl Entry {
    /// The aggregate as the unit sees it: not there once the unit has removed it.
    fn handle<A: Aggregate>(&self) -> Option<Handle<A>> {
        match self {
            Self::Present(slot) if !slot.is_removed() => Handle::from_any(slot),
            _ => None,
        }
    }
}

impl UnitOfWork {
    /// The command's context; its `occurred_at` is the domain's "now".
    #[must_use]
    pub fn context(&self) -> &Context {
        &self.0.context
    }

    /// The same unit, for a command about this aggregate: it is the one that `if_match` speaks of.
    #[must_use]
    pub fn about(mut self, target: Option<AggregateKey>) -> Self {
        self.0.target = target;
        self
    }

    /// Where this unit commits: for questions to the store beside its aggregates.
    #[must_use]
    pub fn write_side(&self) -> &WriteSide {
        &self.0.side
    }

    /// The repository of `A` in this unit.
    #[must_use]
    pub fn repository<A: Aggregate>(&self) -> &dyn Repository<A> {
        self
    }

    /// The commit fails with a conflict unless this aggregate, which is only read, is still at its version.
    pub fn must_not_change<A: Aggregate>(&self, aggregate: &Handle<A>) {
        aggregate.must_not_change();
    }

    /// Writes all changes, and answers a receipt about one aggregate. A repeated command gets its first outcome.
    ///
    /// # Errors
    /// [`CommandError::Refused`] where that first outcome was a refusal, [`CommandError::Reused`] where the id
    /// came with another payload, [`CommandError::Failed`] with the errors of [`WriteStore::commit`].
    pub async fn commit(self, about: AggregateKey) -> Result<Receipt, CommandError> {
        self.write(about)?.outcome().await
    }

    /// Drops all changes and answers this refusal, once it is sure: where the command's outcome is kept it is
    /// recorded, and where it was decided on a kept copy that copy must still be the truth.
    ///
    /// # Errors
    /// The refusal, or as [`commit`](Self::commit). A repeated command gets its first outcome, receipt included.
    pub async fn refuse(self, refusal: Refusal) -> Result<Receipt, CommandError> {
        self.record(refusal)?.outcome().await
    }

    /// [`commit`](Self::commit)s a decision, or [`refuse`](Self::refuse)s it. A decision to make what is there
    /// already becomes the refusal `already_exists`.
    ///
    /// # Errors
    /// As those two; a decision that failed is dropped and its error answered.
    pub async fn finish(
        mut self,
        decided: Result<AggregateKey, CommandError>,
    ) -> Result<Receipt, CommandError> {
        if let Ok(about) = decided
            && self.is_untouched()
        {
            return Ok(self.unchanged(about, Version::ZERO));
        }
        let about = decided.as_ref().ok().copied();
        let answer = match decided {
            Ok(about) => self.write(about),
            Err(CommandError::Refused(refusal)) => self.record(refusal),
            Err(failed) => return self.repeated_or(failed).await,
        }?;
        match (answer.outcome().await, about) {
            // That something else exists is a failure, and no answer to the command.
            (Err(CommandError::Failed(Error::AlreadyExists(what))), Some(about))
                if what == about.to_string() =>
            {
                self.record(Refusal::already_exists(about))?.outcome().await
            }
            (outcome, _) => outcome,
        }
    }

    /// The first outcome of a repeated command that could not be decided again: since then its aggregate has moved
    /// on from the version that the caller names. No other failure says anything of an earlier one.
    async fn repeated_or(&self, failed: CommandError) -> Result<Receipt, CommandError> {
        let context = self.context();
        let (Some(idempotency), CommandError::Failed(Error::Conflict { .. })) =
            (context.idempotency, &failed)
        else {
            return Err(failed);
        };
        match self.write_side().store().outcome(context.command_id).await? {
            None => Err(failed),
            Some(recorded) if recorded.fingerprint != idempotency.fingerprint.0 => {
                Err(CommandError::Reused { command_id: context.command_id })
            }
            Some(recorded) => match recorded.outcome {
                Outcome::Accepted(receipt) => Ok(receipt),
                Outcome::Refused(refusal) => Err(CommandError::Refused(refusal)),
            },
        }
    }

    /// Whether it knows no aggregate and its outcome is not kept, so that there is nothing to write and to check.
    fn is_untouched(&mut self) -> bool {
        let identity = self.0.identity.get_mut().unwrap_or_else(PoisonError::into_inner);
        identity.is_empty() && self.0.context.idempotency.is_none()
    }

    fn unchanged(&self, about: AggregateKey, version: Version) -> Receipt {
        Receipt { id: about.id, version, position: self.0.side.store().last_position() }
    }

    fn write(&self, about: AggregateKey) -> Result<Shipped<'_>, CommandError> {
        let (read_at, changes, mut reads) = {
            let identity = self.identity();
            let read_at = match identity.get(&about) {
                Some(Entry::Present(slot)) => slot.version_read(),
                _ => Version::ZERO,
            };
            let (changes, reads) = self.changes(&identity)?;
            (read_at, changes, reads)
        };
        if changes.is_empty() && self.0.decided_on_copy.load(Ordering::Relaxed) {
            // "Nothing to do" is an answer like a refusal: a kept copy must not give it by itself.
            reads = self.taken_for_granted();
        }
        if changes.is_empty() && reads.is_empty() && self.0.context.idempotency.is_none() {
            return Ok(Shipped::Nothing(self.unchanged(about, read_at)));
        }
        let answer = Answer::Receipt { about, read_at };
        Ok(self.ship(ChangeSet { changes, reads, ..self.blank(answer)? }))
    }

    fn record(&self, refusal: Refusal) -> Result<Shipped<'_>, CommandError> {
        let on_copy = self.0.decided_on_copy.load(Ordering::Relaxed);
        if self.0.context.idempotency.is_none() && !on_copy {
            return Err(CommandError::Refused(refusal));
        }
        let reads = self.taken_for_granted();
        Ok(self.ship(ChangeSet { reads, ..self.blank(Answer::Refusal(refusal))? }))
    }

    fn ship(&self, change_set: ChangeSet) -> Shipped<'_> {
        Shipped::ChangeSet(change_set.command_id, self.0.side.store().commit(change_set))
    }

    /// What the store had when a decision to change nothing was made.
    fn taken_for_granted(&self) -> Reads {
        let mut reads: Vec<_> = self
            .identity()
            .iter()
            .filter_map(|(key, entry)| match entry {
                // What the unit itself added is no reason for a refusal.
                Entry::Present(slot) if slot.expected() == Expected::Absent => None,
                Entry::Present(slot) => Some((*key, slot.expected())),
                Entry::Missing => Some((*key, Expected::Absent)),
            })
            .collect();
        reads.sort_unstable_by_key(|read| read.0);
        reads
    }

    /// What happened to the unit's aggregates, and what it only read but must find unchanged.
    fn changes(&self, identity: &Identity) -> Result<(Vec<Change>, Reads)> {
        let (mut changes, mut reads) = (Vec::new(), Vec::new());
        for (key, entry) in identity {
            let Entry::Present(slot) = entry else { continue };
            match slot.take_change(self.0.side.ids())? {
                Some(change) => changes.push(change),
                // What is not committed yet may never be: nothing is decided on it that does not stand or fall with it.
                None if slot.must_not_change() || matches!(slot.expected(), Expected::MadeBy(..)) => {
                    reads.push((*key, slot.expected()));
                }
                None => {}
            }
        }
        // One order for every writer, so that no two wait for each other.
        changes.sort_unstable_by_key(|change: &Change| change.key);
        reads.sort_unstable_by_key(|read: &(AggregateKey, Expected)| read.0);
        Ok((changes, reads))
    }

    fn blank(&self, answer: Answer) -> Result<ChangeSet> {
        let metadata = serde_json::to_string(&self.0.context.metadata())
            .map_err(|error| Error::Invalid(format!("the command's metadata is not JSON: {error}")))?;
        Ok(ChangeSet {
            command_id: self.0.context.command_id,
            idempotency: self.0.context.idempotency,
            occurred_at: self.0.context.occurred_at,
            metadata: metadata.into(),
            changes: Vec::new(),
            reads: Vec::new(),
            answer,
        })
    }

    fn identity(&self) -> MutexGuard<'_, Identity> {
        self.0.identity.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The handle that the unit already has: `Some(None)` where it knows that there is none.
    fn known<A: Aggregate>(&self, key: AggregateKey) -> Option<Option<Handle<A>>> {
        self.identity().get(&key).map(Entry::handle)
    }

    /// Takes what the store answered into the identity map; the first to come stays.
    fn keep<A: Aggregate>(&self, key: AggregateKey, loaded: Option<Loaded>) -> Result<Option<Handle<A>>> {
        let codec = self.0.side.0.registry.codec::<A>()?;
        let entry = match loaded {
            None => Entry::Missing,
            Some(loaded) => {
                self.check_if_match(key, loaded.version)?;
                if loaded.origin != Origin::Stored {
                    self.0.decided_on_copy.store(true, Ordering::Relaxed);
                }
                let expected = loaded.expected();
                let state = loaded.state.downcast::<A>().map_err(|_| {
                    Error::Invalid(format!("the store answered a state that is not a {}", A::TYPE))
                })?;
                Entry::Present(Handle::new(key, expected, state, codec).slot())
            }
        };
        let mut identity = self.identity();
        Ok(identity.entry(key).or_insert(entry).handle())
    }

    fn check_if_match(&self, key: AggregateKey, version: Version) -> Result<()> {
        match self.0.context.if_match {
            Some(expected) if self.0.target == Some(key) && expected != version => {
                Err(Error::conflict(key, Some(expected), Some(version)))
            }
            _ => Ok(()),
        }
    }
}

/// What a unit of work is left with once it is decided: small, so that the futures of callers are.
enum Shipped<'a> {
    /// There was nothing to write and nothing to check.
    Nothing(Receipt),
    /// The store's future, and the command's id.
    ChangeSet(Uuid, Pin<Box<dyn Future<Output = Result<Committed>> + Send + 'a>>),
}

impl Shipped<'_> {
    async fn outcome(self) -> Result<Receipt, CommandError> {
        let (command_id, committing) = match self {
            Self::Nothing(receipt) => return Ok(receipt),
            Self::ChangeSet(command_id, committing) => (command_id, committing),
        };
        match committing.await? {
            Committed::Done { outcome: Outcome::Accepted(receipt), .. }
            | Committed::Repeated(Outcome::Accepted(receipt)) => Ok(receipt),
            Committed::Done { outcome: Outcome::Refused(refusal), .. }
            | Committed::Repeated(Outcome::Refused(refusal)) => Err(CommandError::Refused(refusal)),
            Committed::Reused => Err(CommandError::Reused { command_id }),
        }
    }
}

impl std::fmt::Debug for UnitOfWork {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("UnitOfWork").field("context", &self.0.context).finish_non_exhaustive()
    }
}

#[async_trait]
impl<A: Aggregate> Repository<A> for UnitOfWork {
    async fn get(&self, id: A::Id) -> Result<Option<Handle<A>>> {
        let key = AggregateKey::of::<A>(id);
        if let Some(known) = self.known(key) {
            return Ok(known);
        }
        let store = self.0.side.store();
        let mut loaded = store.load(key).await?;
        let is_stale_copy =
            |copy: &Loaded| copy.origin != Origin::Stored && self.check_if_match(key, copy.version).is_err();
        if loaded.as_ref().is_some_and(is_stale_copy) {
            // The copy is behind, or the caller is: only the store knows.
            store.forget(key);
            loaded = store.load(key).await?;
        }
        self.keep(key, loaded)
    }

    fn add(&self, events: Vec<A::Event>) -> Result<Handle<A>> {
        let begun = events.first().and_then(A::create);
        let mut state =
            begun.ok_or_else(|| Error::Invalid(format!("the first event begins no {}", A::TYPE)))?;
        events.iter().skip(1).for_each(|event| state.apply(event));
        let key = state.key();
        let handle = Handle::begun(key, state, events, self.0.side.0.registry.codec::<A>()?);
        let mut identity = self.identity();
        if let Some(Entry::Present(_)) = identity.get(&key) {
            return Err(Error::AlreadyExists(key.to_string()));
        }
        identity.insert(key, Entry::Present(handle.slot()));
        Ok(handle)
    }

    fn remove(&self, aggregate: &Handle<A>) {
        aggregate.remove();
    }

    async fn find(&self, specification: &Specification<A>, limit: usize) -> Result<Vec<Handle<A>>>
    where
        A: Candidate,
    {
        specification.tree()?;
        if limit == 0 || limit > FIND_LIMIT {
            return Err(Error::Invalid(format!("a limit of {limit} is not between 1 and {FIND_LIMIT}")));
        }
        let mut found = Vec::new();
        let mut after = None;
        loop {
            let selection =
                Selection { aggregate_type: A::TYPE, criteria: specification, after, limit: FIND_LIMIT };
            let page = self.0.side.store().select(selection).await?;
            let is_last = page.len() < FIND_LIMIT;
            after = page.last().map(|loaded| loaded.id);
            for loaded in page {
                let key = AggregateKey::of::<A>(A::Id::from_uuid(loaded.id));
                let Some(handle) = self.keep_matching(key, loaded, specification)? else { continue };
                found.push(handle);
                if found.len() == limit {
                    return Ok(found);
                }
            }
            if is_last {
                return Ok(found);
            }
        }
    }
}

impl UnitOfWork {
    /// Keeps only what matches, so that a search through many aggregates holds few of them.
    fn keep_matching<A: Aggregate + Candidate>(
        &self,
        key: AggregateKey,
        loaded: Loaded,
        specification: &Specification<A>,
    ) -> Result<Option<Handle<A>>> {
        let known = self.known::<A>(key);
        let handle = match known {
            Some(Some(handle)) => handle,
            Some(None) => return Ok(None),
            None if crate::downcast::<A>(&loaded.state)
                .is_ok_and(|state| specification.is_satisfied_by(state)) =>
            {
                return self.keep(key, Some(loaded));
            }
            None => return Ok(None),
        };
        Ok(handle.read(|state| specification.is_satisfied_by(state)).then_some(handle))
    }
}
