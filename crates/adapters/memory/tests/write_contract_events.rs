//! The contracts of the write side's ports, kept by a store in memory that keeps aggregates by their events alone.
#![expect(clippy::unwrap_used, reason = "a test ends where what it stands on fails")]

use portolan_application::wire;
use portolan_kernel::Storage;
use portolan_testkit::counter::registry;
use support::MemoryHarness;

#[path = "../../../../tests/shared/market.rs"]
mod market;
mod support;

const KIND: Storage = Storage::Events;

portolan_testkit::contract!(MemoryHarness(KIND, registry));
portolan_testkit::sample_contract!(sold, market::Sold, MemoryHarness(KIND, wire::registry));
portolan_testkit::sample_contract!(withdrawn, market::Withdrawn, MemoryHarness(KIND, wire::registry));
portolan_testkit::sample_contract!(delivered, market::Delivered, MemoryHarness(KIND, wire::registry));
portolan_testkit::sample_contract!(cancelled, market::Cancelled, MemoryHarness(KIND, wire::registry));
