//! What to answer after a commit that failed in such a way that it may be durable all the same.

use diesel::prelude::*;
use portolan_kernel::{ChangeSet, Committed, Error, Result, Timestamp};

use super::ids::DbUuid;
use super::tables::journal;
use super::{Conn, Fault, commands};

/// Asks a fresh connection for what was to be written: what is there is answered as it was decided. What is not there
/// may come back when the log is recovered, so that its outcome stays unknown.
pub(super) fn settle(
    conn: &mut Conn,
    change_set: &ChangeSet,
    decided: Result<Committed>,
    error: &Error,
) -> Result<Committed> {
    match decided {
        Ok(Committed::Done { .. }) if matches!(is_there(conn, change_set), Ok(true)) => decided,
        Ok(Committed::Done { .. }) => Err(unknown(error)),
        // It was to write nothing, and what it was decided on is in doubt itself.
        _ => Err(error.clone()),
    }
}

/// The same failure, saying that it may have been done all the same.
pub(super) fn unknown(error: &Error) -> Error {
    match error {
        Error::Unavailable { message, .. } => Error::outcome_unknown(message.clone()),
        other => Error::outcome_unknown(other.to_string()),
    }
}

fn is_there(conn: &mut Conn, change_set: &ChangeSet) -> Result<bool, Fault> {
    if change_set.idempotency.is_some() {
        // Before all times, so that no record is over.
        return Ok(
            commands::look_up(conn, change_set.command_id, Timestamp::from_micros(i64::MIN))?.is_some()
        );
    }
    let first = change_set.changes.iter().flat_map(|change| &change.events).next();
    let Some(first) = first else { return Ok(false) };
    let found = journal::table.filter(journal::event_id.eq(DbUuid(first.event_id)));
    Ok(diesel::select(diesel::dsl::exists(found)).get_result(conn)?)
}
