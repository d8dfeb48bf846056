//! What differs from engine to engine: everything that the shared part asks of this one, in one place.
//!
//! The next engine offers the same names: how connections are opened, how a write transaction begins, how one learns
//! that another process has written, what bounds the log, whose turn it is to write, who holds a lease, and what a failure means.

pub(super) use super::backup::backup;
pub(super) use super::connection::{
    begin_write, commit, data_version, file_bytes, inspect, open_reader, open_writer, probe, rollback,
    tables, verify,
};
pub(super) use super::faults::{advice, leaves_doubt};
pub(super) use super::leases::LeaseKeeper;
pub(super) use super::log::LogKeeper;
pub(super) use super::schemas::CORE;
#[cfg(feature = "market")]
pub(super) use super::schemas::MARKET;
pub(super) use super::turnstile::Turnstile;
