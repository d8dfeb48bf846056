//! The tables on MariaDB, step by step.

use crate::Schema;

/// The table that says which steps were made.
pub(super) const SCHEMA_VERSIONS: &str = "create table if not exists schema_versions \
     (component varchar(64) primary key not null, version bigint not null) \
     engine = innodb collate utf8mb4_nopad_bin";

/// The store's own tables.
pub(super) const CORE: Schema = Schema::new("core").mysql(&[
    include_str!("../../migrations/mysql/core_1.sql"),
    include_str!("../../migrations/mysql/core_2.sql"),
]);

/// The steps of a component on this engine.
pub(super) const fn steps(schema: &Schema) -> &'static [&'static str] {
    schema.mysql
}
