//! Moving a store: what it shows of itself, and taking another one over.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use diesel::prelude::*;
use portolan_kernel::{
    AggregateKey, AnyState, Checkpoint, Deadline, Envelope, Error, Fingerprint, Kept, KeptOutcome, Named,
    Part, Position, RecordedOutcome, Replayed, Result, Timestamp, Transfer, Until, Version, follows,
};
use uuid::Uuid;

use super::ids::DbUuid;
use super::keeping::Keeping;
use super::mapper::Write;
use super::tables::{deadlines, journal as events, store_info, subscriptions};
use super::{Conn, Fault, Store, checkpoints, heads, journal};
use crate::rows;
use crate::rows::{RowConn as _, Rows};

/// The name of the line that says of which store this is an unfinished copy.
const COPY_OF: &str = "copy_of";

/// How many aggregates are made anew in one transaction.
const REBUILT: usize = 200;

/// How many events of a history are read, and held, at once.
const PAGE: usize = 1_000;

portolan_kernel::id_type! {
    /// An event, or a command.
    pub(super) struct OfAny;
}

rows! {
    /// An event as it was.
    pub(super) struct EventRow in journal {
        key { event_id: OfAny }
        fixed {
            position: u64,
            commit_position: u64,
            aggregate_type: String,
            aggregate_id: Uuid,
            version: Version,
            event_type: String,
            schema_version: u32,
            payload: String,
            metadata: String,
            occurred_at: Timestamp,
            recorded_at: Timestamp,
        }
    }

    /// The outcome of a command.
    pub(super) struct OutcomeRow in commands {
        key { command_id: OfAny }
        changing { fingerprint: Uuid, outcome: String, kept_until: Option<Timestamp>, recorded_at: Timestamp }
    }

    /// A deadline.
    pub(super) struct DeadlineRow in deadlines {
        key { aggregate_id: OfAny, process: String }
        changing { due_at: Timestamp, event_id: Uuid, correlation_id: Uuid, traceparent: Option<String> }
    }
}

#[async_trait]
impl Transfer for Store {
    async fn store_id(&self) -> Result<String> {
        Ok(self.info().await?.store_id)
    }

    async fn outcomes(&self, after: Option<Uuid>, limit: usize) -> Result<Vec<KeptOutcome>> {
        let rows = self.read_with(move |conn| Ok(conn.page::<OutcomeRow>(after, limit)?)).await?;
        rows.into_iter().map(|row| self.kept(row)).collect()
    }

    async fn deadlines(&self, after: Option<&Deadline>, limit: usize) -> Result<Vec<Deadline>> {
        let after = after.map(|deadline| (deadline.aggregate_id, deadline.process.clone()));
        self.read_with(move |conn| deadlines_after(conn, after, limit)).await
    }

    async fn begin_copy(&self, of: &str) -> Result<()> {
        let (of, name) = (of.to_owned(), self.0.config.location.to_string());
        self.queue()?
            .write(move |conn| {
                let begun: Option<String> =
                    store_info::table.find(COPY_OF).select(store_info::value).first(conn).optional()?;
                match begun {
                    Some(begun) if begun == of => Ok(()),
                    Some(_) => {
                        Err(Error::AlreadyExists(format!("at {name} an unfinished copy of another store"))
                            .into())
                    }
                    None if heads::last_position(conn)? > Position::ZERO => {
                        Err(Error::AlreadyExists(format!("at {name} a store with events of its own")).into())
                    }
                    None => {
                        let row = (store_info::name.eq(COPY_OF), store_info::value.eq(&of));
                        diesel::insert_into(store_info::table).values(row).execute(conn)?;
                        Ok(())
                    }
                }
            })
            .await
    }

    async fn take_over(&self, part: Part) -> Result<()> {
        let part = Arc::new(part);
        self.queue()?.write_events(move |conn| take_over(conn, &part)).await
    }

    async fn rebuild(&self, after: Option<Named>) -> Result<Option<Named>> {
        let keeping = Arc::clone(&self.0.keeping);
        self.queue()?.write(move |conn| rebuild(conn, after.as_ref(), &keeping)).await
    }

    async fn end_copy(&self) -> Result<()> {
        self.queue()?
            .write(|conn| {
                diesel::delete(store_info::table.find(COPY_OF)).execute(conn)?;
                Ok(())
            })
            .await
    }
}

