//! Leases: which process runs a shared subscription.

use std::any::Any;
use std::fmt;
use std::time::Duration;

use async_trait::async_trait;

use crate::{Epoch, Result, SubscriptionId};

/// Who runs a shared subscription: one process at a time.
///
/// # Behaviour
/// - Each grant has an [`Epoch`] of its own, higher than every one before it. Whatever moves the subscription's
///   checkpoint, or stops it, names its epoch and is refused under an older one, so that an owner that was given up for dead and
///   wakes again changes nothing.
/// - A lease ends when it is [released](Self::release), and when its process ends: at once where the system tells
///   ([`term`](Self::term) is `None`), otherwise when it was not [extended](Self::extend) for its term. That is
///   measured by the store's clock alone, so that owners whose clocks disagree come to the same end.
#[async_trait]
pub trait Leases: Send + Sync + 'static {
    /// Tries to become the owner. It waits for nobody.
    ///
    /// # Errors
    /// [`Error::Unavailable`](crate::Error::Unavailable) where the store cannot be reached.
    async fn claim(&self, subscription: &SubscriptionId) -> Result<Claim>;

    /// Begins the term anew.
    ///
    /// # Errors
    /// [`Error::Fenced`](crate::Error::Fenced) where somebody else owns the subscription, or owned it meanwhile, or
    /// it was given back; [`Error::Unavailable`](crate::Error::Unavailable) where the store cannot be reached.
    async fn extend(&self, lease: &Lease) -> Result<()>;

    /// Gives it back, so that the next claim is granted at once. Nothing happens to one that is another owner's by
    /// now.
    ///
    /// # Errors
    /// [`Error::Unavailable`](crate::Error::Unavailable) where the store cannot be reached; the lease then ends with
    /// its term.
    async fn release(&self, lease: Lease) -> Result<()>;

    /// Waits until this lease is known to have ended otherwise than by its term: its store was exchanged for another.
    /// Where stores are not exchanged, for ever.
    async fn ended(&self, lease: &Lease) {
        let _ = lease;
        std::future::pending().await
    }

    /// How long a lease lasts that is not extended; `None` where it lasts as long as its process, and dropping it
    /// gives it back.
    fn term(&self) -> Option<Duration>;
}

/// The answer to a claim.
#[derive(Debug)]
pub enum Claim {
    /// The caller owns it.
    Granted(Lease),
    /// Another owner has it.
    Taken {
        /// Who, in words, where that is known: a process, and where several machines share the store its machine.
        by: Option<String>,
    },
}

/// Ownership of a shared subscription.
pub struct Lease {
    subscription: SubscriptionId,
    epoch: Epoch,
    guard: Option<Box<dyn Any + Send + Sync>>,
}

impl Lease {
    /// A lease that its store keeps.
    #[must_use]
    pub const fn new(subscription: SubscriptionId, epoch: Epoch) -> Self {
        Self { subscription, epoch, guard: None }
    }

    /// A lease that is held as long as `guard` lives.
    pub fn guarded(subscription: SubscriptionId, epoch: Epoch, guard: impl Any + Send + Sync) -> Self {
        Self { subscription, epoch, guard: Some(Box::new(guard)) }
    }

    /// What it is held by, where that is such a thing.
    #[must_use]
    pub fn guard<T: Any>(&self) -> Option<&T> {
        self.guard.as_ref()?.downcast_ref()
    }

    /// The same, taken out of it.
    #[must_use]
    pub fn into_guard<T: Any>(self) -> Option<Box<T>> {
        let guard: Box<dyn Any> = self.guard?;
        guard.downcast().ok()
    }

    /// What is owned.
    #[must_use]
    pub const fn subscription(&self) -> &SubscriptionId {
        &self.subscription
    }

    /// What its owner's writes name.
    #[must_use]
    pub const fn epoch(&self) -> Epoch {
        self.epoch
    }
}

impl fmt::Debug for Lease {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Lease({} in epoch {})", self.subscription, self.epoch)
    }
}
