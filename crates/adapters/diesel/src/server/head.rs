//! The row of the head: the last position of the journal, and the lock under which the next ones are handed out.

use std::time::Duration;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool};

use super::super::store::News;
use super::{Config, Conn, Fault, connection, faults, look_ups, opening};
use crate::prepared;
use crate::prepared::Words;

/// Waits until the transaction whose commit was not answered is over: it holds the head as long as it is not.
pub(crate) fn is_over(conn: &mut Conn) -> QueryResult<bool> {
    connection::begin_write(conn)?;
    let locked = lock(conn).map(|()| true);
    connection::rollback(conn);
    locked
}

/// Waits until nobody else writes, and keeps it so until the transaction ends.
pub(crate) fn lock(conn: &mut Conn) -> QueryResult<()> {
    look_ups::locked(conn, None).map(drop)
}

/// Who has held the head for so long, and how to end that, as far as the server tells; `None` where nobody has.
pub(crate) fn holder(config: &Config, patience: Duration) -> Result<Option<String>, Fault> {
    let mut conn = opening::probe(&Config { lock_timeout: patience, ..config.clone() })?;
    match is_over(&mut conn) {
        Ok(_) => Ok(None),
        Err(error) if faults::is_held(&error) => {
            // Not every user may see what others do.
            let who = connection::holder(&mut conn).unwrap_or_default();
            let who = who.map(|who| format!(": {who}")).unwrap_or_default();
            Ok(Some(format!("another process holds the head of the journal{who}")))
        }
        Err(error) if faults::is_lost(&error) => Err(error.into()),
        // Who may not lock it cannot be held up by it: on a replica, or with the right to read alone.
        Err(_) => Ok(None),
    }
}

/// Notices that another process has written.
#[derive(Default)]
pub(crate) struct Watch(Option<(i64, bool)>);

impl Watch {
    /// Locks the row until the transaction ends. Answers what stands there, where another process has written since
    /// it was asked before, and at first; with what it wrote behind the position that is known, where that comes along.
    pub(crate) fn news(&mut self, conn: &mut Conn, known: Option<i64>) -> QueryResult<Option<News>> {
        let news = look_ups::locked(conn, known)?;
        let found = Some((news.last, news.may_be_moved));
        let is_news = std::mem::replace(&mut self.0, found) != found;
        Ok(is_news.then_some(news))
    }

    /// Notes the last position that this process is about to commit; whether it is another one.
    pub(crate) fn wrote(&mut self, last: i64) -> bool {
        let is_moved = self.0.is_some_and(|(_, is_moved)| is_moved);
        self.0.replace((last, is_moved)) != Some((last, is_moved))
    }

    /// Takes nothing for known: what was written was rolled back.
    pub(crate) const fn forget(&mut self) {
        self.0 = None;
    }
}

/// The last position, and whether the store may have been handed over to another one.
pub(crate) fn standing(conn: &mut Conn) -> QueryResult<News> {
    let head = "select position, is_moved from journal_head";
    let (last, may_be_moved) = prepared!(Words::<(BigInt, Bool)>::new(head)).get_result(conn)?;
    Ok(News { last, may_be_moved, events: None })
}

/// Says beside the head whether the store is handed over.
pub(crate) fn set_moved(conn: &mut Conn, is_moved: bool) -> QueryResult<()> {
    let set = if is_moved {
        "update journal_head set is_moved = true"
    } else {
        "update journal_head set is_moved = false"
    };
    diesel::sql_query(set).execute(conn).map(drop)
}
