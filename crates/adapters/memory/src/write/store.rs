//! The store, and the port that commands write through.

use std::any::Any;
use std::fmt;
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use portolan_kernel::{
    AggregateKey, ChangeSet, Clock, Committed, Error, Loaded, Position, RecordedOutcome, Registry, Result,
    Selection, Storage, WriteStore,
};
use tokio::sync::watch;
use uuid::Uuid;

use super::contents::Contents;
use super::keeping::{Found, Stored};

/// A write store in memory, with its journal, checkpoints, deadlines and leases: a cheap handle, every clone of which
/// is the same store.
///
/// # Behaviour
/// - Everything is lost when the last handle is dropped, and nothing is bounded but by the memory there is.
/// - A commit is done when its future is first polled, in the caller's task, one after another: there is no queue that
///   could be full, and a future that is dropped has done all of it or nothing.
/// - No other process can have it, so that a lease lasts as long as it is held.
#[derive(Clone)]
pub struct MemoryStore(pub(super) Arc<Inner>);

/// What the handles share.
pub(super) struct Inner {
    storage: Storage,
    registry: Registry,
    clock: Arc<dyn Clock>,
    contents: Mutex<Contents>,
    pub(super) head: watch::Sender<State>,
}

/// What a waiting reader sees.
#[derive(Debug, Clone, Copy)]
pub(super) struct State {
    pub(super) position: Position,
    pub(super) is_closed: bool,
}

impl MemoryStore {
    /// An empty store for aggregates of these types, which keeps their states as they are.
    #[must_use]
    pub fn new(registry: Registry, clock: Arc<dyn Clock>) -> Self {
        Self::keeping(Storage::Relational, registry, clock)
    }

    /// An empty store that keeps aggregates of these types in this way.
    #[must_use]
    pub fn keeping(storage: Storage, registry: Registry, clock: Arc<dyn Clock>) -> Self {
        let head = watch::Sender::new(State { position: Position::ZERO, is_closed: false });
        Self(Arc::new(Inner { storage, registry, clock, contents: Mutex::default(), head }))
    }

    /// Closes it for all handles: whatever is asked from now on is answered [`Error::Closed`].
    pub fn close(&self) {
        self.0.head.send_modify(|state| state.is_closed = true);
    }

    /// What it holds, to look at.
    pub(super) fn look(&self) -> Result<MutexGuard<'_, Contents>> {
        if self.0.head.borrow().is_closed {
            return Err(Self::closed());
        }
        Ok(self.lock())
    }

    /// What it holds, whether it is closed or not.
    pub(super) fn lock(&self) -> MutexGuard<'_, Contents> {
        self.0.contents.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn closed() -> Error {
        Error::Closed("the store in memory".to_owned())
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("MemoryStore").field(&*self.0.head.borrow()).finish()
    }
}

#[async_trait]
impl WriteStore for MemoryStore {
    async fn load(&self, key: AggregateKey) -> Result<Option<Loaded>> {
        let known = self.0.registry.get(key.aggregate_type)?;
        let found = self.look()?.aggregates.get(&key).and_then(|kin| kin.found(key.id));
        found.map_or(Ok(None), |found| found.load(known))
    }

    async fn select(&self, selection: Selection<'_>) -> Result<Vec<Loaded>> {
        let known = self.0.registry.get(selection.aggregate_type)?;
        // It does not narrow: the caller tests each.
        let _: &(dyn Any + Send + Sync) = selection.criteria;
        let key = |id| AggregateKey { aggregate_type: known.name(), id };
        let from = match selection.after {
            Some(after) => Bound::Excluded(key(after)),
            None => Bound::Included(key(Uuid::nil())),
        };
        let found: Vec<Found> = {
            let contents = self.look()?;
            let of_type = contents.aggregates.range((from, Bound::Included(key(Uuid::max()))));
            of_type.filter_map(|(key, kin)| kin.found(key.id)).take(selection.limit).collect()
        };
        found.into_iter().filter_map(|found| found.load(known).transpose()).collect()
    }

    async fn commit(&self, change_set: ChangeSet) -> Result<Committed> {
        let mut stored = Vec::with_capacity(change_set.changes.len());
        for change in &change_set.changes {
            let known = self.0.registry.get(change.key.aggregate_type)?;
            if change.events.is_empty() {
                return Err(Error::Invalid(format!("a change of {} came without events", change.key)));
            }
            let kept = change.state.as_ref().map(|state| Stored::of(self.0.storage, known, state));
            stored.push(kept.transpose()?);
        }
        let now = self.0.clock.now();
        let (committed, position) = {
            let mut contents = self.look()?;
            let committed = contents.commit(&change_set, stored, now)?;
            (committed, contents.head())
        };
        self.0.head.send_if_modified(|state| {
            let is_news = position > state.position;
            state.position = state.position.max(position);
            is_news
        });
        Ok(committed)
    }

    async fn outcome(&self, command_id: Uuid) -> Result<Option<RecordedOutcome>> {
        Ok(self.look()?.outcome(command_id, self.0.clock.now()).cloned())
    }

    fn last_position(&self) -> Position {
        self.lock().head()
    }
}
