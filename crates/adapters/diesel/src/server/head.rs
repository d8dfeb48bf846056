//! The row of the head: the last position of the journal, and the lock under which the next ones are handed out.

use diesel::prelude::*;
use diesel::sql_types::BigInt;

use super::{Conn, connection};
use crate::prepared;
use crate::prepared::Words;

/// Waits until the transaction whose commit was not answered is over: it holds the head as long as it is not.
pub(crate) fn is_over(conn: &mut Conn) -> QueryResult<bool> {
    connection::begin_write(conn)?;
    let locked = Watch::default().news(conn).map(|_| true);
    connection::rollback(conn);
    locked
}

/// Notices that another process has written.
#[derive(Default)]
pub(crate) struct Watch(Option<i64>);

impl Watch {
    /// Locks the row until the transaction ends. Answers the last position, where another process has written since
    /// it was asked before, and at first.
    pub(crate) fn news(&mut self, conn: &mut Conn) -> QueryResult<Option<i64>> {
        let last = prepared!(Words::<BigInt>::new("select position from journal_head for update"))
            .get_result(conn)?;
        Ok((self.0.replace(last) != Some(last)).then_some(last))
    }

    /// Notes the last position that this process is about to commit; whether it is another one.
    pub(crate) fn wrote(&mut self, last: i64) -> bool {
        self.0.replace(last) != Some(last)
    }

    /// Takes nothing for known: what was written was rolled back.
    pub(crate) const fn forget(&mut self) {
        self.0 = None;
    }
}
