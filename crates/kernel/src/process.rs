//! What follows events: handlers in the process, processes that send commands, and deadlines.

use async_trait::async_trait;
use uuid::Uuid;

use crate::{Advance, Command, Recorded, Refusal, Result, Timestamp};

/// Reacts to events inside the process: counts, logs, wakes something. At least once for each event; an error is
/// tried again, and stops the subscription when the attempts are spent.
#[async_trait]
pub trait EventHandler<E: Send + Sync>: Send + Sync + 'static {
    /// Stable, in snake case.
    fn name(&self) -> &'static str;

    /// Takes note of the event.
    ///
    /// # Errors
    /// Whatever made it fail; it will be called again with the same event.
    async fn handle(&self, event: &Recorded<E>) -> Result<()>;
}

/// A process (process manager): when this happened, send that command. It decides from the event alone; whatever
/// is retried or crashes, each command happens once, for its id derives from the event's.
pub trait Process<E>: Send + Sync + 'static {
    /// What it sends.
    type Command: Command;

    /// Stable, in snake case: part of every command's id.
    fn name(&self) -> &'static str;

    /// The commands that this event causes, in order.
    fn react(&self, event: &Recorded<E>) -> Vec<Self::Command>;

    /// Whether this refusal says that the work is done already.
    fn is_done(&self, refusal: &Refusal) -> bool;
}

/// The id of the `index`th command that the process `name` sends for an event: UUID version 5 with the event's id
/// as namespace and `<process>/<n>` as name.
#[must_use]
pub fn reaction_id(event_id: Uuid, name: &str, index: usize) -> Uuid {
    Uuid::new_v5(&event_id, format!("{name}/{index}").as_bytes())
}

/// A process whose commands wait for a time.
pub trait DeadlineProcess<E>: Send + Sync + 'static {
    /// What it sends when the time has come.
    type Command: Command;

    /// Stable, in snake case: part of every command's id.
    fn name(&self) -> &'static str;

    /// What the event does to the deadline of its aggregate.
    fn schedule(&self, event: &Recorded<E>) -> Schedule;

    /// The command to send when the deadline has come.
    fn command(&self, deadline: &Deadline) -> Self::Command;

    /// Whether this refusal says that the work is done already.
    fn is_done(&self, refusal: &Refusal) -> bool;
}

/// What an event does to a deadline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Schedule {
    /// Nothing.
    Keep,
    /// Sets it, or moves it.
    At(Timestamp),
    /// It is over.
    Clear,
}

/// A time at which something is to happen to an aggregate. An aggregate has one for each process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deadline {
    /// [`DeadlineProcess::name`].
    pub process: String,
    /// The aggregate.
    pub aggregate_id: Uuid,
    /// When.
    pub due_at: Timestamp,
    /// The event that set it: the cause of the command, and the namespace of its id.
    pub event_id: Uuid,
    /// The conversation of that event, which the command belongs to as well.
    pub correlation_id: Uuid,
    /// Its W3C Trace Context, where it had one.
    pub traceparent: Option<String>,
}

/// A change to the kept deadlines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeadlineChange {
    /// It is there, at its time.
    Set(Deadline),
    /// It is not there.
    Clear {
        /// [`DeadlineProcess::name`].
        process: String,
        /// The aggregate.
        aggregate_id: Uuid,
    },
}

/// Where deadlines are kept, durably: beside the checkpoint of the subscription that fills them.
#[async_trait]
pub trait Deadlines: Send + Sync + 'static {
    /// Applies the changes in order and moves the subscription's checkpoint, in one transaction.
    ///
    /// # Errors
    /// As [`Checkpoints::advance`](crate::Checkpoints::advance); nothing is changed then.
    async fn apply(&self, advance: &Advance, changes: Vec<DeadlineChange>) -> Result<()>;

    /// The deadlines of a process that are due by `now`, earliest first, at most `limit`.
    ///
    /// # Errors
    /// [`Error::Unavailable`](crate::Error::Unavailable) where the store cannot be read.
    async fn due(&self, process: &str, now: Timestamp, limit: usize) -> Result<Vec<Deadline>>;

    /// The time of the earliest deadline of a process; `None` where it has none.
    ///
    /// # Errors
    /// As [`due`](Self::due).
    async fn next(&self, process: &str) -> Result<Option<Timestamp>>;

    /// Forgets this deadline; one that has been moved since stays.
    ///
    /// # Errors
    /// As [`due`](Self::due).
    async fn complete(&self, deadline: &Deadline) -> Result<()>;
}
