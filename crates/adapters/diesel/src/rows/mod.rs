//! Rows, the same for every engine: a mapper says which rows there are to be, and an engine writes and reads them with
//! the statements that suit it best.
//!
//! - [`rows!`](crate::rows!) declares a row: its table, its key, its columns. It is the only place that names them.
//! - [`Column`] is what a column can hold.
//! - [`Rows`] collects what a group of commits does to rows, table by table, so that a server gets a few statements
//!   for all of it.
//! - [`Children`] are the rows that belong to an aggregate beside its own.

pub use batch::{Batch, Rows};
pub use children::Children;
pub use column::{AnId, Column, Kind, Maybe, Plain, Value};
pub use engine::{AnyBatch, AtOnce, OnEngine, OnEveryEngine, RowConn, RowFault};
pub use row::{Columns, Row, Table, TableColumn, Unreadable};
pub use statement::RowDb;

mod batch;
mod children;
mod column;
mod engine;
mod row;
pub mod sheet;
pub(crate) mod statement;
