//! The hand-written twins: the same rows in the same tables, the same promises, no architecture.

pub(crate) mod batched;
pub(crate) mod copying;
pub(crate) mod plain;

mod auction;
mod log;
mod rows;
#[cfg(any(feature = "postgres", feature = "postgres-system", feature = "mysql", feature = "mysql-system"))]
pub(crate) mod servers;
#[cfg(test)]
mod tests;
mod texts;

use uuid::Uuid;

/// What a caller is told of an accepted command.
#[derive(Debug, Clone, Copy, serde::Serialize)]
pub(crate) struct Receipt {
    pub(crate) id: Uuid,
    pub(crate) version: i64,
    pub(crate) position: i64,
}
