//! Stores in memory for the contracts.

use std::sync::Arc;

use async_trait::async_trait;
use portolan_kernel::{Clock, Error, Position, Registry, Reset, Result, Storage, SubscriptionId};
use portolan_memory::MemoryStore;
use portolan_testkit::{Capabilities, Capability, Place, Polls, WriteHarness, WritePorts};

/// Stores that keep what this registry knows, in this way.
pub(crate) struct MemoryHarness(pub(crate) Storage, pub(crate) fn() -> Registry);

#[async_trait]
impl WriteHarness for MemoryHarness {
    fn capabilities(&self) -> Capabilities {
        Capabilities::all()
            .without(Capability::Reopen, "a store in memory is gone with its last handle")
            .without(Capability::Kill, "a store in memory is gone with its process")
            .without(Capability::Share, "no other process can have the memory of this one")
            .without(Capability::Hold, "a commit is one step behind one lock, which nobody outside can hold")
            .without(Capability::LeaseTerm, "a lease ends with its process, and so does the store")
    }

    fn registry(&self) -> Registry {
        (self.1)()
    }

    async fn place(&self) -> Result<Place> {
        Ok(Place::new("memory:", ()))
    }

    async fn open(&self, _: &str, clock: Arc<dyn Clock>) -> Result<WritePorts> {
        let ports = WritePorts::of(Arc::new(MemoryStore::keeping(self.0, self.registry(), clock)));
        // It is told of every commit, and never polls.
        Ok(WritePorts { polls: Some(Polls { count: Arc::new(|| 0), per_second: 0 }), ..ports })
    }

    async fn reset_records(
        &self,
        ports: &WritePorts,
        subscription: &SubscriptionId,
    ) -> Result<Vec<(Position, Reset)>> {
        let store = ports.own::<MemoryStore>().ok_or_else(|| Error::NotFound("the store".to_owned()))?;
        store.resets(subscription)
    }
}
