//! Hot aggregates kept in memory, in front of any write store.

use std::fmt;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use async_trait::async_trait;
use portolan_kernel::{
    AggregateKey, ChangeSet, Committed, Error, Expected, Loaded, Origin, Position, RecordedOutcome, Registry,
    Result, Selection, Watcher, WriteStore,
};
use uuid::Uuid;

use self::kept::{Copied, Kept};
use self::submitted::{Submitted, ToTell, Told};

mod kept;
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
/// - It need not stay until then: the store [tells](WriteStore::watched_by) what other processes have committed, and the
///   copy is brought up to it.
/// - An older version is never put over a newer one, so two commits that overlap leave the later state.
///
/// What a command only reads, without [`must_not_change`](portolan_kernel::UnitOfWork::must_not_change), may be
/// behind by what other processes committed since it was last used here.
///
/// Absence is not kept: an id that is not there is asked of the store each time.
pub struct Cached<S> {
    store: S,
    kept: Arc<Kept>,
    submitted: Submitted,
}

impl<S: WriteStore> Cached<S> {
    /// This store with a cache of at most `capacity` in front of it, in the unit of
    /// [`Aggregate::weight`](portolan_kernel::Aggregate::weight), which is about
    /// [`WEIGHT_UNIT_BYTES`](portolan_kernel::WEIGHT_UNIT_BYTES) of memory; its own table is not counted. An
    /// aggregate that is heavier than about an eighth of it may not be kept at all.
    #[must_use]
    pub fn new(store: S, registry: Registry, capacity: u64) -> Self {
        let kept = Arc::new(Kept::new(registry, capacity));
        store.watched_by(Arc::clone(&kept) as Arc<dyn Watcher>);
        Self { store, kept, submitted: Submitted::default() }
    }

    /// How many aggregates are kept, and what they weigh together.
    #[must_use]
    pub fn kept(&self) -> (usize, u64) {
        self.kept.size()
    }
}

#[async_trait]
impl<S: WriteStore> WriteStore for Cached<S> {
    async fn load(&self, key: AggregateKey) -> Result<Option<Loaded>> {
        if let Some(submitted) = self.submitted.load(key) {
            return Ok(Some(submitted));
        }
        if let Some(Copied { version, state, .. }) = self.kept.get(key) {
            return Ok(Some(Loaded { id: key.id, version, state, origin: Origin::Kept }));
        }
        let loaded = self.store.load(key).await?;
        if let Some(loaded) = &loaded {
            self.kept.put(key, loaded.version, loaded.state.clone());
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
                        Some(state) => self.kept.put(key, *version, state),
                        None => self.kept.remove(key),
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

    fn watched_by(&self, watcher: Arc<dyn Watcher>) {
        self.store.watched_by(watcher);
    }

    fn forget(&self, key: AggregateKey) {
        self.submitted.forget(key);
        self.kept.remove(key);
        self.store.forget(key);
    }

    fn last_position(&self) -> Position {
        self.store.last_position()
    }
}

impl<S: WriteStore + fmt::Debug> fmt::Debug for Cached<S> {
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
        self.expectations.iter().for_each(|(key, expected)| self.of.kept.doubt(*key, *expected));
    }
}
