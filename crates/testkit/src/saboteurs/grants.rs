//! What is known of the leases that a store has granted: who has which, so that a saboteur can take it away.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use async_trait::async_trait;
use portolan_kernel::{Claim, Epoch, Lease, Leases, Result, SubscriptionId, Timestamp};

use super::inner::Inner;

/// The newest grant of each subscription, of all stores at one place.
#[derive(Default)]
pub(super) struct Grants(Mutex<HashMap<SubscriptionId, Granted>>);

struct Granted {
    /// The store that granted it.
    store: Weak<dyn Leases>,
    epoch: Epoch,
    /// When its term began, by the store's clock.
    since: Timestamp,
    /// The lease itself, for as long as its owner has it.
    held: Weak<Slot>,
}

/// A lease that can be taken out of its owner's hands.
struct Slot(Mutex<Option<Lease>>);

impl Slot {
    fn look(&self) -> MutexGuard<'_, Option<Lease>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Grants {
    fn look(&self) -> MutexGuard<'_, HashMap<SubscriptionId, Granted>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How often it is tried to take a lease away that is just being granted to somebody.
const TRIES: usize = 200;

impl Inner {
    /// Claims what somebody else may have, who loses it.
    pub(super) async fn rob(&self, subscription: &SubscriptionId) -> Result<Claim> {
        let mut tries = 0;
        loop {
            self.take_away(subscription).await?;
            match self.claim(subscription).await? {
                // Nobody knows yet to whom.
                Claim::Taken { .. } if tries < TRIES => tokio::time::sleep(Duration::from_millis(1)).await,
                claim => return Ok(claim),
            }
            tries += 1;
        }
    }

    async fn take_away(&self, subscription: &SubscriptionId) -> Result<()> {
        let taken = self.place.grants.look().get(subscription).and_then(|granted| {
            let (store, slot) = (granted.store.upgrade()?, granted.held.upgrade()?);
            let lease = slot.look().take()?;
            Some((store, lease))
        });
        match taken {
            Some((store, lease)) => store.release(lease).await,
            None => Ok(()),
        }
    }

    /// The present owner's epoch, or the last one's; 0 where nobody ever had a lease.
    pub(super) fn epoch(&self, subscription: &SubscriptionId) -> Epoch {
        self.place.grants.look().get(subscription).map_or(Epoch::ZERO, |granted| granted.epoch)
    }

    /// Since when somebody has it; `None` where nobody does.
    pub(super) fn held_since(&self, subscription: &SubscriptionId) -> Option<Timestamp> {
        let grants = self.place.grants.look();
        let granted = grants.get(subscription)?;
        let is_held = granted.held.upgrade()?.look().is_some();
        is_held.then_some(granted.since)
    }

    /// Whether its owner has had it for so long at this time.
    pub(super) fn is_held_for(&self, subscription: &SubscriptionId, time: Duration, at: Timestamp) -> bool {
        self.held_since(subscription).is_some_and(|since| since.plus(time) <= at)
    }
}

/// As the store does, with a note of it.
#[async_trait]
impl Leases for Inner {
    async fn claim(&self, subscription: &SubscriptionId) -> Result<Claim> {
        match self.ports.leases.claim(subscription).await? {
            Claim::Granted(lease) => {
                let (epoch, since) = (lease.epoch(), self.store_now());
                let slot = Arc::new(Slot(Mutex::new(Some(lease))));
                let (store, held) = (Arc::downgrade(&self.ports.leases), Arc::downgrade(&slot));
                let granted = Granted { store, epoch, since, held };
                self.place.grants.look().insert(subscription.clone(), granted);
                Ok(Claim::Granted(Lease::guarded(subscription.clone(), epoch, slot)))
            }
            taken => Ok(taken),
        }
    }

    async fn extend(&self, lease: &Lease) -> Result<()> {
        self.ports.leases.extend(lease).await?;
        if let Some(granted) = self.place.grants.look().get_mut(lease.subscription()) {
            granted.since = self.store_now();
        }
        Ok(())
    }

    async fn release(&self, lease: Lease) -> Result<()> {
        let slot = lease.guard::<Arc<Slot>>().map(|slot| slot.look().take());
        match slot {
            // It was taken away.
            Some(None) => Ok(()),
            Some(Some(lease)) => self.ports.leases.release(lease).await,
            None => self.ports.leases.release(lease).await,
        }
    }

    fn term(&self) -> Option<Duration> {
        self.ports.leases.term()
    }
}
