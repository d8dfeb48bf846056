//! Connections, transactions, and the few statements that only MariaDB has.

use diesel::connection::{CacheSize, SimpleConnection as _};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use portolan_kernel::Error;

use super::{Conn, Fault};
use crate::prepared;
use crate::prepared::{Words, update};
use crate::rows::AtOnce;

diesel::table! {
    journal_head (id) {
        id -> BigInt,
        position -> BigInt,
    }
}

/// Asks whether the server can only be read.
pub(super) const READ_ONLY: &str = "select @@global.read_only";

/// Asks for its time, in microseconds of the Unix epoch.
pub(super) const NOW: &str = "select cast(unix_timestamp(sysdate(6)) * 1000000 as signed)";

/// Asks for the names of all tables.
pub(super) const TABLES: &str =
    "select table_name from information_schema.tables where table_schema = database()";

/// Asks for the size of the database, about.
pub(super) const SIZE: &str = "select cast(coalesce(sum(data_length + index_length), 0) as signed) \
                               from information_schema.tables where table_schema = database()";

/// The server's own tool for backups.
pub(super) const BACKUP: &str = "mariadb-dump --single-transaction";

/// How long to wait for another process that makes tables, in seconds.
const MAKING_S: u32 = 60;

/// Begins a transaction. Each of its statements sees what is committed when it begins.
pub(crate) fn begin_write(conn: &mut Conn) -> QueryResult<()> {
    prepared!(Words::<()>::new("start transaction")).execute(conn).map(drop)
}

/// Ends it; what it wrote is durable when this returns.
/// `raised` is the new last position of the journal.
pub(crate) fn commit(conn: &mut Conn, raised: Option<i64>) -> QueryResult<()> {
    if let Some(head) = raised {
        let position = journal_head::position.eq(head);
        prepared!(update(journal_head::table, journal_head::id.eq(1_i64), position)).execute(conn)?;
    }
    prepared!(Words::<()>::new("commit")).execute(conn).map(drop)
}

/// Where the journal ends from now on goes along with the commit.
pub(crate) const fn raise(_joint: &mut AtOnce, last: i64) -> Option<i64> {
    Some(last)
}

/// Ends it as if it had never begun.
pub(crate) fn rollback(conn: &mut Conn) {
    forget_statements(conn);
    if let Err(error) = conn.batch_execute("rollback") {
        tracing::debug!(%error, "nothing to roll back");
    }
}

/// Prepares every statement anew: to Diesel one that has failed once has failed for ever, for binding its next values does
/// not clear its error.
pub(crate) fn forget_statements(conn: &mut Conn) {
    conn.set_prepared_statement_cache_size(CacheSize::Disabled);
    conn.set_prepared_statement_cache_size(CacheSize::Unbounded);
}

/// Does this alone: nobody else makes tables until it has ended. Making a table ends a transaction here, so that a half
/// that was made is gone on with.
pub(crate) fn alone<T>(
    conn: &mut Conn,
    work: impl FnOnce(&mut Conn) -> Result<T, Fault>,
) -> Result<T, Fault> {
    let lock = "get_lock(concat('portolan ', left(database(), 50))";
    let locked: Option<i64> =
        diesel::dsl::sql::<diesel::sql_types::Nullable<BigInt>>(&format!("select {lock}, {MAKING_S})"))
            .get_result(conn)?;
    if locked != Some(1) {
        return Err(Error::unavailable("another process makes the tables of the store; try again").into());
    }
    let done = work(conn).and_then(|done| Ok(commit(conn, None).map(|()| done)?));
    if done.is_err() {
        rollback(conn);
    }
    conn.batch_execute(&format!("do release_{})", lock.trim_start_matches("get_")))?;
    done
}

/// Runs several statements on one state of the store.
pub(crate) fn snapshot<T>(
    conn: &mut Conn,
    read: impl FnOnce(&mut Conn) -> Result<T, Fault>,
) -> Result<T, Fault> {
    conn.batch_execute(
        "set transaction isolation level repeatable read; start transaction with consistent snapshot",
    )?;
    let read = read(conn);
    conn.batch_execute("commit")?;
    read
}

/// What a sum is cast to, to be a number like any other.
pub(crate) const NUMBER: &str = "signed";

/// Who has locked rows of this database for the longest: in words, with how to end it.
pub(crate) fn holder(conn: &mut Conn) -> QueryResult<Option<String>> {
    let holder = "select concat('connection ', p.id, ' (', p.user, ' at ', p.host, '), whose transaction began ', \
        timestampdiff(second, t.trx_started, now()), ' s ago; `kill ', p.id, '` ends it') \
        from information_schema.innodb_trx t \
        join information_schema.processlist p on p.id = t.trx_mysql_thread_id \
        where p.db = database() and t.trx_rows_locked > 0 and p.id <> connection_id() \
        order by t.trx_started limit 1";
    prepared!(Words::<Text>::new(holder)).get_result(conn).optional()
}
