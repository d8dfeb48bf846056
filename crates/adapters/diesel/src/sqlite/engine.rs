//! What differs from engine to engine: everything that the shared part asks of this one, in one place.
//!
//! The next engine offers the same names: how connections are opened, how a write transaction begins, how one learns
//! that another process has written, when a group may be written, who holds a lease, and what a failure means.

/// What the engine is called.
pub(super) const NAME: &str = "SQLite";

pub(super) use super::backup::backup;
pub(super) use super::connection::{
    ANSWERS_BY_ITSELF, NUMBER, Watch, alone, append, begin_write, bytes, commit, forget_statements,
    has_one_connection, holder, insert, inspect, is_over, is_there, last_position, lock, newest, now, one,
    open_reader, open_writer, patiently, probe, raise, recorded, rollback, set_moved, snapshot, standing,
    tables, verify,
};
pub(super) use super::dialect::{
    COMPARES_ROWS, HIDE_FROM_INDEXES, INDEXED_CHARACTERS, INDEXES_BEGINNINGS, KEEPS_STATISTICS, KEYED_END,
    MAKES_TABLES_IN_TRANSACTIONS, PUTS_OFF_INDEXES, ROWS_END, STEPS_THROUGH_ROWS, VIEW_STATES, contains,
    ends_with, indexed, indexes_of, kept, learn, order, read_value, sort_beside_memory, type_name, walk,
};
pub(super) use super::faults::{advice, is_lost, is_transient, leaves_doubt};
pub(super) use super::leases::{LeaseKeeper, owner, term};
pub(super) use super::schemas::{CORE, SCHEMA_VERSIONS, steps};
pub(super) use super::turns::Turns;
