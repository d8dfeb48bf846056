//! The tables on PostgreSQL, step by step.

use crate::Schema;

/// The table that says which steps were made.
pub(super) const SCHEMA_VERSIONS: &str = "create table if not exists schema_versions \
     (component text collate \"C\" primary key not null, version bigint not null)";

/// The store's own tables.
pub(super) const CORE: Schema = Schema::new("core").postgres(&[
    include_str!("../../migrations/postgres/core_1.sql"),
    include_str!("../../migrations/postgres/core_2.sql"),
    include_str!("../../migrations/postgres/core_3.sql"),
]);

/// The steps of a component on this engine.
pub(super) const fn steps(schema: &Schema) -> &'static [&'static str] {
    schema.postgres
}
