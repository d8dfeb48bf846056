//! Hot aggregates kept in memory, in front of any write store.

use std::fmt;

use async_trait::async_trait;
use portolan_kernel::{
    AggregateKey, AnyState, ChangeSet, Committed, Error, Loaded, Position, RecordedOutcome, Registry, Result,
    Selection, Version, WriteStore,
};
use quick_cache::Weighter;
use quick_cache::sync::{Cache, EntryAction, EntryResult};
use uuid::Uuid;

/// A decorator that keeps the aggregates which are used most in memory, up to a weight.
///
/// # Behaviour
/// A [`load`](WriteStore::load) that finds a copy answers it with `fresh: false`, and asks the store otherwise. A
/// commit that is done puts the new states in at their new versions. What is kept is shared with those who loaded
/// it and never changed in place: a unit of work that changes it makes its own copy first, which an aggregate with
/// structural sharing makes cheap, and a refused command costs the hot copy nothing.
///
/// # Why a copy that is behind does no harm
/// - It cannot be *committed on*: the change set names the version that it builds on, and the store compares.
/// - It cannot *refuse*, nor answer "nothing to do": a unit of work that decided on a copy (`fresh: false`) has the
///   store check the versions first.
/// - It cannot *stay*: whatever error a commit answers, except that nobody looked at it
///   ([`Error::Full`]), its aggregates are forgotten, and likewise where its future is dropped before the answer.
///   So the attempt after a conflict reads from the store.
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
}

impl<S> Cached<S> {
    /// This store with a cache of at most `capacity` in front of it, in the unit of
    /// [`Aggregate::weight`](portolan_kernel::Aggregate::weight), which is about
    /// [`WEIGHT_UNIT_BYTES`](portolan_kernel::WEIGHT_UNIT_BYTES) of memory; its own table is not counted. An
    /// aggregate that is heavier than about an eighth of it may not be kept at all.
    #[must_use]
    pub fn new(store: S, registry: Registry, capacity: u64) -> Self {
        let expected = usize::try_from(capacity).unwrap_or(usize::MAX).min(MOST_EXPECTED);
        Self { store, registry, copies: Cache::with_weighter(expected, capacity, Weight) }
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
        if let Some(Copied { version, state, .. }) = self.copies.get(&key) {
            return Ok(Some(Loaded { id: key.id, version, state, fresh: false }));
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
        let mut doubt =
            Doubt { copies: &self.copies, keys: change_set.expectations().map(|(key, _)| key).collect() };
        let committed = self.store.commit(change_set).await;
        match &committed {
            Ok(Committed::Done { versions, .. }) => {
                for ((key, state), version) in states.into_iter().zip(versions) {
                    match state {
                        Some(state) => self.keep(key, *version, state),
                        None => self.forget(key),
                    }
                }
                doubt.keys.clear();
            }
            // Nobody compared the versions, so nothing is known of them.
            Ok(Committed::Repeated(_) | Committed::Reused) | Err(Error::Full(_)) => doubt.keys.clear(),
            Err(_) => {}
        }
        committed
    }

    async fn outcome(&self, command_id: Uuid) -> Result<Option<RecordedOutcome>> {
        self.store.outcome(command_id).await
    }

    fn forget(&self, key: AggregateKey) {
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

/// Aggregates of a commit whose outcome is not known yet; dropping it forgets them.
struct Doubt<'a> {
    copies: &'a Copies,
    keys: Vec<AggregateKey>,
}

impl Drop for Doubt<'_> {
    fn drop(&mut self) {
        for key in &self.keys {
            self.copies.remove(key);
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
