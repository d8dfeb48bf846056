//! The store on SQLite: one file, one writer, many readers.
//!
//! What is peculiar to SQLite is in the files of this folder; what every engine shares is mounted from `store/` and
//! `market/`.

pub use config::{Config, Durability, Location};
pub use store::{
    Check, Checked, DbUuid, Fault, Finding, Info, Mapper, Mappers, Migrated, OpenMode, Orphan, RecordedReset,
    RowChange, Schema, SqlUuid, Store, Stored,
};

/// The connection that mappers write on.
pub type Conn = diesel::SqliteConnection;

/// Diesel's name of the engine.
pub type Db = diesel::sqlite::Sqlite;

mod backup;
mod config;
mod connection;
mod engine;
mod faults;
mod ids;
mod leases;
mod log;
#[cfg(feature = "market")]
#[path = "../market/mod.rs"]
pub mod market;
mod schemas;
#[path = "../store/mod.rs"]
mod store;
mod turns;
mod turnstile;
