//! Leases: of one process, so that each is held until it is given back or dropped.

use std::sync::Weak;
use std::time::Duration;

use async_trait::async_trait;
use portolan_kernel::{Claim, Epoch, Error, Lease, Leases, Result, SubscriptionId};

use super::MemoryStore;
use super::store::Inner;

#[async_trait]
impl Leases for MemoryStore {
    async fn claim(&self, subscription: &SubscriptionId) -> Result<Claim> {
        let mut contents = self.look()?;
        let held = contents.leases.entry(subscription.clone()).or_default();
        if held.is_held {
            return Ok(Claim::Taken { by: Some(format!("process {}", std::process::id())) });
        }
        held.epoch = Epoch(held.epoch.get() + 1);
        held.is_held = true;
        let store = std::sync::Arc::downgrade(&self.0);
        let guard = Guard { store, subscription: subscription.clone(), epoch: held.epoch };
        Ok(Claim::Granted(Lease::guarded(subscription.clone(), held.epoch, guard)))
    }

    async fn extend(&self, lease: &Lease) -> Result<()> {
        match self.look()?.leases.get(lease.subscription()) {
            Some(held) if held.is_held && held.epoch == lease.epoch() => Ok(()),
            _ => Err(Error::Fenced(format!("the subscription {}", lease.subscription()))),
        }
    }

    async fn release(&self, lease: Lease) -> Result<()> {
        // Its guard does so.
        drop(lease);
        Ok(())
    }

    fn term(&self) -> Option<Duration> {
        None
    }
}

/// Gives a lease back when it is dropped.
struct Guard {
    store: Weak<Inner>,
    subscription: SubscriptionId,
    epoch: Epoch,
}

impl Drop for Guard {
    fn drop(&mut self) {
        let Some(inner) = self.store.upgrade() else { return };
        let store = MemoryStore(inner);
        let mut contents = store.lock();
        if let Some(held) =
            contents.leases.get_mut(&self.subscription).filter(|held| held.epoch == self.epoch)
        {
            held.is_held = false;
        }
    }
}
