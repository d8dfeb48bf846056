//! The journal: written with the aggregates, read by everything that follows.

use async_trait::async_trait;
use diesel::connection::DefaultLoadingMode;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use portolan_kernel::{
    AggregateKey, Change, ChangeSet, Envelope, Error, Journal, Position, READ_BYTES, READ_LIMIT, Result,
    Timestamp, Until, Version,
};
use uuid::Uuid;

use super::head::POLL;
use super::ids::{DbUuid, SqlUuid};
use super::obstacle::LONG;
use super::queue::Queue;
use super::tables::journal;
use super::{Conn, Fault, Store, engine, heads};
use crate::any::Obstacle;
use crate::rows::sheet::{Sheet, column};
use crate::rows::{Kind, Table, Value};
use crate::{prepared, prepared_row};

#[async_trait]
impl Journal for Store {
    async fn read(&self, after: Position, limit: usize) -> Result<Vec<Envelope>> {
        check_limit(limit)?;
        self.read_with(move |conn| read(conn, after, limit)).await
    }

    async fn head(&self) -> Result<Position> {
        let head = self.read_with(heads::last_position).await?;
        self.known_head().raise(head);
        Ok(head)
    }

    async fn history(
        &self,
        key: AggregateKey,
        after: Version,
        until: Until,
        limit: usize,
    ) -> Result<Vec<Envelope>> {
        check_limit(limit)?;
        self.read_with(move |conn| history(conn, key.aggregate_type, key.id, after, until, limit)).await
    }

    async fn changed(&self, after: Position) -> Result<Position> {
        let mut seen = self.known_head().subscribe();
        loop {
            let state = *seen.borrow_and_update();
            if state.position > after {
                return Ok(state.position);
            }
            if state.closed {
                return Err(self.closed());
            }
            // Commits of this process wake at once; those of others are looked for.
            if tokio::time::timeout(POLL, seen.changed()).await.is_err() && self.known_head().is_poll_due() {
                self.head().await?;
            }
        }
    }
}

impl Store {
    /// How often this store has looked for commits of other processes: only while somebody waits, and then at most
    /// [`POLLS_PER_SECOND`](Self::POLLS_PER_SECOND) times a second.
    #[must_use]
    pub fn polls(&self) -> u64 {
        self.known_head().polls()
    }

    /// How many transactions this handle's process has written: fewer than commits where these were taken in groups.
    #[must_use]
    pub fn groups(&self) -> u64 {
        self.known_head().groups()
    }

    /// How many commits of this handle's process wait for the writer or are being written; 0 where it only reads.
    #[must_use]
    pub fn commits_waiting(&self) -> usize {
        self.queue().map_or(0, Queue::waiting)
    }

    /// What is in the way of commits just now, as the writer of this handle's process last saw it; none where they go
    /// through.
    #[must_use]
    pub fn obstacle(&self) -> Option<Obstacle> {
        self.0.obstacles.now()
    }

    /// Who has held the row of the head for longer than a second, so that no process can commit: a sentence for an
    /// operator, as far as the server tells. `None` where nobody has, or where there is no such row.
    ///
    /// # Errors
    /// [`Error::Unavailable`](portolan_kernel::Error::Unavailable) where the store cannot be asked.
    pub async fn holder(&self) -> Result<Option<String>> {
        let config = self.0.config.clone();
        self.read_with(move |_| engine::holder(&config, LONG)).await
    }

    /// How often a store looks for commits of other processes at the most.
    pub const POLLS_PER_SECOND: u64 = 10;
}

fn check_limit(limit: usize) -> Result<()> {
    if limit == 0 || limit > READ_LIMIT {
        return Err(Error::Invalid(format!("a limit of {limit} is not between 1 and {READ_LIMIT}")));
    }
    Ok(())
}

/// The events after this position, about `limit` of them and [`READ_BYTES`], to the end of a commit.
pub(super) fn read(conn: &mut Conn, after: Position, limit: usize) -> Result<Vec<Envelope>, Fault> {
    // What is beyond the numbers of the database is beyond the head.
    let Ok(after) = i64::try_from(after.get()) else { return Ok(Vec::new()) };
    let rows = journal::table
        .filter(journal::position.gt(after))
        .order(journal::position)
        .limit(at_most(limit))
        .load_iter::<EventRow, DefaultLoadingMode>(conn)?;
    let mut events = envelopes(rows, limit, READ_BYTES)?;
    let Some(last) = events.last() else { return Ok(events) };
    let (last, end) = (last.position, last.commit_position);
    if last < end {
        let rest = journal::table
            .filter(journal::position.gt(last.get().cast_signed()))
            .filter(journal::position.le(end.get().cast_signed()))
            .order(journal::position)
            .load_iter::<EventRow, DefaultLoadingMode>(conn)?;
        events.append(&mut envelopes(rest, 8, usize::MAX)?);
    }
    Ok(events)
}

