//! The contracts of the write side's ports, kept by the store in memory.
#![expect(clippy::unwrap_used, reason = "a test ends where what it stands on fails")]

use std::sync::Arc;

use portolan_application::wire;
use portolan_kernel::{Error, Journal as _, Position, Storage};
use portolan_memory::MemoryStore;
use portolan_testkit::ManualClock;
use portolan_testkit::counter::registry;
use support::MemoryHarness;

#[path = "../../../../tests/shared/market.rs"]
mod market;
mod support;

const STATES: Storage = Storage::Relational;

portolan_testkit::contract!(MemoryHarness(STATES, registry));
portolan_testkit::sample_contract!(sold, market::Sold, MemoryHarness(STATES, wire::registry));
portolan_testkit::sample_contract!(withdrawn, market::Withdrawn, MemoryHarness(STATES, wire::registry));
portolan_testkit::sample_contract!(delivered, market::Delivered, MemoryHarness(STATES, wire::registry));
portolan_testkit::sample_contract!(cancelled, market::Cancelled, MemoryHarness(STATES, wire::registry));

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