impl Store {
    fn kept(&self, row: OutcomeRow) -> Result<KeptOutcome> {
        let command_id = row.command_id.into();
        let outcome = serde_json::from_str(&row.outcome).map_err(|error| {
            Fault::unreadable(format!("the outcome of the command {command_id}: {error}"))
                .at(&self.0.config.location)
        })?;
        let fingerprint = row.fingerprint.into_bytes();
        Ok(KeptOutcome {
            command_id,
            recorded: RecordedOutcome { fingerprint, outcome },
            kept: row.kept_until.map_or(Kept::Forever, Kept::Until),
            recorded_at: row.recorded_at,
        })
    }
}

/// Of which store this is an unfinished copy.
pub(super) fn copy_of(conn: &mut Conn) -> Result<Option<String>, Fault> {
    let begun = store_info::table.find(COPY_OF).select(store_info::value);
    Ok(begun.first(conn).optional()?)
}

fn deadlines_after(
    conn: &mut Conn,
    after: Option<(Uuid, String)>,
    limit: usize,
) -> Result<Vec<Deadline>, Fault> {
    type Row = (String, DbUuid, i64, DbUuid, DbUuid, Option<String>);
    let mut page = deadlines::table
        .order((deadlines::aggregate_id, deadlines::process))
        .limit(i64::try_from(limit).unwrap_or(i64::MAX))
        .into_boxed();
    if let Some((id, process)) = after {
        let of_the_same = deadlines::aggregate_id.eq(DbUuid(id)).and(deadlines::process.gt(process));
        // The first condition is what an index can begin at.
        page = page
            .filter(deadlines::aggregate_id.ge(DbUuid(id)))
            .filter(deadlines::aggregate_id.gt(DbUuid(id)).or(of_the_same));
    }
    let rows: Vec<Row> = page.load(conn)?;
    let deadline = |(process, aggregate_id, due_at, event_id, correlation_id, traceparent): Row| Deadline {
        process,
        aggregate_id: aggregate_id.0,
        due_at: Timestamp::from_micros(due_at),
        event_id: event_id.0,
        correlation_id: correlation_id.0,
        traceparent,
    };
    Ok(rows.into_iter().map(deadline).collect())
}

fn take_over(conn: &mut Conn, part: &Part) -> Result<(), Fault> {
    let mut rows = Rows::new();
    match part {
        Part::Events(page) => return append(conn, page),
        Part::Outcomes(outcomes) => {
            for kept in outcomes {
                rows.put(OutcomeRow::of(kept)?);
            }
        }
        Part::NoDeadlines => {
            diesel::delete(deadlines::table).execute(conn)?;
        }
        Part::Deadlines(page) => page.iter().for_each(|deadline| rows.put(DeadlineRow::of(deadline))),
        Part::Checkpoints(page) => {
            return page.iter().try_for_each(|checkpoint| put_checkpoint(conn, checkpoint));
        }
    }
    Ok(rows.write(conn)?)
}

fn append(conn: &mut Conn, page: &[Envelope]) -> Result<(), Fault> {
    let head = heads::last_position(conn)?;
    if !follows(page, head) {
        let expected = page.first().map_or(0, |first| first.position.get().saturating_sub(1));
        let what = "the journal of the copy".to_owned();
        return Err(Error::Conflict { what, expected, actual: head.get() }.into());
    }
    let mut rows = Rows::new();
    page.iter().for_each(|event| rows.insert(EventRow::of(event)));
    Ok(rows.write(conn)?)
}

fn put_checkpoint(conn: &mut Conn, checkpoint: &Checkpoint) -> Result<(), Fault> {
    let Checkpoint { subscription, position, status } = checkpoint;
    let (status, reason) = checkpoints::columns(status);
    let key = (subscription.name.as_str(), i64::from(subscription.version));
    let set = (
        subscriptions::position.eq(position.get().cast_signed()),
        subscriptions::status.eq(status),
        subscriptions::reason.eq(reason),
    );
    let kept = diesel::update(subscriptions::table.find(key)).set(set).execute(conn)?;
    if kept == 0 {
        let named = (subscriptions::name.eq(key.0), subscriptions::version.eq(key.1));
        diesel::insert_into(subscriptions::table)
            .values((named.0, named.1, set.0, set.1, set.2))
            .execute(conn)?;
    }
    Ok(())
}

