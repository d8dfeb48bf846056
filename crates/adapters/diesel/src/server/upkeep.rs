//! What a server tells of a store, and what it looks after by itself.

use std::path::Path;

use diesel::dsl::Limit;
use diesel::prelude::*;
use diesel::query_dsl::methods::LimitDsl;
use diesel::sql_types::{BigInt, Text};
use portolan_kernel::Error;

use super::super::connection::{BACKUP, NOW, SIZE, TABLES};
use super::super::engine::NAME;
use super::{Config, Conn, Fault};
use crate::prepared;
use crate::prepared::Words;

/// The last position of the journal.
pub(crate) fn last_position(conn: &mut Conn) -> QueryResult<i64> {
    prepared!(Words::<BigInt>::new("select position from journal_head")).get_result(conn)
}

/// A query whose first row is the one that is wanted.
pub(crate) fn one<Q: LimitDsl>(query: Q) -> Limit<Q> {
    query.limit(1)
}

/// The server's time, in microseconds of the Unix epoch.
pub(crate) fn now(conn: &mut Conn) -> QueryResult<i64> {
    prepared!(Words::<BigInt>::new(NOW)).get_result(conn)
}

/// The names of all tables.
pub(crate) fn tables(conn: &mut Conn) -> QueryResult<Vec<String>> {
    prepared!(Words::<Text>::new(TABLES)).load(conn)
}

/// The server looks after its own structures.
#[expect(clippy::unnecessary_wraps, reason = "an engine on files looks at them here")]
pub(crate) const fn verify(_conn: &mut Conn, _limit: usize) -> QueryResult<Vec<String>> {
    Ok(Vec::new())
}

/// The size of the database.
pub(crate) fn bytes(conn: &mut Conn, _config: &Config) -> QueryResult<u64> {
    let size: i64 = prepared!(Words::<BigInt>::new(SIZE)).get_result(conn)?;
    Ok(size.cast_unsigned())
}

/// The server's own tools make backups.
pub(crate) fn backup(_conn: &mut Conn, _target: &Path) -> Result<(), Fault> {
    Err(Error::Unsupported(format!("a backup of a store on {NAME} is made by `{BACKUP}`")).into())
}
