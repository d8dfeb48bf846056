//! The outcomes of commands, kept for a repeat.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};
use portolan_kernel::{Error, Idempotency, Kept, Outcome, RecordedOutcome, Result, Timestamp};
use uuid::Uuid;

use super::ids::{DbUuid, SqlUuid};
use super::tables::commands;
use super::{Conn, Fault, Store};
use crate::{prepared, prepared_row};

/// How many records are looked at in one go.
pub(super) const SWEEP_RECORDS: usize = 1_000;

impl Store {
    /// Removes the outcomes of commands whose time is over, and answers how many. The store does so by itself, slowly.
    ///
    /// # Errors
    /// [`Error::Unavailable`] where it cannot write; [`Error::Full`] where its queue has no room.
    pub async fn remove_expired_outcomes(&self) -> Result<u64> {
        let (mut removed, mut after) = (0, None);
        loop {
            let clock = self.0.clock.clone();
            let sweep = move |conn: &mut Conn| remove_expired(conn, after, SWEEP_RECORDS, clock.now());
            let (some, next) = self.queue()?.write(sweep).await?;
            removed += some as u64;
            after = next;
            if after.is_none() {
                return Ok(removed);
            }
        }
    }
}

/// The record of a command; `None` where there is none, or its time is over.
pub(super) fn look_up(conn: &mut Conn, id: Uuid, now: Timestamp) -> Result<Option<RecordedOutcome>, Fault> {
    let row: Option<(DbUuid, String, Option<i64>)> = commands::table
        .filter(commands::command_id.eq(DbUuid(id)))
        .select((commands::fingerprint, commands::outcome, commands::kept_until))
        .get_result(conn)
        .optional()?;
    let Some((fingerprint, outcome, kept_until)) = row else { return Ok(None) };
    if kept_until.is_some_and(|until| until <= now.as_micros()) {
        return Ok(None);
    }
    let outcome = serde_json::from_str(&outcome)
        .map_err(|error| Fault::unreadable(format!("the outcome of the command {id}: {error}")))?;
    Ok(Some(RecordedOutcome { fingerprint: fingerprint.0.into_bytes(), outcome }))
}

/// Writes the record of a command, unless there is one: then nothing is written and that one is answered.
pub(super) fn record(
    conn: &mut Conn,
    id: Uuid,
    idempotency: Idempotency,
    outcome: &Outcome,
    now: Timestamp,
) -> Result<Option<RecordedOutcome>, Fault> {
    let text = serde_json::to_string(outcome)
        .map_err(|error| Error::Invalid(format!("the outcome of the command {id} is not JSON: {error}")))?;
    let row = NewRow {
        command_id: DbUuid(id),
        fingerprint: DbUuid(Uuid::from_bytes(idempotency.fingerprint.0)),
        outcome: &text,
        kept_until: match idempotency.kept {
            Kept::Forever => None,
            Kept::Until(time) => Some(time.as_micros()),
        },
        recorded_at: now.as_micros(),
    };
    if row.insert(conn)? {
        return Ok(None);
    }
    if let Some(recorded) = look_up(conn, id, now)? {
        return Ok(Some(recorded));
    }
    // The one that is there is over.
    diesel::delete(commands::table.filter(commands::command_id.eq(DbUuid(id)))).execute(conn)?;
    row.insert(conn)?;
    Ok(None)
}

/// Removes records whose time is over among the `limit` records after `after`, and answers how many, and where to go
/// on; `None` at the end of the table.
pub(super) fn remove_expired(
    conn: &mut Conn,
    after: Option<Uuid>,
    limit: usize,
    now: Timestamp,
) -> Result<(usize, Option<Uuid>), Fault> {
    let mut page: Vec<(DbUuid, Option<i64>)> = commands::table
        .filter(commands::command_id.gt(DbUuid(after.unwrap_or(Uuid::nil()))))
        .order(commands::command_id)
        .select((commands::command_id, commands::kept_until))
        .limit(i64::try_from(limit).unwrap_or(i64::MAX))
        .load(conn)?;
    let next = if page.len() < limit { None } else { page.last().map(|(id, _)| id.0) };
    page.retain(|(_, kept_until)| kept_until.is_some_and(|until| until <= now.as_micros()));
    for (id, _) in &page {
        diesel::delete(commands::table.filter(commands::command_id.eq(*id))).execute(conn)?;
    }
    Ok((page.len(), next))
}

prepared_row! {
    struct NewRow<'a>: "insert into" commands "on conflict do nothing" {
        command_id: DbUuid as SqlUuid,
        fingerprint: DbUuid as SqlUuid,
        outcome: &'a str as Text,
        kept_until: Option<i64> as Nullable<BigInt>,
        recorded_at: i64 as BigInt,
    }
}

impl NewRow<'_> {
    /// Whether it was written: there was none with this id.
    fn insert(&self, conn: &mut Conn) -> QueryResult<bool> {
        let written = prepared!(self).execute(conn)?;
        Ok(written == 1)
    }
}
