//! The outcomes of commands, kept for a repeat.

use std::collections::{HashMap, HashSet};

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};
use portolan_kernel::{ChangeSet, Error, Idempotency, Kept, Outcome, RecordedOutcome, Result, Timestamp};
use uuid::Uuid;

use super::ids::{DbUuid, SqlUuid};
use super::tables::commands;
use super::{Conn, Fault, NewRow as _, Store, engine};
use crate::rows::sheet::{Sheet, column, nullable};
use crate::rows::{Kind, RowConn, Table, Value};
use crate::{prepared, prepared_row};

/// A record, as an engine finds it: the command's id, its fingerprint, its outcome and until when it is kept.
pub(in super::super) type RecordRow = (DbUuid, DbUuid, String, Option<i64>);

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
    row.map_or(Ok(None), |row| recorded(id, row, now))
}

/// The records of these commands, of those that have one whose time is not over. What cannot be read is the fault of its
/// own command alone.
pub(super) fn look_up_each(
    conn: &mut Conn,
    ids: &[Uuid],
    now: Timestamp,
) -> Result<HashMap<Uuid, Result<RecordedOutcome, Fault>>, Fault> {
    let wanted: Vec<DbUuid> = ids.iter().copied().map(DbUuid).collect();
    let mut each = HashMap::with_capacity(ids.len());
    if let Some(found) = engine::recorded(conn, &wanted)? {
        for (DbUuid(id), fingerprint, outcome, kept_until) in found {
            let recorded = recorded(id, (fingerprint, outcome, kept_until), now);
            each.extend(recorded.transpose().map(|recorded| (id, recorded)));
        }
        return Ok(each);
    }
    for id in ids {
        match look_up(conn, *id, now) {
            Err(fault) if !fault.is_of_content() => return Err(fault),
            recorded => each.extend(recorded.transpose().map(|recorded| (*id, recorded))),
        }
    }
    Ok(each)
}

/// When a group looks for the records of its commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// Before it decides.
    First,
    /// Where the aggregates have moved on alone. That a command was recorded shows by its id when its record is written, which
    /// then fails with all of its group; repeats are few, and a look is a way to the server and back.
    Late,
}

/// The records that a group of commits finds and makes.
pub(super) struct Records {
    now: Timestamp,
    look: Look,
    /// Those of the commands that were looked for, or are about to be made; `None` where there is none.
    known: HashMap<Uuid, Option<RecordedOutcome>>,
    /// Whether the engine looks up and writes one by one.
    is_each_alone: bool,
    /// Those whose time is over.
    over: HashSet<Uuid>,
    new: Vec<NewRow>,
}

impl Records {
    /// None yet.
    pub(super) fn new(now: Timestamp, look: Look) -> Self {
        let (known, over, new) = (HashMap::new(), HashSet::new(), Vec::new());
        Self { now, look, known, is_each_alone: false, over, new }
    }

    /// Looks up those of these change sets as far as that is to come first.
    pub(super) fn prefetch(&mut self, conn: &mut Conn, sets: &[&ChangeSet]) -> Result<(), Fault> {
        // What makes no record does not fail by one that is there.
        let comes_first = |set: &&&ChangeSet| self.look == Look::First || set.idempotency.is_none();
        let ids: Vec<Uuid> = sets.iter().filter(comes_first).map(|set| set.command_id).collect();
        self.look_up_all(conn, ids.into_iter())
    }

    /// Looks up those of these commands that were not looked for, where the engine does so for all at once.
    pub(super) fn look_up_all(
        &mut self,
        conn: &mut Conn,
        ids: impl Iterator<Item = Uuid>,
    ) -> Result<(), Fault> {
        let unknown: Vec<DbUuid> = ids.filter(|id| !self.known.contains_key(id)).map(DbUuid).collect();
        let Some(found) = engine::recorded(conn, &unknown)? else {
            self.is_each_alone = true;
            return Ok(());
        };
        self.known.extend(unknown.into_iter().map(|DbUuid(id)| (id, None)));
        for (DbUuid(id), fingerprint, outcome, kept_until) in found {
            match recorded(id, (fingerprint, outcome, kept_until), self.now)? {
                Some(recorded) => drop(self.known.insert(id, Some(recorded))),
                None => drop(self.over.insert(id)),
            }
        }
        Ok(())
    }

