//! Read models in memory: what a projection fills, readers find.

#![expect(clippy::unwrap_used, clippy::panic, reason = "these are tests, their helpers included")]

mod ware;

mod pages;
mod projecting;
mod snapshots;
