//! Leases: who owns a shared subscription, and until when by the store's clock.

use std::time::Duration;

use async_trait::async_trait;
use portolan_kernel::{Claim, Epoch, Error, Lease, Leases, Result, SubscriptionId, Timestamp};

use super::ReferenceStore;

/// How long a lease lasts that is not extended.
pub(crate) const TERM: Duration = Duration::from_secs(5);

/// The present owner of a subscription, or the last.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct HeldLease {
    pub(crate) epoch: Epoch,
    /// None where it was given back.
    pub(crate) ends_at: Option<Timestamp>,
}

#[async_trait]
impl Leases for ReferenceStore {
    async fn claim(&self, subscription: &SubscriptionId) -> Result<Claim> {
        // Others run in between, as they do round every store that does I/O.
        tokio::task::yield_now().await;
        let now = self.store_now();
        self.data.transaction(|contents| {
            let held = contents.leases.entry(subscription.clone()).or_default();
            if held.ends_at.is_some_and(|ends_at| ends_at > now) {
                return Ok(Claim::Taken { by: None });
            }
            *held = HeldLease { epoch: Epoch(held.epoch.get() + 1), ends_at: Some(now.plus(TERM)) };
            Ok(Claim::Granted(Lease::new(subscription.clone(), held.epoch)))
        })
    }

    async fn extend(&self, lease: &Lease) -> Result<()> {
        let now = self.store_now();
        self.data.transaction(|contents| match contents.leases.get_mut(lease.subscription()) {
            Some(held) if held.epoch == lease.epoch() && held.ends_at.is_some() => {
                held.ends_at = Some(now.plus(TERM));
                Ok(())
            }
            _ => Err(Error::Fenced(format!("the subscription {}", lease.subscription()))),
        })
    }

    async fn release(&self, lease: Lease) -> Result<()> {
        self.data.transaction(|contents| {
            let held = contents.leases.get_mut(lease.subscription());
            if let Some(held) = held.filter(|held| held.epoch == lease.epoch()) {
                held.ends_at = None;
            }
            Ok(())
        })
    }

    fn term(&self) -> Option<Duration> {
        Some(TERM)
    }
}
