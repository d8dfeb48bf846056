//! Stores of counters: the aggregate of the test kit, kept in rows.
#![allow(
    dead_code,
    unused_imports,
    unreachable_pub,
    clippy::allow_attributes,
    clippy::unwrap_used,
    clippy::panic,
    reason = "each test program uses its part"
)]

pub use counter_mapper::CounterMapper;
pub use harness::SqliteHarness;
pub use stores::{Fixture, Work, beside, findings, sentence, stored, version};
pub use views::SqliteViews;

pub mod counter_mapper;
mod harness;
pub mod holding;
#[cfg(any(feature = "postgres-engine", feature = "mysql-engine"))]
pub mod interrupts;
pub mod kept;
#[cfg(feature = "mysql-engine")]
pub mod mysql;
#[cfg(feature = "postgres-engine")]
pub mod postgres;
#[cfg(any(feature = "postgres-engine", feature = "mysql-engine"))]
pub mod servers;
mod stores;
mod views;