/// Makes the states of the next aggregates of their histories, and answers the last of them.
fn rebuild(conn: &mut Conn, after: Option<&Named>, keeping: &Keeping) -> Result<Option<Named>, Fault> {
    let names = names_after(conn, after)?;
    let mut of_type: BTreeMap<&'static str, Vec<Uuid>> = BTreeMap::new();
    for named in &names {
        of_type.entry(keeping.known(&named.aggregate_type)?.name()).or_default().push(named.id);
    }
    let mut rows = Rows::new();
    for (aggregate_type, ids) in of_type {
        let stored = keeping.load_stored(conn, aggregate_type, &ids)?;
        for id in ids {
            let replayed = replay(conn, aggregate_type, id, keeping)?;
            let is_there = stored.iter().any(|stored| stored.id == id);
            if is_there || replayed.state.is_some() {
                let key = AggregateKey { aggregate_type, id };
                let write = anew(key, &replayed.state, replayed.version, is_there);
                keeping.collect(&write, &mut rows)?;
            }
        }
    }
    rows.write(conn)?;
    Ok(names.last().cloned())
}

/// The state written whole, whatever was there before.
fn anew(key: AggregateKey, state: &Option<AnyState>, version: Version, existed: bool) -> Write<'_> {
    Write {
        key,
        before: Version::ZERO,
        version,
        existed,
        begun_anew: existed,
        state: state.as_ref(),
        events: Vec::new(),
    }
}

fn replay(conn: &mut Conn, aggregate_type: &str, id: Uuid, keeping: &Keeping) -> Result<Replayed, Fault> {
    let known = keeping.known(aggregate_type)?;
    let mut replayed = Replayed::default();
    loop {
        let page = journal::history(conn, aggregate_type, id, replayed.version, Until::Now, PAGE)?;
        if page.is_empty() {
            return Ok(replayed);
        }
        replayed = known.replay(replayed, &page)?;
    }
}

fn names_after(conn: &mut Conn, after: Option<&Named>) -> Result<Vec<Named>, Fault> {
    let mut page = events::table
        .select((events::aggregate_id, events::aggregate_type))
        .distinct()
        .order((events::aggregate_id, events::aggregate_type))
        .limit(REBUILT as i64)
        .into_boxed();
    if let Some(Named { id, aggregate_type }) = after {
        let of_the_same = events::aggregate_id.eq(DbUuid(*id)).and(events::aggregate_type.gt(aggregate_type));
        page = page
            .filter(events::aggregate_id.ge(DbUuid(*id)))
            .filter(events::aggregate_id.gt(DbUuid(*id)).or(of_the_same));
    }
    let rows: Vec<(DbUuid, String)> = page.load(conn)?;
    Ok(rows.into_iter().map(|(id, aggregate_type)| Named { id: id.0, aggregate_type }).collect())
}

impl EventRow {
    fn of(event: &Envelope) -> Self {
        Self {
            event_id: event.event_id.into(),
            position: event.position.get(),
            commit_position: event.commit_position.get(),
            aggregate_type: event.aggregate_type.clone(),
            aggregate_id: event.aggregate_id,
            version: event.version,
            event_type: event.event_type.clone(),
            schema_version: event.schema_version.into(),
            payload: event.payload.clone(),
            metadata: event.metadata.clone(),
            occurred_at: event.occurred_at,
            recorded_at: event.recorded_at,
        }
    }
}

impl OutcomeRow {
    fn of(kept: &KeptOutcome) -> Result<Self, Fault> {
        let outcome = serde_json::to_string(&kept.recorded.outcome).map_err(|error| {
            Error::Invalid(format!("the outcome of the command {} is not JSON: {error}", kept.command_id))
        })?;
        Ok(Self {
            command_id: kept.command_id.into(),
            fingerprint: Uuid::from_bytes(Fingerprint(kept.recorded.fingerprint).0),
            outcome,
            kept_until: match kept.kept {
                Kept::Forever => None,
                Kept::Until(time) => Some(time),
            },
            recorded_at: kept.recorded_at,
        })
    }
}

impl DeadlineRow {
    fn of(deadline: &Deadline) -> Self {
        Self {
            aggregate_id: deadline.aggregate_id.into(),
            process: deadline.process.clone(),
            due_at: deadline.due_at,
            event_id: deadline.event_id,
            correlation_id: deadline.correlation_id,
            traceparent: deadline.traceparent.clone(),
        }
    }
}
