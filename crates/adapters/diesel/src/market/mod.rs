//! The marketplace in rows: its tables and mappers, the same for every engine.

pub use listings::ListingMapper;
pub use orders::OrderMapper;

use portolan_domain::{listing, order};

use crate::{Mappers, Schema};

mod listings;
mod orders;

/// The mappers of all aggregates of the marketplace.
#[must_use]
pub fn mappers() -> Mappers {
    Mappers::new().with(ListingMapper).with(OrderMapper)
}

/// The marketplace's tables.
const SCHEMA: Schema = Schema::new("market")
    .sqlite(&[include_str!("../../migrations/sqlite/market_1.sql")])
    .postgres(&[include_str!("../../migrations/postgres/market_1.sql")])
    .mysql(&[include_str!("../../migrations/mysql/market_1.sql")]);

crate::word_column!(listing::Status, order::Status);
