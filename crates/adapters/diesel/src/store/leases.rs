//! Who runs a shared subscription.

use async_trait::async_trait;
use portolan_kernel::{Claim, Leases, Result};

use super::Store;

#[async_trait]
impl Leases for Store {
    /// Takes microseconds and waits for nobody, so that it needs no other thread.
    async fn claim(&self, name: &str) -> Result<Claim> {
        self.queue()?;
        self.0.leases.claim(name).map_err(|fault| fault.at(&self.0.config.location))
    }
}
