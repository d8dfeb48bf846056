//! The write store in memory: for tests, and to try the service without a file.

pub use store::MemoryStore;

mod checkpoints;
mod contents;
mod deadlines;
mod journal;
mod keeping;
mod leases;
mod store;
