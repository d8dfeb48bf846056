//! The tables on SQLite, step by step.

use super::Schema;

/// The table that says which steps were made.
pub(super) const SCHEMA_VERSIONS: &str = "create table if not exists schema_versions \
     (component text primary key not null, version bigint not null)";

/// The store's own tables.
pub(super) const CORE: Schema = Schema {
    component: "core",
    steps: &[
        include_str!("../../migrations/sqlite/core_1.sql"),
        include_str!("../../migrations/sqlite/core_2.sql"),
    ],
};

/// The marketplace's tables.
#[cfg(feature = "market")]
pub(super) const MARKET: Schema =
    Schema { component: "market", steps: &[include_str!("../../migrations/sqlite/market_1.sql")] };
