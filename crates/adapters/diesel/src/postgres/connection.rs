//! Connections, transactions, and the few statements that only PostgreSQL has.

use std::path::Path;

use diesel::connection::SimpleConnection as _;
use diesel::dsl::Limit;
use diesel::prelude::*;
use diesel::query_dsl::methods::LimitDsl;
use diesel::sql_types::{BigInt, Bool, Text};
use portolan_kernel::Error;

use super::{Config, Conn, Fault, tuning};
use crate::prepared;
use crate::prepared::Words;

/// The number of the lock under which tables are made; any that no other program is likely to use.
const MAKING: i64 = 0x706f_7274_6f6c_616e;

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
    let idle = config.statement_timeout.as_millis();
    conn.batch_execute(&format!(
        "set default_transaction_read_only = on; set idle_in_transaction_session_timeout = {idle}"
    ))?;
    Ok(conn)
}

/// The connection that writes.
pub(crate) fn open_writer(config: &Config) -> Result<Conn, Fault> {
    let mut conn = establish(config)?;
    refuse_a_replica(&mut conn, config)?;
    // Arrays spoil the planner's estimates. All that this connection does is to find and write rows by their keys.
    conn.batch_execute(
        "set enable_seqscan = off; set enable_hashjoin = off; set enable_mergejoin = off; \
         set plan_cache_mode = force_generic_plan",
    )?;
    Ok(conn)
}

fn establish(config: &Config) -> Result<Conn, Fault> {
    let mut conn = Conn::establish(&tuning::conninfo(config))?;
    conn.batch_execute(&tuning::session(config))?;
    Ok(conn)
}

fn refuse_a_replica(conn: &mut Conn, config: &Config) -> Result<(), Fault> {
    let is_read_only = "select current_setting('transaction_read_only')::boolean";
    if prepared!(Words::<Bool>::new(is_read_only)).get_result(conn)? {
        return Err(Error::unavailable(format!(
            "{} can only be read: it is a replica, or its transactions are read-only; name the server that \
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
    conn.batch_execute("begin")
}

/// Ends it; what it wrote is durable when this returns.
/// `raised` is the new last position of the journal, and goes along.
pub(crate) fn commit(conn: &mut Conn, raised: Option<i64>) -> QueryResult<()> {
    match raised {
        None => conn.batch_execute("commit"),
        Some(head) => conn.batch_execute(&format!("update journal_head set position = {head}; commit")),
    }
}

/// Ends it as if it had never begun.
pub(crate) fn rollback(conn: &mut Conn) {
    if let Err(error) = conn.batch_execute("rollback") {
        tracing::debug!(%error, "nothing to roll back");
    }
}

/// Does this alone: nobody else makes tables until it has ended, with all of it or nothing.
pub(crate) fn alone<T>(
    conn: &mut Conn,
    work: impl FnOnce(&mut Conn) -> Result<T, Fault>,
) -> Result<T, Fault> {
    begin_write(conn)?;
    let done = (|| {
        conn.batch_execute(&format!("select pg_advisory_xact_lock({MAKING})"))?;
        let done = work(conn)?;
        commit(conn, None)?;
        Ok(done)
    })();
    if done.is_err() {
        rollback(conn);
    }
    done
}

/// Runs several statements on one state of the store.
pub(crate) fn snapshot<T>(
    conn: &mut Conn,
    read: impl FnOnce(&mut Conn) -> Result<T, Fault>,
) -> Result<T, Fault> {
    conn.build_transaction().repeatable_read().run(read)
}

/// The last position of the journal.
pub(crate) fn last_position(conn: &mut Conn) -> QueryResult<i64> {
    prepared!(Words::<BigInt>::new("select position from journal_head")).get_result(conn)
}

/// A statement that failed can be used on.
pub(crate) const fn forget_statements(_conn: &mut Conn) {}

/// A query whose first row is the one that is wanted.
pub(crate) fn one<Q: LimitDsl>(query: Q) -> Limit<Q> {
    query.limit(1)
}

/// The server's time, in microseconds of the Unix epoch.
pub(crate) fn now(conn: &mut Conn) -> QueryResult<i64> {
    let micros = "select (extract(epoch from clock_timestamp()) * 1000000)::bigint";
    prepared!(Words::<BigInt>::new(micros)).get_result(conn)
}

/// What a sum is cast to, to be a number like any other.
pub(crate) const NUMBER: &str = "bigint";

/// Who has locked the head and waits for nobody: in words, with how to end it.
pub(crate) fn holder(conn: &mut Conn) -> QueryResult<Option<String>> {
    let holder = "select format('backend %s (%s, %s), whose transaction began %s s ago;                   `select pg_terminate_backend(%1$s)` ends it', a.pid, coalesce(nullif(a.application_name, ''),                   'no name'), coalesce(a.client_addr::text, 'local'),                   extract(epoch from clock_timestamp() - a.xact_start)::bigint)                   from pg_locks l join pg_stat_activity a on a.pid = l.pid                   where l.relation = 'journal_head'::regclass and l.granted and a.pid <> pg_backend_pid()                   and l.mode in ('RowShareLock', 'RowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')                   and a.wait_event_type is distinct from 'Lock' order by a.xact_start limit 1";
    prepared!(Words::<Text>::new(holder)).get_result(conn).optional()
}

/// The names of all tables.
pub(crate) fn tables(conn: &mut Conn) -> QueryResult<Vec<String>> {
    let tables = "select tablename::text from pg_tables where schemaname = current_schema()";
    prepared!(Words::<Text>::new(tables)).load(conn)
}

/// The server looks after its own structures.
#[expect(clippy::unnecessary_wraps, reason = "an engine on files looks at them here")]
pub(crate) const fn verify(_conn: &mut Conn, _limit: usize) -> QueryResult<Vec<String>> {
    Ok(Vec::new())
}

/// The size of the database.
pub(crate) fn bytes(conn: &mut Conn, _config: &Config) -> QueryResult<u64> {
    let size: i64 =
        prepared!(Words::<BigInt>::new("select pg_database_size(current_database())")).get_result(conn)?;
    Ok(size.cast_unsigned())
}

/// The server's own tools make backups.
pub(crate) fn backup(_conn: &mut Conn, _target: &Path) -> Result<(), Fault> {
    Err(Error::Unsupported("a backup of a store on PostgreSQL is made by `pg_dump`".to_owned()).into())
}

/// A server takes any number of connections.
pub(crate) const fn has_one_connection(_config: &Config) -> bool {
    false
}
