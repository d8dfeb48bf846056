//! What a reference store holds.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use portolan_kernel::{
    AggregateKey, AnyState, Checkpoint, Clock, Deadline, Envelope, Kept, Position, RecordedOutcome, Reset,
    Result, SubscriptionId, Version,
};
use tokio::sync::{Semaphore, watch};
use uuid::Uuid;

use super::leases::HeldLease;

/// All of one store; shared by those who have it open.
pub(crate) struct Data {
    contents: Mutex<Contents>,
    /// The head, for those who wait.
    pub(crate) head: watch::Sender<Position>,
    /// Held by whoever writes: also by one that does not end.
    pub(crate) turn: Arc<Semaphore>,
    /// The store's own clock.
    pub(crate) clock: OnceLock<Arc<dyn Clock>>,
}

impl Default for Data {
    fn default() -> Self {
        Self {
            contents: Mutex::default(),
            head: watch::Sender::new(Position::ZERO),
            turn: Arc::new(Semaphore::new(1)),
            clock: OnceLock::new(),
        }
    }
}

#[derive(Default)]
pub(crate) struct Contents {
    /// Of every id that was ever used; no state after a removal.
    pub(crate) aggregates: BTreeMap<AggregateKey, (Version, Option<AnyState>)>,
    pub(crate) journal: Vec<Envelope>,
    pub(crate) event_ids: HashSet<Uuid>,
    pub(crate) outcomes: BTreeMap<Uuid, (RecordedOutcome, Kept)>,
    pub(crate) checkpoints: BTreeMap<SubscriptionId, Checkpoint>,
    pub(crate) resets: Vec<(SubscriptionId, Position, Reset)>,
    pub(crate) deadlines: BTreeMap<(String, Uuid), Deadline>,
    pub(crate) leases: BTreeMap<SubscriptionId, HeldLease>,
}

impl Data {
    pub(crate) fn look(&self) -> MutexGuard<'_, Contents> {
        self.contents.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One transaction. The change checks everything before it changes anything, so that an error leaves what was
    /// there before.
    pub(crate) fn transaction<T>(&self, change: impl FnOnce(&mut Contents) -> Result<T>) -> Result<T> {
        let mut contents = self.look();
        let answer = change(&mut contents)?;
        let head = contents.head();
        self.head.send_if_modified(|known| std::mem::replace(known, head) != head);
        Ok(answer)
    }

    pub(crate) fn reset_records(&self, subscription: &SubscriptionId) -> Vec<(Position, Reset)> {
        let contents = self.look();
        let ours = contents.resets.iter().filter(|(whose, ..)| whose == subscription);
        ours.map(|(_, from, reset)| (*from, reset.clone())).collect()
    }
}

impl Contents {
    pub(crate) fn head(&self) -> Position {
        self.journal.last().map_or(Position::ZERO, |last| last.position)
    }
}

impl std::fmt::Debug for Data {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Debug::fmt(&*self.look(), formatter)
    }
}

impl std::fmt::Debug for Contents {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Contents").field("head", &self.head()).finish_non_exhaustive()
    }
}
