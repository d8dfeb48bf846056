//! What a unit of work ships to its store: neutral of any store, complete, and small.

use std::any::Any;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    AggregateKey, AnyState, Error, Expected, Idempotency, NewEvent, Position, Refusal, Result, Timestamp,
    Version,
};

/// Everything that one command wants written, and what it takes for granted.
///
/// A store commits it whole or not at all: state, events and the command's outcome in one transaction.
#[derive(Debug, Clone)]
pub struct ChangeSet {
    /// The command.
    pub command_id: Uuid,
    /// Set where the outcome is kept under the command's id.
    pub idempotency: Option<Idempotency>,
    /// What happened when: every event's `occurred_at`.
    pub occurred_at: Timestamp,
    /// [`Metadata`](crate::Metadata) as JSON, the same for every event.
    pub metadata: Arc<str>,
    /// The aggregates that change, each once.
    pub changes: Vec<Change>,
    /// The aggregates that were only read and must still be as they were.
    pub reads: Vec<(AggregateKey, Expected)>,
    /// What the caller is told.
    pub answer: Answer,
}

impl ChangeSet {
    /// Whether a store has nothing to write for it, nor to wait for.
    #[must_use]
    pub fn is_read_only(&self) -> bool {
        self.changes.is_empty() && self.idempotency.is_none() && !self.is_follower()
    }

    /// Whether it was decided on a state that was not committed yet.
    #[must_use]
    pub fn is_follower(&self) -> bool {
        self.expectations().any(|(_, expected)| matches!(expected, Expected::MadeBy(..)))
    }

    /// About how many bytes of memory it takes while it waits: its events and their metadata. The state is shared
    /// with whoever decided on it.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let events = self.changes.iter().flat_map(|change| &change.events);
        let texts: usize = events.map(|event| size_of::<NewEvent>() + event.payload.len()).sum();
        size_of::<Self>() + self.metadata.len() + texts
    }

    /// Every aggregate that it takes something for granted about, with what.
    pub fn expectations(&self) -> impl Iterator<Item = (AggregateKey, Expected)> + '_ {
        let changes = self.changes.iter().map(|change| (change.key, change.expected));
        changes.chain(self.reads.iter().copied())
    }

    /// The outcome, given the version that each change led to (in the order of `changes`) and the position of
    /// the last event; that of the journal's head where there are no events.
    #[must_use]
    pub fn outcome(&self, versions: &[Version], position: Position) -> Outcome {
        match &self.answer {
            Answer::Refusal(refusal) => Outcome::Refused(refusal.clone()),
            Answer::Receipt { about, read_at } => {
                let changed = self.changes.iter().position(|change| change.key == *about);
                let version = changed.and_then(|index| versions.get(index)).copied().unwrap_or(*read_at);
                Outcome::Accepted(Receipt { id: about.id, version, position })
            }
        }
    }
}

/// What happens to one aggregate.
#[derive(Clone)]
pub struct Change {
    /// Which one.
    pub key: AggregateKey,
    /// The version that the change builds on.
    pub expected: Expected,
    /// Its state afterwards, shared; `None`: it is removed.
    pub state: Option<AnyState>,
    /// What happened, serialised, in order; a removal is the last.
    pub events: Vec<NewEvent>,
    /// What happened, typed: a `Vec` of the aggregate's event type, for a mapper that learns from events which
    /// rows change.
    pub typed_events: Arc<dyn Any + Send + Sync>,
}

impl Change {
    /// The version that it leads to from `current`: 0 where the id was never used.
    #[must_use]
    pub const fn version_after(&self, current: Version) -> Version {
        current.plus(self.events.len() as u64)
    }
}

impl std::fmt::Debug for Change {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let types: Vec<_> = self.events.iter().map(|event| event.event_type).collect();
        formatter
            .debug_struct("Change")
            .field("key", &self.key)
            .field("expected", &self.expected)
            .field("events", &types)
            .finish_non_exhaustive()
    }
}

/// What the caller of a command is told once it is committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// A receipt about this aggregate.
    Receipt {
        /// The aggregate that the command was about.
        about: AggregateKey,
        /// Its version where the command left it unchanged.
        read_at: Version,
    },
    /// The domain's no; the change set has no changes.
    Refusal(Refusal),
}

/// Proof that a command was committed. Its position is the consistency token for later reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The aggregate that the command was about.
    pub id: Uuid,
    /// Its version now.
    pub version: Version,
    /// The position of the command's last event; of the journal's head where it had none.
    pub position: Position,
}

/// The answer to a command, as it is kept for a repeat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was done.
    Accepted(Receipt),
    /// The domain said no.
    Refused(Refusal),
}

/// What a store answers to a [`ChangeSet`] that did not fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Committed {
    /// It is durable now.
    Done {
        /// What to tell the caller.
        outcome: Outcome,
        /// The version that each change led to, in the order of the changes.
        versions: Vec<Version>,
    },
    /// The command's id was there with the same payload: its first outcome. Nothing was written.
    Repeated(Outcome),
    /// The command's id was there with another payload. Nothing was written.
    Reused,
}

impl Committed {
    /// How a store answers a command id that it has a record of.
    #[must_use]
    pub fn repeated(change_set: &ChangeSet, recorded: &RecordedOutcome) -> Self {
        match change_set.idempotency {
            Some(idempotency) if idempotency.fingerprint.0 != recorded.fingerprint => Self::Reused,
            _ => Self::Repeated(recorded.outcome.clone()),
        }
    }
}

/// The record of a command: its payload's digest and its outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedOutcome {
    /// [`Fingerprint`](crate::Fingerprint) of the payload.
    pub fingerprint: [u8; 16],
    /// The first outcome.
    pub outcome: Outcome,
}

/// Whether `current` (no version: there is none with this id) is what was expected.
///
/// A version does not tell which event made it: for a store that compares no more than versions,
/// [`Expected::MadeBy`] is always a conflict.
///
/// # Errors
/// [`Error::AlreadyExists`] where the aggregate was to be made, [`Error::Conflict`] with both versions otherwise.
pub fn check_expected(
    key: AggregateKey,
    expected: Expected,
    current: Option<Version>,
    creates: bool,
) -> Result<()> {
    match (expected, current) {
        (Expected::Absent, None) => Ok(()),
        (Expected::At(expected), Some(current)) if expected == current => Ok(()),
        (Expected::Absent, Some(_)) if creates => Err(Error::AlreadyExists(key.to_string())),
        (Expected::Absent, current) => Err(Error::conflict(key, None, current)),
        (Expected::At(expected) | Expected::MadeBy(expected, _), current) => {
            Err(Error::conflict(key, Some(expected), current))
        }
    }
}
