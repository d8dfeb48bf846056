//! What database servers have in common, mounted by each of them like `store/`: configuration, and a writer that
//! waits for nobody but the row of the head.

pub use config::Config;
pub(super) use head::{Watch, holder, is_over, set_moved, standing};
pub(super) use leases::{LeaseKeeper, term};
pub(super) use owner::owner;
pub(super) use turns::Turns;

use super::{Conn, Fault, connection, faults, tuning};

mod config;
mod head;
mod leases;
mod owner;
mod turns;

/// Opens a store: a server lets its clients wait by itself.
pub(super) fn patiently<T>(_config: &Config, mut open: impl FnMut() -> Result<T, Fault>) -> Result<T, Fault> {
    open()
}
