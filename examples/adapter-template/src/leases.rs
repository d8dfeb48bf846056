//! Who runs a subscription.

use std::time::Duration;

use async_trait::async_trait;
use portolan_kernel::{Claim, Lease, Leases, Result, SubscriptionId};

use crate::Store;

#[async_trait]
impl Leases for Store {
    async fn claim(&self, _subscription: &SubscriptionId) -> Result<Claim> {
        self.unsupported("claim")
    }

    async fn extend(&self, _lease: &Lease) -> Result<()> {
        self.unsupported("extend")
    }

    async fn release(&self, _lease: Lease) -> Result<()> {
        self.unsupported("release")
    }

    fn term(&self) -> Option<Duration> {
        None
    }
}
