//! A look into a store from outside, past the program; and harm done to it.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

/// How many outcomes of commands are kept: what an import has had answered.
pub(crate) fn outcomes(path: &Path) -> Option<u64> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).ok()?;
    count(&connection)
}

/// The same, through a connection that is open already.
pub(crate) fn count(connection: &Connection) -> Option<u64> {
    let count: i64 = connection.query_row("select count(*) from commands", [], |row| row.get(0)).ok()?;
    u64::try_from(count).ok()
}

/// Runs a statement on the store and says how many rows it changed.
pub(crate) fn alter(path: &Path, sql: &str) -> usize {
    let connection = Connection::open(path).expect("the store opens");
    connection.execute(sql, []).unwrap_or_else(|error| panic!("{sql}: {error}"))
}

/// A number that this question has for an answer.
pub(crate) fn number(path: &Path, sql: &str) -> i64 {
    let connection =
        Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).expect("the store opens");
    connection.query_row(sql, [], |row| row.get(0)).unwrap_or_else(|error| panic!("{sql}: {error}"))
}

/// The same, where the store is there and has such a table.
pub(crate) fn find_number(path: &Path, sql: &str) -> Option<i64> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).ok()?;
    connection.query_row(sql, [], |row| row.get(0)).ok()
}

/// Whether nobody writes to the store now.
pub(crate) fn is_free(path: &Path) -> bool {
    let connection = Connection::open(path).expect("the store opens");
    connection.execute_batch("begin immediate; rollback").is_ok()
}

/// Holds the store, so that nobody else can write to it, until this is dropped.
pub(crate) struct Hold(Connection);

impl Hold {
    /// Holds it from now on; `exclusive` keeps readers away too, where the store has no log.
    pub(crate) fn of(path: &Path) -> Self {
        let connection = Connection::open(path).expect("the store opens");
        connection.busy_timeout(super::wait::LONG).expect("a patience");
        connection.execute_batch("begin immediate").expect("the store can be held");
        Self(connection)
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        let _ = self.0.execute_batch("rollback");
    }
}
