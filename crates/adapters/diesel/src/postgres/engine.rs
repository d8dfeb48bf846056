//! What differs from engine to engine: everything that the shared part asks of this one, in one place.

/// What the engine is called.
pub(super) const NAME: &str = "PostgreSQL";

pub(super) use super::appending::append;
pub(super) use super::connection::{
    NUMBER, alone, backup, begin_write, bytes, commit, forget_statements, has_one_connection, inspect,
    is_there, last_position, now, one, open_reader, open_writer, probe, rollback, snapshot, tables, verify,
};
pub(super) use super::dialect::{
    COMPARES_ROWS, HIDE_FROM_INDEXES, KEEPS_STATISTICS, KEYED_END, MAKES_TABLES_IN_TRANSACTIONS, ROWS_END,
    VIEW_STATES, cell, contains, ends_with, indexed, indexes_of, kept, learn, order, type_name, walk,
};
pub(super) use super::faults::{advice, is_lost, is_transient, leaves_doubt};
pub(super) use super::look_ups::{newest, recorded};
pub(super) use super::rows::insert;
pub(super) use super::schemas::{CORE, SCHEMA_VERSIONS, steps};
pub(super) use super::server::patiently;
pub(super) use super::server::{
    LeaseKeeper, Turns, Watch, holder, is_over, owner, set_moved, standing, term,
};
