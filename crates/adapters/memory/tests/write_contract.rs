//! The contracts of the write side's ports, kept by the store in memory.
#![expect(clippy::unwrap_used, reason = "a test ends where what it stands on fails")]

use std::sync::Arc;

use async_trait::async_trait;
use portolan_application::wire;
use portolan_kernel::{Clock, Error, Journal as _, Position, Registry, Reset, Result, SubscriptionId};
use portolan_memory::MemoryStore;
use portolan_testkit::counter::registry;
use portolan_testkit::{Capabilities, Capability, ManualClock, Place, Polls, WriteHarness, WritePorts};

#[path = "../../../../tests/shared/market.rs"]
mod market;

/// Stores that keep what this registry knows.
struct MemoryHarness(fn() -> Registry);

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
        (self.0)()
    }

    async fn place(&self) -> Result<Place> {
        Ok(Place::new("memory:", ()))
    }

    async fn open(&self, _: &str, clock: Arc<dyn Clock>) -> Result<WritePorts> {
        let ports = WritePorts::of(Arc::new(MemoryStore::new(self.registry(), clock)));
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

portolan_testkit::contract!(MemoryHarness(registry));
portolan_testkit::sample_contract!(sold, market::Sold, MemoryHarness(wire::registry));
portolan_testkit::sample_contract!(withdrawn, market::Withdrawn, MemoryHarness(wire::registry));
portolan_testkit::sample_contract!(delivered, market::Delivered, MemoryHarness(wire::registry));
portolan_testkit::sample_contract!(cancelled, market::Cancelled, MemoryHarness(wire::registry));

#[tokio::test]
async fn a_store_that_is_closed_says_so_to_whoever_asks_or_waits() {
    let store = MemoryStore::new(registry(), Arc::new(ManualClock::default()));
    let waiting = tokio::spawn({
        let store = store.clone();
        async move { store.changed(Position::ZERO).await }
    });
    store.close();
    assert!(matches!(waiting.await.unwrap(), Err(Error::Closed(_))));
    assert!(matches!(store.head().await, Err(Error::Closed(_))));
}
