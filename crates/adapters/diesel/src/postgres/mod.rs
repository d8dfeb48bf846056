//! The store on PostgreSQL: any number of processes, each with one writer and a few readers.
//!
//! What is peculiar to PostgreSQL is in the files of this folder; what every engine shares is mounted from `store/`,
//! and what servers share from `server/`.

pub use read::{SqlProjection, SqlView};
pub use server::Config;
pub use store::{Check, Checked, Fault, Finding, Info, Migrated, OpenMode, Store};

pub use crate::address::Location;

/// The connection of a store.
pub type Conn = diesel::PgConnection;

/// Diesel's name of the engine.
pub type Db = diesel::pg::Pg;

mod appending;
mod connection;
mod dialect;
mod engine;
mod faults;
mod ids;
mod joint;
mod look_ups;
#[path = "../read/mod.rs"]
mod read;
mod rows;
mod schemas;
#[path = "../server/mod.rs"]
mod server;
#[path = "../store/mod.rs"]
mod store;
mod texts;
#[cfg(test)]
mod trial;
mod tuning;
