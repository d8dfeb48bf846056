//! The marketplace in rows: its tables and mappers. An engine mounts this folder below its own module.

pub use listings::ListingMapper;
pub use orders::OrderMapper;

use super::{Conn, DbUuid, Fault, Mapper, Mappers, Orphan, RowChange, Schema, SqlUuid, Stored, engine};

mod columns;
mod listings;
mod orders;
mod tables;

/// The mappers of all aggregates of the marketplace.
#[must_use]
pub fn mappers() -> Mappers {
    Mappers::new().with(ListingMapper).with(OrderMapper)
}

/// The marketplace's tables.
const fn schema() -> Schema {
    engine::MARKET
}
