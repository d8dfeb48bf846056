//! What database servers have in common, mounted by each of them like `store/`: configuration, and a writer that
//! waits for nobody but the row of the head.

pub use config::Config;
pub(super) use faults::{advice, is_lost, is_transient, leaves_doubt};
pub(super) use head::{Watch, holder, is_over, lock, set_moved, standing};
pub(super) use leases::{LeaseKeeper, term};
pub(super) use opening::{
    ANSWERS_BY_ITSELF, has_one_connection, inspect, is_there, open_reader, open_writer, patiently, probe,
};
pub(super) use owner::owner;
pub(super) use turns::Turns;
pub(super) use upkeep::{backup, bytes, last_position, now, one, tables, verify};

use super::{Conn, Fault, connection, look_ups, tuning};

mod config;
mod faults;
mod head;
mod leases;
mod opening;
mod owner;
mod turns;
mod upkeep;
