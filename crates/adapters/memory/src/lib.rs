//! Portolan in memory: first-class adapters that need nothing installed, and the default for reads.
//!
//! A read model is made by [`view`]: the side that answers and the side that fills it, apart. It is rebuilt from
//! the journal when the process starts, so that it costs start-up time and memory, and no other upkeep.
//!
//! [`MemoryStore`] is a write store with its journal, for tests and to try things out: all of it is lost at the end. It keeps
//! aggregates in any of the three ways, so that each is tried without a database.
//!
//! This crate never knows another adapter, or a domain. The next port goes into a file named as the kernel's.

pub use read::projection::MemoryProjection;
pub use read::repository::MemoryView;
pub use read::view;
pub use write::MemoryStore;

mod index;
mod plan;
mod read;
mod write;

#[cfg(test)]
#[path = "../../../kernel/tests/specifications/generators.rs"]
mod generators;
#[cfg(test)]
#[path = "../../../kernel/tests/specifications/parcel.rs"]
mod parcel;
