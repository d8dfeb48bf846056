//! The store on SQLite: one file, one writer, many readers.
//!
//! What is peculiar to SQLite is in the files of this folder; what every engine shares is mounted from `store/`.

pub use config::{Config, Durability, Location};
pub use read::{SqlProjection, SqlView};
pub use store::{Check, Checked, Fault, Finding, Info, Migrated, OpenMode, Store};

/// The connection of a store.
pub type Conn = diesel::SqliteConnection;

/// Diesel's name of the engine.
pub type Db = diesel::sqlite::Sqlite;

mod backup;
mod config;
mod connection;
mod dialect;
mod engine;
mod faults;
mod ids;
mod leases;
mod log;
#[path = "../read/mod.rs"]
mod read;
mod rows;
mod schemas;
#[path = "../store/mod.rs"]
mod store;
#[cfg(test)]
mod trial;
mod turns;
mod turnstile;
