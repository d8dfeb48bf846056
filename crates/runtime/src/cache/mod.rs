//! Hot aggregates kept in memory, in front of any write store.

use std::fmt;
use std::future::poll_fn;
use std::task::Poll;

use async_trait::async_trait;
use portolan_kernel::{
    AggregateKey, AnyState, ChangeSet, Committed, Error, Expected, Loaded, Origin, Position, RecordedOutcome,
    Registry, Result, Selection, Version, WriteStore,
};
use quick_cache::Weighter;
use quick_cache::sync::{Cache, EntryAction, EntryResult};
use uuid::Uuid;

use self::submitted::{Submitted, ToTell, Told};

mod submitted;

/// A decorator that keeps the aggregates which are used most in memory, up to a weight.
///
/// # Behaviour
/// A [`load`](WriteStore::load) that finds a copy answers it with [`Origin::Kept`], and asks the store otherwise. A
/// commit that is done puts the new states in at their new versions. While it is under way, and the store
/// [takes followers](WriteStore::takes_followers), a load answers what it is just writing, with [`Origin::Submitted`]. What is kept is shared with those who loaded
/// it and never changed in place: a unit of work that changes it makes its own copy first, which an aggregate with
/// structural sharing makes cheap, and a refused command costs the hot copy nothing.
///
/// # Why a copy that is behind does no harm
/// - It cannot be *committed on*: the change set names the version that it builds on, and the store compares.
/// - It cannot *refuse*, nor answer "nothing to do": a unit of work that decided on a copy has the store check
///   the versions first.
/// - It cannot *stay*: whatever error a commit answers, except that nobody looked at it
///   ([`Error::Full`]), its aggregates are forgotten, and likewise where its future is dropped before the answer.
///   So the attempt after a conflict reads from the store.
/// - What is *not committed yet* is told of by its newest event, which the store compares: where it comes to nothing, so
///   does all that was decided on it, though another process may have led the aggregate to the same version.
/// - An older version is never put over a newer one, so two commits that overlap leave the later state.
///
/// What a command only reads, without [`must_not_change`](portolan_kernel::UnitOfWork::must_not_change), may be
/// behind by what other processes committed since it was last used here.
///
/// Absence is not kept: an id that is not there is asked of the store each time.
pub struct Cached<S> {
    store: S,
    registry: Registry,
    copies: Copies,
    submitted: Submitted,
}

impl<S> Cached<S> {
    /// This store with a cache of at most `capacity` in front of it, in the unit of
    /// [`Aggregate::weight`](portolan_kernel::Aggregate::weight), which is about
    /// [`WEIGHT_UNIT_BYTES`](portolan_kernel::WEIGHT_UNIT_BYTES) of memory; its own table is not counted. An
    /// aggregate that is heavier than about an eighth of it may not be kept at all.
    #[must_use]
    pub fn new(store: S, registry: Registry, capacity: u64) -> Self {
        let expected = usize::try_from(capacity).unwrap_or(usize::MAX).min(MOST_EXPECTED);
        Self {
            store,
            registry,
            copies: Cache::with_weighter(expected, capacity, Weight),
            submitted: Submitted::default(),
        }
    }

    /// How many aggregates are kept, and what they weigh together.
    #[must_use]
    pub fn kept(&self) -> (usize, u64) {
        (self.copies.len(), self.copies.weight())
    }

    /// Keeps this state, unless a newer one is there.
    fn keep(&self, key: AggregateKey, version: Version, state: AnyState) {
        let weight = self.registry.get(key.aggregate_type).map_or(1, |registered| registered.weight(&state));
        let copied = Copied { version, state, weight: weight.max(1) };
        let place = self.copies.entry(&key, None, |_, kept: &mut Copied| {
            if kept.version >= copied.version {
                return EntryAction::Retain(());
            }
            if kept.weight != copied.weight {
                // Put in anew, because only that makes room for what it has grown by.
                return EntryAction::ReplaceWithGuard;
            }
            *kept = copied.clone();
            EntryAction::Retain(())
        });
        if let EntryResult::Vacant(vacant) | EntryResult::Replaced(vacant, _) = place {
            // Where it is too heavy, or was forgotten meanwhile, it is not kept: a load asks the store then.
            let _ = vacant.insert(copied);
        }
    }
}

#[async_trait]
impl<S: WriteStore> WriteStore for Cached<S> {
    async fn load(&self, key: AggregateKey) -> Result<Option<Loaded>> {
        if let Some(submitted) = self.submitted.load(key) {
            return Ok(Some(submitted));
        }
        if let Some(Copied { version, state, .. }) = self.copies.get(&key) {
            return Ok(Some(Loaded { id: key.id, version, state, origin: Origin::Kept }));
        }
        let loaded = self.store.load(key).await?;
        if let Some(loaded) = &loaded {
            self.keep(key, loaded.version, loaded.state.clone());
        }
        Ok(loaded)
    }

