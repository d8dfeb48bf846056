//! The write store on SQL databases: aggregates in rows, and beside them the journal, the outcomes of commands,
//! checkpoints, deadlines and leases, all in one transaction where it matters. And read models: views in tables.
//!
//! [`sqlite::Store`] and its twins on PostgreSQL and MariaDB implement the ports of [`portolan_kernel`]; [`AnyConfig`] opens
//! the one that a URL names, as an [`SqlStore`]. Aggregates are kept by a [`Mapper`] each, which learns
//! from the events which rows change; nothing is ever compared with what was there before. A mapper names no engine. The
//! marketplace's mappers are in [`market`], behind the default feature `market`; nothing else here knows a business.
//!
//! Where things are:
//! - `mapper.rs` and `rows/` are what a mapper is written with: rows of typed columns, and what happens to them;
//! - `store/` is the same for every engine: its files name no engine, only the aliases `Conn` and `Db` and the
//!   functions of `engine`. An engine mounts them with `#[path]`, so that each has types of its own;
//! - `sqlite/` is what is peculiar to SQLite: opening a file, its log, its locks, its faults, its way with rows; `postgres/`
//!   and `mysql/` likewise, and `server/` is what the two have in common;
//! - `market/` holds the mappers of the marketplace;
//! - `migrations/<engine>/` holds the schemas;
//! - `read/` keeps views in tables that are made from their declarations, and asks them in SQL; mounted likewise, with
//!   what differs between engines in the engine's `dialect`.
//!
//! A read model is made by `view` of a store, in the write store or in a store of its own.
//!
//! To add an engine: a folder beside `sqlite/` with the same files, its migrations, the mounts, and its line in
//! `engines.rs`.
//! To keep an aggregate of your own: write its [`Mapper`], with a [`Schema`] for its tables.

#![cfg_attr(
    any(feature = "postgres-engine", feature = "mysql-engine"),
    expect(
        clippy::duplicate_mod,
        reason = "each engine mounts the shared files, and so has types of its own"
    )
)]

pub use any::{AnyConfig, Info, Migrated, Obstacle, OpenMode, SqlStore, ViewSides};
pub use diesel;
pub use finding::{Check, Checked, Finding};
pub use ids::{DbUuid, SqlUuid};
pub use mapper::{Mapper, Mappers, Orphan, RowChange, Stored};
pub use portolan_kernel::Storage;
pub use prepared::{Prepared, Update, update};
pub use schema::Schema;

#[cfg(feature = "sqlite")]
use libsqlite3_sys as _;
#[cfg(feature = "postgres")]
use pq_sys as _;
#[cfg(feature = "mysql")]
use {mysqlclient_src as _, mysqlclient_sys as _};

#[cfg(any(feature = "postgres-engine", feature = "mysql-engine"))]
mod address;
mod any;
mod config;
mod engines;
mod finding;
mod ids;
mod mapper;
#[cfg(feature = "market")]
pub mod market;
#[cfg(feature = "mysql-engine")]
pub mod mysql;
#[cfg(feature = "postgres-engine")]
pub mod postgres;
mod prepared;
pub mod rows;
mod schema;
#[cfg(feature = "sqlite")]
pub mod sqlite;

#[cfg(test)]
#[path = "../../../kernel/tests/specifications/generators.rs"]
mod generators;
#[cfg(test)]
#[path = "../../../kernel/tests/specifications/parcel.rs"]
mod parcel;
#[cfg(test)]
mod parcels;
#[cfg(test)]
mod trial;