/// What happened to one aggregate after a version.
pub(super) fn history(
    conn: &mut Conn,
    aggregate_type: &str,
    id: Uuid,
    after: Version,
    until: Until,
    limit: usize,
) -> Result<Vec<Envelope>, Fault> {
    let Ok(after) = i64::try_from(after.get()) else { return Ok(Vec::new()) };
    let of_aggregate = journal::aggregate_id.eq(DbUuid(id)).and(journal::aggregate_type.eq(aggregate_type));
    let last = match until {
        Until::Now => i64::MAX,
        Until::Version(version) => i64::try_from(version.get()).unwrap_or(i64::MAX),
        Until::Time(time) => {
            let last: Option<i64> = journal::table
                .filter(of_aggregate)
                .filter(journal::occurred_at.le(time.as_micros()))
                .select(diesel::dsl::max(journal::version))
                .get_result(conn)?;
            last.unwrap_or(0)
        }
    };
    let rows = journal::table
        .filter(of_aggregate)
        .filter(journal::version.gt(after))
        .filter(journal::version.le(last))
        .order(journal::version)
        .limit(at_most(limit))
        .load_iter::<EventRow, DefaultLoadingMode>(conn)?;
    envelopes(rows, 8, READ_BYTES)
}

/// Goes through what happened to these aggregates of one type, each beyond the version beside it: history by history, each
/// in order and in one piece or several. So much is held at once as one read of a journal gives.
pub(super) fn each_history(
    conn: &mut Conn,
    aggregate_type: &str,
    beyond: &[(Uuid, Version)],
    mut take: impl FnMut(Uuid, &[Envelope]) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let mut beyond = beyond.to_vec();
    beyond.sort_unstable();
    // Whole histories are found by their ids alone.
    let (whole, ends): (Vec<_>, Vec<_>) = beyond.into_iter().partition(|(_, version)| version.get() == 0);
    for some in whole.chunks(WHOLE_HISTORIES).chain(ends.chunks(ENDS_OF_HISTORIES)) {
        let mut left = some.to_vec();
        loop {
            let page = histories(conn, aggregate_type, &left)?;
            for events in page.chunk_by(|one, next| one.aggregate_id == next.aggregate_id) {
                if let Some(first) = events.first() {
                    take(first.aggregate_id, events)?;
                }
            }
            let bytes: usize = page.iter().map(Envelope::bytes).sum();
            let Some(last) = page.last() else { break };
            if page.len() < READ_LIMIT && bytes < READ_BYTES {
                break;
            }
            // It may have been cut inside the last history.
            left.retain(|(id, _)| *id >= last.aggregate_id);
            if let Some(cut) = left.first_mut() {
                cut.1 = last.version;
            }
        }
    }
    Ok(())
}

/// How many histories are asked for at once: whole ones, and such of which only the end is wanted, each of which makes
/// the statement longer.
const WHOLE_HISTORIES: usize = 200;
const ENDS_OF_HISTORIES: usize = 32;

/// The events of these aggregates beyond the version beside each, by ids and versions, up to the bounds of one read.
fn histories(
    conn: &mut Conn,
    aggregate_type: &str,
    beyond: &[(Uuid, Version)],
) -> Result<Vec<Envelope>, Fault> {
    if let [(id, after)] = beyond {
        return history(conn, aggregate_type, *id, *after, Until::Now, READ_LIMIT);
    }
    let of_type = || journal::aggregate_type.eq(aggregate_type);
    let mut page = journal::table
        .order((journal::aggregate_id, journal::version))
        .limit(at_most(READ_LIMIT))
        .into_boxed();
    if beyond.iter().all(|(_, version)| version.get() == 0) {
        page = page
            .filter(of_type())
            .filter(journal::aggregate_id.eq_any(beyond.iter().map(|(id, _)| DbUuid(*id))));
    } else {
        for (id, version) in beyond {
            let version = journal::version.gt(version.get().cast_signed());
            page = page.or_filter(journal::aggregate_id.eq(DbUuid(*id)).and(of_type()).and(version));
        }
    }
    envelopes(page.load_iter::<EventRow, DefaultLoadingMode>(conn)?, 8, READ_BYTES)
}

/// Takes rows up to the one that comes to so many bytes.
fn envelopes(
    rows: impl Iterator<Item = QueryResult<EventRow>>,
    expected: usize,
    most_bytes: usize,
) -> Result<Vec<Envelope>, Fault> {
    let mut envelopes = Vec::with_capacity(expected.min(READ_LIMIT));
    let mut bytes = 0;
    for row in rows {
        let envelope = Envelope::from(row?);
        bytes += envelope.bytes();
        envelopes.push(envelope);
        if bytes >= most_bytes {
            break;
        }
    }
    Ok(envelopes)
}

