//! Moving a store: everything in it that cannot be made anew, shown by one store and taken over by another.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    Checkpoint, Checkpoints, Deadline, Envelope, Epoch, Error, Journal, Kept, Position, RecordedOutcome,
    RecordedReset, Result, SubscriptionId, Timestamp, WriteStore,
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
/// part over twice is as good as once. Once it is none any more it takes nothing over: whoever goes on is
/// [fenced](crate::Error::Fenced).
///
/// A store that is *handed over* to another one takes no more writes, from whatever process, those that began before
/// included: they are answered [`Error::Unavailable`](crate::Error::Unavailable) with where it goes to. Only the store that
/// hands it over, which was opened for that, still can, to take it back.
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

    /// The same, of those that were written at this time or later by the clock of whoever wrote them. Looks at every
    /// outcome that is there.
    ///
    /// # Errors
    /// As [`store_id`](Self::store_id).
    async fn outcomes_since(
        &self,
        since: Timestamp,
        after: Option<Uuid>,
        limit: usize,
    ) -> Result<Vec<KeptOutcome>>;

    /// Counts the outcomes that are kept beyond this time, and adds up when they were written.
    ///
    /// # Errors
    /// As [`store_id`](Self::store_id).
    async fn outcome_totals(&self, beyond: Timestamp) -> Result<OutcomeTotals>;

    /// Up to `limit` deadlines beyond this one, by aggregate and process.
    ///
    /// # Errors
    /// As [`store_id`](Self::store_id).
    async fn deadlines(&self, after: Option<&Deadline>, limit: usize) -> Result<Vec<Deadline>>;

    /// The newest epoch of each subscription that ever had an owner.
    ///
    /// # Errors
    /// As [`store_id`](Self::store_id).
    async fn epochs(&self) -> Result<Vec<(SubscriptionId, Epoch)>>;

    /// Up to `limit` records of checkpoints that were moved by hand, in the order in which that happened, without the first
    /// `skip` of them.
    ///
    /// # Errors
    /// As [`store_id`](Self::store_id).
    async fn recorded_resets(&self, skip: u64, limit: usize) -> Result<Vec<RecordedReset>>;

    /// Begins to take over the store with this id, or goes on with it.
    ///
    /// # Errors
    /// [`Error::AlreadyExists`](crate::Error::AlreadyExists) where this store has events of its own, or is the
    /// unfinished copy of another one.
    async fn begin_copy(&self, of: &str) -> Result<()>;

    /// Takes this over.
    ///
    /// # Errors
    /// [`Error::Conflict`](crate::Error::Conflict) for events that do not follow on the last one here, and records that
    /// do not;
    /// [`Error::Unavailable`](crate::Error::Unavailable) where nothing was taken over.
    async fn take_over(&self, part: Part) -> Result<()>;

    /// Makes the states of some aggregates of their histories: those beyond this one, in the order of ids and types.
    /// Answers the last of them; `None` behind the last one of all.
    ///
    /// # Errors
    /// [`Error::Invalid`](crate::Error::Invalid), naming the position, for an event that this program cannot read.
    async fn rebuild(&self, after: Option<Named>) -> Result<Option<Named>>;

    /// Brings the states of these aggregates up to their histories, going on from what is stored of them.
    ///
    /// # Errors
    /// As [`rebuild`](Self::rebuild).
    async fn renew(&self, names: &[Named]) -> Result<()>;

    /// Takes the copy into these hands, whoever's it is in, or only `held` ones: from now on nobody else can end it.
    ///
    /// # Errors
    /// [`Error::Fenced`](crate::Error::Fenced) where it is no unfinished copy, or not in the hands that it was to be in.
    async fn claim_copy(&self, hands: Uuid, held: Option<Uuid>) -> Result<()>;

    /// Ends the copy: the store opens like any other from now on.
    ///
    /// # Errors
    /// [`Error::Fenced`](crate::Error::Fenced) where it is no unfinished copy, or in other hands than these;
    /// [`Error::Unavailable`](crate::Error::Unavailable) where it cannot be written.
    async fn end_copy(&self, hands: Uuid) -> Result<()>;

    /// Where this store is handed over to.
    ///
    /// # Errors
    /// As [`store_id`](Self::store_id).
    async fn moved(&self) -> Result<Option<Moved>>;

    /// Hands this store over, or says more of that: when this returns, nobody writes to it any more.
    ///
    /// # Errors
    /// [`Error::AlreadyExists`](crate::Error::AlreadyExists) where it is handed over to another store than this one, or by
    /// other hands;
    /// [`Error::Unavailable`](crate::Error::Unavailable) where it cannot be written.
    async fn hand_over(&self, moved: &Moved) -> Result<()>;

    /// Takes it back from the store with this id, to which these hands have handed it over: whoever could write to it
    /// before can again. Nothing happens where it was not handed over.
    ///
    /// # Errors
    /// [`Error::AlreadyExists`](crate::Error::AlreadyExists) where it is handed over to another store than this one, or by
    /// other hands;
    /// [`Error::Unavailable`](crate::Error::Unavailable) where it cannot be written.
    async fn take_back(&self, from: &str, hands: Uuid) -> Result<()>;
}

/// Where a store is handed over to: kept in the store itself, for every process that has it open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    /// The address of the other store, without user, password and options.
    pub to: String,
    /// The id of the other store: whoever opens it sees by that whether it is the one.
    pub store_id: String,
    /// Which run of a switch has done so. A store that says none was handed over by a program of before there were any.
    #[serde(default)]
    pub hands: Uuid,
    /// Since when.
    pub since: Timestamp,
    /// Whether the other one is whole and takes commands.
    pub is_done: bool,
}

impl Moved {
    /// What a write to the store of this name is answered.
    #[must_use]
    pub fn refusal(&self, store: &impl std::fmt::Display) -> Error {
        let Self { to, .. } = self;
        Error::unavailable(if self.is_done {
            format!("{store} has moved to {to} and is only read here; name that one")
        } else {
            format!("{store} is being moved to {to} and takes no commands meanwhile; try again in a moment")
        })
    }
}

/// What two stores are compared by that have the same outcomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OutcomeTotals {
    /// How many.
    pub count: u64,
    /// The sum of when each was written, of which each gives its remainder by a fixed number.
    pub sum: u64,
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
    /// These deadlines are over.
    Over(Vec<Deadline>),
    /// Checkpoints, of subscriptions that are not there yet or are there at any position.
    Checkpoints(Vec<Checkpoint>),
    /// Epochs, so that an owner in the former store is fenced in this one. A newer one that is there stays.
    Epochs(Vec<(SubscriptionId, Epoch)>),
    /// Records of checkpoints that were moved by hand.
    Resets {
        /// How many there are before these. Those that are here already are not taken over again.
        skipped: u64,
        /// The records, in order.
        records: Vec<RecordedReset>,
    },
}

/// Whether these events follow on this position, whole commits of them.
#[must_use]
pub fn follows(events: &[Envelope], last: Position) -> bool {
    let dense = (last.get() + 1..).zip(events).all(|(position, event)| event.position == Position(position));
    dense && events.last().is_none_or(|event| event.position == event.commit_position)
}