    /// The record of a command; `None` where there is none, or its time is over, or it was not looked for.
    pub(super) fn look_up(&self, conn: &mut Conn, id: Uuid) -> Result<Option<RecordedOutcome>, Fault> {
        match self.is_each_alone {
            false => Ok(self.known.get(&id).cloned().flatten()),
            true => look_up(conn, id, self.now),
        }
    }

    /// Makes the record of a command, unless there is one: then nothing is written and that one is answered.
    pub(super) fn record(
        &mut self,
        conn: &mut Conn,
        id: Uuid,
        idempotency: Idempotency,
        outcome: &Outcome,
    ) -> Result<Option<RecordedOutcome>, Fault> {
        let text = serde_json::to_string(outcome).map_err(|error| {
            Error::Invalid(format!("the outcome of the command {id} is not JSON: {error}"))
        })?;
        let fingerprint = idempotency.fingerprint.0;
        let row = NewRow {
            command_id: DbUuid(id),
            fingerprint: DbUuid(Uuid::from_bytes(fingerprint)),
            outcome: text,
            kept_until: match idempotency.kept {
                Kept::Forever => None,
                Kept::Until(time) => Some(time.as_micros()),
            },
            recorded_at: self.now.as_micros(),
        };
        if self.is_each_alone {
            return record_now(conn, id, &row, self.now);
        }
        if let Some(Some(recorded)) = self.known.get(&id) {
            return Ok(Some(recorded.clone()));
        }
        self.known.insert(id, Some(RecordedOutcome { fingerprint, outcome: outcome.clone() }));
        self.new.push(row);
        Ok(None)
    }

    /// Writes what was made.
    pub(super) fn write<'v>(
        &'v self,
        conn: &mut Conn,
        joint: &mut <Conn as RowConn>::Joint<'v>,
    ) -> Result<(), Fault> {
        for row in self.new.iter().filter(|row| self.over.contains(&row.command_id.0)) {
            diesel::delete(commands::table.filter(commands::command_id.eq(row.command_id))).execute(conn)?;
        }
        Ok(engine::insert(conn, &self.new, joint)?)
    }
}

/// Writes a record, unless there is one.
fn record_now(
    conn: &mut Conn,
    id: Uuid,
    row: &NewRow,
    now: Timestamp,
) -> Result<Option<RecordedOutcome>, Fault> {
    if row.insert(conn)? == 1 {
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

/// A record as its row has it; `None` where its time is over.
fn recorded(
    id: Uuid,
    (fingerprint, outcome, kept_until): (DbUuid, String, Option<i64>),
    now: Timestamp,
) -> Result<Option<RecordedOutcome>, Fault> {
    if kept_until.is_some_and(|until| until <= now.as_micros()) {
        return Ok(None);
    }
    let outcome = serde_json::from_str(&outcome)
        .map_err(|error| Fault::unreadable(format!("the outcome of the command {id}: {error}")))?;
    Ok(Some(RecordedOutcome { fingerprint: fingerprint.0.into_bytes(), outcome }))
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
        // Once more: the command may have been run again since, by another process.
        let is_over = commands::kept_until.le(now.as_micros());
        diesel::delete(commands::table.filter(commands::command_id.eq(*id)).filter(is_over)).execute(conn)?;
    }
    Ok((page.len(), next))
}

prepared_row! {
    struct NewRow: "insert into" commands "on conflict do nothing" {
        command_id: DbUuid as SqlUuid,
        fingerprint: DbUuid as SqlUuid,
        outcome: String as Text,
        kept_until: Option<i64> as Nullable<BigInt>,
        recorded_at: i64 as BigInt,
    }
}

impl super::NewRow for NewRow {
    fn insert(&self, conn: &mut Conn) -> QueryResult<usize> {
        prepared!(self).execute(conn)
    }
}

impl Sheet for NewRow {
    type Cells<'a> = [Value<'a>; 5];
    type Name = Self;

    const TABLE: Table = Table {
        name: "commands",
        columns: &[
            column("command_id", Kind::Uuid),
            column("fingerprint", Kind::Uuid),
            column("outcome", Kind::Text),
            nullable("kept_until", Kind::Integer),
            column("recorded_at", Kind::Integer),
        ],
        key: 1,
        fixed: 5,
    };

    fn cells(&self) -> [Value<'_>; 5] {
        [
            Value::Uuid(self.command_id),
            Value::Uuid(self.fingerprint),
            Value::Text(self.outcome.as_str().into()),
            self.kept_until.map_or(Value::Null, Value::Integer),
            Value::Integer(self.recorded_at),
        ]
    }
}
