//! Moving a store: everything in it that cannot be made anew, shown by one store and taken over by another.

use async_trait::async_trait;
use uuid::Uuid;

use crate::{
    Checkpoint, Checkpoints, Deadline, Envelope, Journal, Kept, Position, RecordedOutcome, Result, Timestamp,
    WriteStore,
};

/// A store that can be moved to another, whatever keeps either of them.
///
/// Its journal is copied as it is: positions, event ids and times. States, and read models, are made of the journal
/// anew. What neither the journal nor a state tells is shown in pages, each in the order of its key, and taken over
/// likewise: outcomes of commands, deadlines, checkpoints.
///
/// # Behaviour
/// A store that takes another over is an *unfinished copy* from [`begin_copy`](Self::begin_copy) to
/// [`end_copy`](Self::end_copy): it opens for nothing else, and a copy that was broken off goes on where it was. Taking a
/// part over twice is as good as once.
#[async_trait]
pub trait Transfer: WriteStore + Journal + Checkpoints {
    /// The id that the store was made with.
    ///
    /// # Errors
    /// [`Error::Unavailable`](crate::Error::Unavailable) where the store cannot be read; so with all that show.
    async fn store_id(&self) -> Result<String>;

    /// Up to `limit` outcomes of commands with ids beyond `after`, also those whose time is over and that are still
    /// there.
    ///
    /// # Errors
    /// As [`store_id`](Self::store_id).
    async fn outcomes(&self, after: Option<Uuid>, limit: usize) -> Result<Vec<KeptOutcome>>;

    /// Up to `limit` deadlines beyond this one, by aggregate and process.
    ///
    /// # Errors
    /// As [`store_id`](Self::store_id).
    async fn deadlines(&self, after: Option<&Deadline>, limit: usize) -> Result<Vec<Deadline>>;

    /// Begins to take over the store with this id, or goes on with it.
    ///
    /// # Errors
    /// [`Error::AlreadyExists`](crate::Error::AlreadyExists) where this store has events of its own, or is the
    /// unfinished copy of another one.
    async fn begin_copy(&self, of: &str) -> Result<()>;

    /// Takes this over.
    ///
    /// # Errors
    /// [`Error::Conflict`](crate::Error::Conflict) for events that do not follow on the last one here;
    /// [`Error::Unavailable`](crate::Error::Unavailable) where nothing was taken over.
    async fn take_over(&self, part: Part) -> Result<()>;

    /// Makes the states of some aggregates of their histories: those beyond this one, in the order of ids and types.
    /// Answers the last of them; `None` behind the last one of all.
    ///
    /// # Errors
    /// [`Error::Invalid`](crate::Error::Invalid), naming the position, for an event that this program cannot read.
    async fn rebuild(&self, after: Option<Named>) -> Result<Option<Named>>;

    /// Ends the copy: the store opens like any other from now on.
    ///
    /// # Errors
    /// [`Error::Unavailable`](crate::Error::Unavailable) where it cannot be written.
    async fn end_copy(&self) -> Result<()>;
}

/// An aggregate as a journal names it: by its id, and its type, which a program may not know.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Named {
    /// Its id.
    pub id: Uuid,
    /// Its type.
    pub aggregate_type: String,
}

/// The outcome of a command, with all that is kept of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptOutcome {
    /// The command.
    pub command_id: Uuid,
    /// Its payload's digest and its outcome.
    pub recorded: RecordedOutcome,
    /// How long it is kept.
    pub kept: Kept,
    /// When it was written.
    pub recorded_at: Timestamp,
}

/// Something that a store takes over from another.
#[derive(Debug, Clone)]
pub enum Part {
    /// Events as they were, whole commits of them, which follow on the last one here.
    Events(Vec<Envelope>),
    /// Outcomes of commands.
    Outcomes(Vec<KeptOutcome>),
    /// No deadline: those that are there are forgotten.
    NoDeadlines,
    /// Deadlines.
    Deadlines(Vec<Deadline>),
    /// Checkpoints, of subscriptions that are not there yet or are there at any position.
    Checkpoints(Vec<Checkpoint>),
}

/// Whether these events follow on this position, whole commits of them.
#[must_use]
pub fn follows(events: &[Envelope], last: Position) -> bool {
    let dense = (last.get() + 1..).zip(events).all(|(position, event)| event.position == Position(position));
    dense && events.last().is_none_or(|event| event.position == event.commit_position)
}
