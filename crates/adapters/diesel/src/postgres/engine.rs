//! What differs from engine to engine: everything that the shared part asks of this one, in one place.

/// What the engine is called.
pub(super) const NAME: &str = "PostgreSQL";

pub(super) use super::appending::append;
pub(super) use super::connection::{
    NUMBER, alone, begin_write, commit, forget_statements, rollback, snapshot,
};
pub(super) use super::dialect::{
    COMPARES_ROWS, HIDE_FROM_INDEXES, INDEXED_CHARACTERS, INDEXES_BEGINNINGS, KEEPS_STATISTICS, KEYED_END,
    MAKES_TABLES_IN_TRANSACTIONS, PUTS_OFF_INDEXES, ROWS_END, STEPS_THROUGH_ROWS, VIEW_STATES, contains,
    ends_with, indexed, indexes_of, kept, learn, order, read_value, sort_beside_memory, type_name, walk,
};
pub(super) use super::joint::raise;
pub(super) use super::look_ups::{newest, recorded};
pub(super) use super::rows::insert;
pub(super) use super::schemas::{CORE, SCHEMA_VERSIONS, steps};
pub(super) use super::server::{
    ANSWERS_BY_ITSELF, LeaseKeeper, Turns, Watch, advice, backup, bytes, has_one_connection, holder, inspect,
    is_lost, is_over, is_there, is_transient, last_position, leaves_doubt, lock, now, one, open_reader,
    open_writer, owner, patiently, probe, set_moved, standing, tables, term, verify,
};
