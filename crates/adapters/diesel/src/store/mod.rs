//! The write store, the same for every engine. An engine mounts this folder below its own module, which gives it
//! `Conn`, `Db` and `engine`.

pub use crate::any::{Info, Migrated, OpenMode};
pub use crate::finding::{Check, Checked, Finding};
pub(super) use commands::RecordRow;
pub use fault::Fault;
pub(super) use heads::{NewestRow, News};
pub(super) use leases::Held;
pub use open::Store;

use super::{Config, Conn, engine};
use crate::rows::sheet::Sheet;
use crate::{Mappers, Orphan, Schema, ids, mapper};

/// A row that is written once: by itself, or with its like where the engine writes many at once.
pub(super) trait NewRow: Sheet {
    /// Writes it by itself.
    fn insert(&self, conn: &mut Conn) -> diesel::QueryResult<usize>;
}

mod check;
mod checkpoints;
mod commands;
mod deadlines;
mod doubt;
mod fault;
mod group;
mod head;
pub(super) mod heads;
mod info;
pub(super) mod journal;
mod keeping;
pub(super) mod leases;
mod link;
mod member;
mod migrate;
mod moved;
mod obstacle;
mod open;
pub(super) mod pace;
mod queue;
mod readers;
mod renewal;
pub(super) mod tables;
mod transfer;
mod write_store;
mod writer;