    async fn select(&self, selection: Selection<'_>) -> Result<Vec<Loaded>> {
        self.store.select(selection).await
    }

    async fn commit(&self, change_set: ChangeSet) -> Result<Committed> {
        let states: Vec<_> =
            change_set.changes.iter().map(|change| (change.key, change.state.clone())).collect();
        let to_tell: Vec<_> = if self.store.takes_followers() {
            change_set.changes.iter().filter_map(ToTell::of).collect()
        } else {
            Vec::new()
        };
        let mut doubt =
            Doubt { of: self, expectations: change_set.expectations().collect(), told: Vec::new() };
        let mut committing = self.store.commit(change_set);
        let first = poll_fn(|context| Poll::Ready(committing.as_mut().poll(context))).await;
        let committed = match first {
            Poll::Ready(committed) => committed,
            Poll::Pending => {
                // The store has it now.
                doubt.told = to_tell.iter().filter_map(|change| self.submitted.tell(change)).collect();
                drop(to_tell);
                committing.await
            }
        };
        match &committed {
            Ok(Committed::Done { versions, .. }) => {
                for ((key, state), version) in states.into_iter().zip(versions) {
                    match state {
                        Some(state) => self.keep(key, *version, state),
                        None => drop(self.copies.remove(&key)),
                    }
                }
                doubt.settle();
            }
            // Nobody compared the versions, so nothing is known of them.
            Ok(Committed::Repeated(_) | Committed::Reused) | Err(Error::Full(_)) => {
                doubt.expectations.clear();
                doubt.withdraw();
            }
            Err(_) => doubt.withdraw(),
        }
        committed
    }

    async fn outcome(&self, command_id: Uuid) -> Result<Option<RecordedOutcome>> {
        self.store.outcome(command_id).await
    }

    fn takes_followers(&self) -> bool {
        self.store.takes_followers()
    }

    fn tells_submitted(&self, key: AggregateKey) -> bool {
        self.submitted.contains(key)
    }

    fn forget(&self, key: AggregateKey) {
        self.submitted.forget(key);
        self.copies.remove(&key);
        self.store.forget(key);
    }

    fn last_position(&self) -> Position {
        self.store.last_position()
    }
}

impl<S: fmt::Debug> fmt::Debug for Cached<S> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (aggregates, weight) = self.kept();
        formatter
            .debug_struct("Cached")
            .field("store", &self.store)
            .field("aggregates", &aggregates)
            .field("weight", &weight)
            .finish()
    }
}

/// For how many aggregates the cache's tables are made; they grow beyond it.
const MOST_EXPECTED: usize = 10_000;

type Copies = Cache<AggregateKey, Copied, Weight>;

/// A commit whose outcome is not known yet. Dropping it forgets the copies that it may have been decided on.
struct Doubt<'a, S> {
    of: &'a Cached<S>,
    expectations: Vec<(AggregateKey, Expected)>,
    told: Vec<Told>,
}

impl<S> Doubt<'_, S> {
    /// It is committed.
    fn settle(&mut self) {
        self.expectations.clear();
        self.told.drain(..).for_each(|told| self.of.submitted.settle(told));
    }

    /// It is not, and nothing that was decided on it will be.
    fn withdraw(&mut self) {
        self.told.drain(..).for_each(|told| self.of.submitted.withdraw(told));
    }
}

impl<S> Drop for Doubt<'_, S> {
    fn drop(&mut self) {
        // Nobody heard the answer: the store goes on with it, and with what follows it.
        self.told.drain(..).for_each(|told| self.of.submitted.settle(told));
        for (key, expected) in &self.expectations {
            // A later copy is not what it was decided on.
            let is_behind = |copied: &Copied| copied.version <= expected.version();
            self.of.copies.remove_if(key, |copied| *expected == Expected::Absent || is_behind(copied));
        }
    }
}

/// An aggregate as it is kept.
#[derive(Clone)]
struct Copied {
    version: Version,
    state: AnyState,
    /// Taken when it was put in: the cache asks again when it takes it out, and the answers must agree.
    weight: u32,
}

#[derive(Clone)]
struct Weight;

impl Weighter<AggregateKey, Copied> for Weight {
    fn weight(&self, _: &AggregateKey, copied: &Copied) -> u64 {
        u64::from(copied.weight)
    }
}
