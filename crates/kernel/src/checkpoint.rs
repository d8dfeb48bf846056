//! Subscriptions' checkpoints: how far each has come, and whether it runs.

use std::fmt;

use async_trait::async_trait;

use crate::{Position, Result};

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
    /// [`Error::Conflict`](crate::Error::Conflict) where it is not at `from` (0 as the actual position where it
    /// is not there); [`Error::Invalid`](crate::Error::Invalid) where `to` is before `from`.
    async fn advance(&self, subscription: &SubscriptionId, from: Position, to: Position) -> Result<()>;

    /// Moves it anywhere, back included, and records who did it, from where, to where and why.
    /// Answers where it was.
    ///
    /// # Errors
    /// [`Error::NotFound`](crate::Error::NotFound) where it is not there.
    async fn reset(&self, subscription: &SubscriptionId, reset: &Reset) -> Result<Position>;

    /// Sets whether it runs.
    ///
    /// # Errors
    /// [`Error::NotFound`](crate::Error::NotFound) where it is not there.
    async fn set_status(&self, subscription: &SubscriptionId, status: Status) -> Result<()>;
}

/// Who runs a shared subscription: one process at a time.
#[async_trait]
pub trait Leases: Send + Sync + 'static {
    /// Tries to become the one owner of this name. Dropping the lease, and the end of the process, give it back.
    ///
    /// # Errors
    /// [`Error::Unavailable`](crate::Error::Unavailable) where the store cannot be reached.
    async fn claim(&self, name: &str) -> Result<Claim>;
}

/// The answer to a claim.
#[derive(Debug)]
pub enum Claim {
    /// The caller owns it until it drops the lease.
    Granted(Lease),
    /// Another owner has it.
    Taken {
        /// Who, where that is known: a process id.
        by: Option<String>,
    },
}

/// Ownership of a name; given back by dropping it.
pub struct Lease(
    #[expect(dead_code, reason = "held for what its drop does")] Box<dyn std::any::Any + Send + Sync>,
);

impl Lease {
    /// A lease that is held as long as `guard` lives.
    pub fn new(guard: impl std::any::Any + Send + Sync) -> Self {
        Self(Box::new(guard))
    }
}

impl fmt::Debug for Lease {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Lease")
    }
}
