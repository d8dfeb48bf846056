//! Subscriptions' checkpoints: how far each has come, and whether it runs.

use std::fmt;

use async_trait::async_trait;

use crate::{Epoch, Position, Result, Timestamp};

/// The name of a subscription and the version of what it does: two versions of one have a checkpoint each.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SubscriptionId {
    /// Stable, in snake case.
    pub name: String,
    /// From 1; a new version begins from the start.
    pub version: u16,
}

impl SubscriptionId {
    /// The subscription of this name and version.
    pub fn new(name: impl Into<String>, version: u16) -> Self {
        Self { name: name.into(), version }
    }
}

impl fmt::Display for SubscriptionId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}@{}", self.name, self.version)
    }
}

/// How far a shared subscription has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Whose it is.
    pub subscription: SubscriptionId,
    /// The last position that is done; 0: none.
    pub position: Position,
    /// Whether it runs.
    pub status: Status,
}

/// Whether a subscription runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// It does, where a process runs it.
    Running,
    /// An operator paused it; every process obeys.
    Paused,
    /// It could not get past an event, and says why. An operator resumes it.
    Stopped {
        /// The last failure, with its position.
        reason: String,
    },
}

/// A step forward of a shared subscription, in the hands of one owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advance {
    /// Whose checkpoint.
    pub subscription: SubscriptionId,
    /// The epoch of the [lease](crate::Lease) that it is done under: the newest that was granted, or
    /// [`Epoch::ZERO`] where none ever was. Under any other it is refused.
    pub epoch: Epoch,
    /// Where the checkpoint is.
    pub from: Position,
    /// Where it goes.
    pub to: Position,
}

impl Advance {
    /// The step of a subscription that nobody ever had a lease of.
    #[must_use]
    pub fn new(subscription: &SubscriptionId, from: Position, to: Position) -> Self {
        Self { subscription: subscription.clone(), epoch: Epoch::ZERO, from, to }
    }

    /// The same step, under this lease.
    #[must_use]
    pub fn under(self, epoch: Epoch) -> Self {
        Self { epoch, ..self }
    }
}

/// Who moved a checkpoint back, and why: kept for ever.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reset {
    /// Where to.
    pub to: Position,
    /// Who asked.
    pub by: String,
    /// Why.
    pub reason: String,
}

/// That a checkpoint was moved by hand, as a store has it on record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedReset {
    /// Whose checkpoint.
    pub subscription: SubscriptionId,
    /// Where it was.
    pub from: Position,
    /// Where it went, who asked, and why.
    pub reset: Reset,
    /// When.
    pub reset_at: Timestamp,
}

/// Where shared subscriptions keep how far they are: in the store that they fill, so that a read model and its
/// checkpoint move in one transaction.
#[async_trait]
pub trait Checkpoints: Send + Sync + 'static {
    /// The checkpoint; `None` where it was never initialised.
    ///
    /// # Errors
    /// [`Error::Unavailable`](crate::Error::Unavailable) where the store cannot be read.
    async fn get(&self, subscription: &SubscriptionId) -> Result<Option<Checkpoint>>;

    /// All checkpoints, by name and version.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    async fn list(&self) -> Result<Vec<Checkpoint>>;

    /// Makes it, running, at this position.
    ///
    /// # Errors
    /// [`Error::AlreadyExists`](crate::Error::AlreadyExists) where it is there.
    async fn initialise(&self, subscription: &SubscriptionId, at: Position) -> Result<()>;

    /// Moves it on.
    ///
    /// # Errors
    /// [`Error::Fenced`](crate::Error::Fenced) where the subscription has another owner by now;
    /// [`Error::Conflict`](crate::Error::Conflict) where it is not at [`Advance::from`] (0 as the actual position
    /// where it is not there); [`Error::Invalid`](crate::Error::Invalid) where [`Advance::to`] is before that.
    async fn advance(&self, advance: &Advance) -> Result<()>;

    /// Moves it anywhere, back included, and records who did it, from where, to where and why.
    /// Answers where it was.
    ///
    /// # Errors
    /// [`Error::NotFound`](crate::Error::NotFound) where it is not there.
    async fn reset(&self, subscription: &SubscriptionId, reset: &Reset) -> Result<Position>;

    /// Sets whether it runs: an operator does so, whoever owns the subscription.
    ///
    /// # Errors
    /// [`Error::NotFound`](crate::Error::NotFound) where it is not there.
    async fn set_status(&self, subscription: &SubscriptionId, status: Status) -> Result<()>;

    /// Stops it in front of what its owner could not get past. A former owner stops nobody's subscription but its own,
    /// which is over.
    ///
    /// # Errors
    /// [`Error::Fenced`](crate::Error::Fenced) under any epoch but that of the present owner;
    /// [`Error::NotFound`](crate::Error::NotFound) where it is not there.
    async fn stop(&self, subscription: &SubscriptionId, epoch: Epoch, reason: String) -> Result<()>;
}
