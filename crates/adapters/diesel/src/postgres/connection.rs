//! Connections, transactions, and the few statements that only PostgreSQL has.

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_types::Text;

use super::{Conn, Fault};
use crate::prepared;
use crate::prepared::Words;

/// Asks whether the server can only be read.
pub(super) const READ_ONLY: &str = "select current_setting('transaction_read_only')::boolean::int::bigint";

/// Asks for its time, in microseconds of the Unix epoch.
pub(super) const NOW: &str = "select (extract(epoch from clock_timestamp()) * 1000000)::bigint";

/// Asks for the names of all tables.
pub(super) const TABLES: &str = "select tablename::text from pg_tables where schemaname = current_schema()";

/// Asks for the size of the database.
pub(super) const SIZE: &str = "select pg_database_size(current_database())";

/// The server's own tool for backups.
pub(super) const BACKUP: &str = "pg_dump";

/// The number of the lock under which tables are made; any that no other program is likely to use.
const MAKING: i64 = 0x706f_7274_6f6c_616e;

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

/// A statement that failed can be used on.
pub(crate) const fn forget_statements(_conn: &mut Conn) {}

/// What a sum is cast to, to be a number like any other.
pub(crate) const NUMBER: &str = "bigint";

/// Who has locked the head and waits for nobody: in words, with how to end it.
pub(crate) fn holder(conn: &mut Conn) -> QueryResult<Option<String>> {
    let holder = "select format('backend %s (%s, %s), whose transaction began %s s ago; \
        `select pg_terminate_backend(%1$s)` ends it', a.pid, coalesce(nullif(a.application_name, ''), \
        'no name'), coalesce(a.client_addr::text, 'local'), \
        extract(epoch from clock_timestamp() - a.xact_start)::bigint) \
        from pg_locks l join pg_stat_activity a on a.pid = l.pid \
        where l.relation = 'journal_head'::regclass and l.granted and a.pid <> pg_backend_pid() \
        and l.mode in ('RowShareLock', 'RowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock') \
        and a.wait_event_type is distinct from 'Lock' order by a.xact_start limit 1";
    prepared!(Words::<Text>::new(holder)).get_result(conn).optional()
}
