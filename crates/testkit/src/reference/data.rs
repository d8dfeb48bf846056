//! What a reference store holds.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use portolan_kernel::{
    AggregateKey, AnyState, Checkpoint, Deadline, Envelope, Kept, Position, RecordedOutcome, Reset, Result,
    SubscriptionId, Version,
};
use tokio::sync::watch;
use uuid::Uuid;

/// All of one store; shared by those who have it open.
#[derive(Debug)]
pub(super) struct Data {
    contents: Mutex<Contents>,
    /// The head, for those who wait.
    pub(super) head: watch::Sender<Position>,
}

impl Default for Data {
    fn default() -> Self {
        Self { contents: Mutex::default(), head: watch::Sender::new(Position::ZERO) }
    }
}

#[derive(Default)]
pub(super) struct Contents {
    /// Of every id that was ever used; no state after a removal.
    pub(super) aggregates: BTreeMap<AggregateKey, (Version, Option<AnyState>)>,
    pub(super) journal: Vec<Envelope>,
    pub(super) event_ids: HashSet<Uuid>,
    pub(super) outcomes: BTreeMap<Uuid, (RecordedOutcome, Kept)>,
    pub(super) checkpoints: BTreeMap<SubscriptionId, Checkpoint>,
    pub(super) resets: Vec<(SubscriptionId, Position, Reset)>,
    pub(super) deadlines: BTreeMap<(String, Uuid), Deadline>,
}

impl Data {
    pub(super) fn look(&self) -> MutexGuard<'_, Contents> {
        self.contents.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One transaction. The change checks everything before it changes anything, so that an error leaves what was
    /// there before.
    pub(super) fn transaction<T>(&self, change: impl FnOnce(&mut Contents) -> Result<T>) -> Result<T> {
        let mut contents = self.look();
        let answer = change(&mut contents)?;
        let head = contents.head();
        self.head.send_if_modified(|known| std::mem::replace(known, head) != head);
        Ok(answer)
    }

    pub(super) fn reset_records(&self, subscription: &SubscriptionId) -> Vec<(Position, Reset)> {
        let contents = self.look();
        let ours = contents.resets.iter().filter(|(whose, ..)| whose == subscription);
        ours.map(|(_, from, reset)| (*from, reset.clone())).collect()
    }
}

impl Contents {
    pub(super) fn head(&self) -> Position {
        self.journal.last().map_or(Position::ZERO, |last| last.position)
    }
}

impl std::fmt::Debug for Contents {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Contents").field("head", &self.head()).finish_non_exhaustive()
    }
}
