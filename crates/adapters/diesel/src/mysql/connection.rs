//! Connections, transactions, and the few statements that only MariaDB has.

use std::path::Path;

use diesel::connection::{CacheSize, SimpleConnection as _};
use diesel::dsl::Limit;
use diesel::prelude::*;
use diesel::query_dsl::methods::LimitDsl;
use diesel::sql_types::{BigInt, Text};
use portolan_kernel::Error;

use super::{Config, Conn, Fault, tuning};
use crate::prepared;
use crate::prepared::{Words, update};

diesel::table! {
    journal_head (id) {
        id -> BigInt,
        position -> BigInt,
    }
}

/// How long to wait for another process that makes tables, in seconds.
const MAKING_S: u32 = 60;

/// Looks whether there are tables, and whether they may be used as asked.
pub(crate) fn inspect(config: &Config, to_write: bool) -> Result<bool, Fault> {
    let mut conn = probe(config)?;
    if to_write {
        refuse_a_replica(&mut conn, config)?;
    }
    Ok(!tables(&mut conn)?.is_empty())
}

/// A connection to look at a store before it is opened.
pub(crate) fn probe(config: &Config) -> Result<Conn, Fault> {
    establish(config)
}

/// A connection that reads the store while others write. It keeps nobody waiting, and may think between two statements for
/// as long as one of them may take.
pub(crate) fn open_reader(config: &Config) -> Result<Conn, Fault> {
    let mut conn = establish(config)?;
    // The server counts whole seconds here.
    let idle = config.statement_timeout.as_secs().max(1);
    conn.batch_execute(&format!(
        "set session transaction read only; set session idle_transaction_timeout = {idle}"
    ))?;
    Ok(conn)
}

/// The connection that writes.
pub(crate) fn open_writer(config: &Config) -> Result<Conn, Fault> {
    let mut conn = establish(config)?;
    refuse_a_replica(&mut conn, config)?;
    Ok(conn)
}

fn establish(config: &Config) -> Result<Conn, Fault> {
    let mut conn = Conn::establish(&tuning::url(config))?;
    conn.batch_execute(&tuning::session(config))?;
    Ok(conn)
}

fn refuse_a_replica(conn: &mut Conn, config: &Config) -> Result<(), Fault> {
    let is_read_only: i64 = prepared!(Words::<BigInt>::new("select @@global.read_only")).get_result(conn)?;
    if is_read_only != 0 {
        return Err(Error::unavailable(format!(
            "{} can only be read: it is a replica, or it was set to be read-only; name the server that \
             takes writes",
            config.location
        ))
        .into());
    }
    Ok(())
}

/// Whether the server still answers on this connection.
pub(crate) fn is_there(conn: &mut Conn) -> bool {
    conn.batch_execute("select 1").is_ok()
}

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
    let micros = "select cast(unix_timestamp(sysdate(6)) * 1000000 as signed)";
    prepared!(Words::<BigInt>::new(micros)).get_result(conn)
}

/// What a sum is cast to, to be a number like any other.
pub(crate) const NUMBER: &str = "signed";

/// Who has locked rows of this database for the longest: in words, with how to end it.
pub(crate) fn holder(conn: &mut Conn) -> QueryResult<Option<String>> {
    let holder = "select concat('connection ', p.id, ' (', p.user, ' at ', p.host, '), whose transaction began ',                   timestampdiff(second, t.trx_started, now()), ' s ago; `kill ', p.id, '` ends it')                   from information_schema.innodb_trx t                   join information_schema.processlist p on p.id = t.trx_mysql_thread_id                   where p.db = database() and t.trx_rows_locked > 0 and p.id <> connection_id()                   order by t.trx_started limit 1";
    prepared!(Words::<Text>::new(holder)).get_result(conn).optional()
}

/// The names of all tables.
pub(crate) fn tables(conn: &mut Conn) -> QueryResult<Vec<String>> {
    let tables = "select table_name from information_schema.tables where table_schema = database()";
    prepared!(Words::<Text>::new(tables)).load(conn)
}

/// The server looks after its own structures.
#[expect(clippy::unnecessary_wraps, reason = "an engine on files looks at them here")]
pub(crate) const fn verify(_conn: &mut Conn, _limit: usize) -> QueryResult<Vec<String>> {
    Ok(Vec::new())
}

const SIZE: &str = "select cast(coalesce(sum(data_length + index_length), 0) as signed) \
                    from information_schema.tables where table_schema = database()";

/// The size of the database, about.
pub(crate) fn bytes(conn: &mut Conn, _config: &Config) -> QueryResult<u64> {
    let size: i64 = prepared!(Words::<BigInt>::new(SIZE)).get_result(conn)?;
    Ok(size.cast_unsigned())
}

/// The server's own tools make backups.
pub(crate) fn backup(_conn: &mut Conn, _target: &Path) -> Result<(), Fault> {
    Err(Error::Unsupported(
        "a backup of a store on MariaDB is made by `mariadb-dump --single-transaction`".to_owned(),
    )
    .into())
}

/// A server takes any number of connections.
pub(crate) const fn has_one_connection(_config: &Config) -> bool {
    false
}