fn at_most(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

/// A row, in the order of the table's columns.
#[derive(Queryable)]
pub(in super::super) struct EventRow {
    position: i64,
    commit_position: i64,
    event_id: DbUuid,
    aggregate_type: String,
    aggregate_id: DbUuid,
    version: i64,
    event_type: String,
    schema_version: i64,
    payload: String,
    metadata: String,
    occurred_at: i64,
    recorded_at: i64,
}

impl From<EventRow> for Envelope {
    fn from(row: EventRow) -> Self {
        Self {
            position: Position(row.position.cast_unsigned()),
            commit_position: Position(row.commit_position.cast_unsigned()),
            event_id: row.event_id.0,
            aggregate_type: row.aggregate_type,
            aggregate_id: row.aggregate_id.0,
            version: Version(row.version.cast_unsigned()),
            event_type: row.event_type,
            schema_version: u16::try_from(row.schema_version).unwrap_or(0),
            payload: row.payload,
            metadata: row.metadata,
            occurred_at: Timestamp::from_micros(row.occurred_at),
            recorded_at: Timestamp::from_micros(row.recorded_at),
        }
    }
}

/// The events of one change set on their way into the journal.
pub(super) struct NewEvents<'a> {
    change_set: &'a ChangeSet,
    position: Position,
    commit_position: Position,
    now: Timestamp,
}

impl<'a> NewEvents<'a> {
    /// The events of this change set, at the positions after `after`.
    pub(super) fn of(change_set: &'a ChangeSet, after: Position, now: Timestamp) -> Self {
        let events: usize = change_set.changes.iter().map(|change| change.events.len()).sum();
        Self { change_set, position: after, commit_position: after.plus(events as u64), now }
    }

    /// The rows of one change, which leads to `version`.
    pub(super) fn rows(&mut self, change: &'a Change, version: Version) -> impl Iterator<Item = NewRow<'a>> {
        let first = version.get() - change.events.len() as u64;
        change.events.iter().zip(first + 1..).map(move |(event, version)| {
            self.position = self.position.plus(1);
            NewRow {
                position: self.position.get().cast_signed(),
                commit_position: self.commit_position.get().cast_signed(),
                event_id: DbUuid(event.event_id),
                aggregate_type: change.key.aggregate_type,
                aggregate_id: DbUuid(change.key.id),
                version: version.cast_signed(),
                event_type: event.event_type,
                schema_version: i64::from(event.schema_version),
                payload: &event.payload,
                metadata: &self.change_set.metadata,
                occurred_at: self.change_set.occurred_at.as_micros(),
                recorded_at: self.now.as_micros(),
            }
        })
    }
}

prepared_row! {
    pub(super) struct NewRow<'a>: "insert into" journal "" {
        position: i64 as BigInt,
        commit_position: i64 as BigInt,
        event_id: DbUuid as SqlUuid,
        aggregate_type: &'a str as Text,
        aggregate_id: DbUuid as SqlUuid,
        version: i64 as BigInt,
        event_type: &'a str as Text,
        schema_version: i64 as BigInt,
        payload: &'a str as Text,
        metadata: &'a str as Text,
        occurred_at: i64 as BigInt,
        recorded_at: i64 as BigInt,
    }
}

impl<'a> NewRow<'a> {
    /// An event of another journal, as it was.
    pub(super) fn of(event: &'a Envelope) -> Self {
        Self {
            position: event.position.get().cast_signed(),
            commit_position: event.commit_position.get().cast_signed(),
            event_id: DbUuid(event.event_id),
            aggregate_type: &event.aggregate_type,
            aggregate_id: DbUuid(event.aggregate_id),
            version: event.version.get().cast_signed(),
            event_type: &event.event_type,
            schema_version: i64::from(event.schema_version),
            payload: &event.payload,
            metadata: &event.metadata,
            occurred_at: event.occurred_at.as_micros(),
            recorded_at: event.recorded_at.as_micros(),
        }
    }
}

impl super::NewRow for NewRow<'_> {
    fn insert(&self, conn: &mut Conn) -> QueryResult<usize> {
        prepared!(self).execute(conn)
    }
}

impl Sheet for NewRow<'_> {
    type Cells<'a>
        = [Value<'a>; 12]
    where
        Self: 'a;
    type Name = NewRow<'static>;

    const TABLE: Table = Table {
        name: "journal",
        columns: &[
            column("position", Kind::Integer),
            column("commit_position", Kind::Integer),
            column("event_id", Kind::Uuid),
            column("aggregate_type", Kind::Text),
            column("aggregate_id", Kind::Uuid),
            column("version", Kind::Integer),
            column("event_type", Kind::Text),
            column("schema_version", Kind::Integer),
            column("payload", Kind::Text),
            column("metadata", Kind::Text),
            column("occurred_at", Kind::Integer),
            column("recorded_at", Kind::Integer),
        ],
        key: 1,
        fixed: 12,
    };

    fn cells(&self) -> [Value<'_>; 12] {
        [
            Value::Integer(self.position),
            Value::Integer(self.commit_position),
            Value::Uuid(self.event_id),
            Value::Text(self.aggregate_type.into()),
            Value::Uuid(self.aggregate_id),
            Value::Integer(self.version),
            Value::Text(self.event_type.into()),
            Value::Integer(self.schema_version),
            Value::Text(self.payload.into()),
            Value::Text(self.metadata.into()),
            Value::Integer(self.occurred_at),
            Value::Integer(self.recorded_at),
        ]
    }
}
