//! Moving a store: what it shows of itself, and taking another one over.

use std::sync::Arc;

use async_trait::async_trait;
use diesel::prelude::*;
use portolan_kernel::{
    Checkpoint, Deadline, Envelope, Epoch, Error, Fingerprint, Kept, KeptOutcome, Moved, Named,
    OutcomeTotals, Part, Position, RecordedOutcome, RecordedReset, Result, SubscriptionId, Timestamp,
    Transfer, follows,
};
use uuid::Uuid;

use super::ids::DbUuid;
use super::journal::NewRow;
use super::tables::{commands, deadlines, store_info, subscriptions};
use super::{Config, Conn, Fault, Store, checkpoints, engine, heads, leases, moved, renewal};
use crate::rows;
use crate::rows::{RowConn as _, Rows};

/// The name of the line that says of which store this is an unfinished copy.
const COPY_OF: &str = "copy_of";

/// The name of the line that says in whose hands it is.
const IN_HANDS: &str = "copy_in_hands";

portolan_kernel::id_type! {
    /// A command, or an aggregate of any type.
    pub(super) struct OfAny;
}

rows! {
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

    async fn outcomes_since(
        &self,
        since: Timestamp,
        after: Option<Uuid>,
        limit: usize,
    ) -> Result<Vec<KeptOutcome>> {
        let rows = self.read_with(move |conn| outcomes_since(conn, since, after, limit)).await?;
        rows.into_iter().map(|row| self.kept(row)).collect()
    }

    async fn outcome_totals(&self, beyond: Timestamp) -> Result<OutcomeTotals> {
        self.read_with(move |conn| outcome_totals(conn, beyond)).await
    }

    async fn deadlines(&self, after: Option<&Deadline>, limit: usize) -> Result<Vec<Deadline>> {
        let after = after.map(|deadline| (deadline.aggregate_id, deadline.process.clone()));
        self.read_with(move |conn| deadlines_after(conn, after, limit)).await
    }

    async fn epochs(&self) -> Result<Vec<(SubscriptionId, Epoch)>> {
        self.read_with(leases::epochs).await
    }

    async fn recorded_resets(&self, skip: u64, limit: usize) -> Result<Vec<RecordedReset>> {
        self.read_with(move |conn| checkpoints::resets(conn, skip, limit)).await
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
                        Err(Error::AlreadyExists(format!("the target takes no copy, name another: at {name} an unfinished copy of another store"))
                            .into())
                    }
                    None if heads::last_position(conn)? > Position::ZERO => {
                        Err(Error::AlreadyExists(format!("the target takes no copy, name another: at {name} a store with events of its own")).into())
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
        let (part, config) = (Arc::new(part), self.0.config.clone());
        self.queue()?
            .write_events(move |conn| {
                must_be_copy(conn, &config)?;
                take_over(conn, &part)
            })
            .await
    }

    async fn rebuild(&self, after: Option<Named>) -> Result<Option<Named>> {
        let (keeping, config) = (Arc::clone(&self.0.keeping), self.0.config.clone());
        self.queue()?
            .write(move |conn| {
                must_be_copy(conn, &config)?;
                renewal::next(conn, after.as_ref(), &keeping)
            })
            .await
    }

    async fn renew(&self, names: &[Named]) -> Result<()> {
        for some in names.chunks(renewal::AT_ONCE) {
            let (keeping, config, some) =
                (Arc::clone(&self.0.keeping), self.0.config.clone(), some.to_owned());
            self.queue()?
                .write(move |conn| {
                    must_be_copy(conn, &config)?;
                    renewal::renew(conn, &some, &keeping)
                })
                .await?;
        }
        Ok(())
    }

    async fn claim_copy(&self, hands: Uuid, held: Option<Uuid>) -> Result<()> {
        let config = self.0.config.clone();
        self.queue()?
            .write(move |conn| {
                must_be_copy(conn, &config)?;
                if held.is_some() && in_hands(conn)? != held.map(|held| held.to_string()) {
                    return Err(fenced(&config).into());
                }
                diesel::delete(store_info::table.find(IN_HANDS)).execute(conn)?;
                let row = (store_info::name.eq(IN_HANDS), store_info::value.eq(hands.to_string()));
                diesel::insert_into(store_info::table).values(row).execute(conn)?;
                Ok(())
            })
            .await
    }

    async fn end_copy(&self, hands: Uuid) -> Result<()> {
        let config = self.0.config.clone();
        self.queue()?
            .write(move |conn| {
                must_be_copy(conn, &config)?;
                if in_hands(conn)? != Some(hands.to_string()) {
                    return Err(fenced(&config).into());
                }
                let lines = store_info::name.eq(COPY_OF).or(store_info::name.eq(IN_HANDS));
                diesel::delete(store_info::table.filter(lines)).execute(conn)?;
                Ok(())
            })
            .await
    }

    async fn moved(&self) -> Result<Option<Moved>> {
        self.read_with(moved::look_up).await
    }

    async fn hand_over(&self, moved: &Moved) -> Result<()> {
        let moved = moved.clone();
        self.queue()?.write(move |conn| moved::hand_over(conn, &moved)).await
    }

    async fn take_back(&self, from: &str, hands: Uuid) -> Result<()> {
        let from = from.to_owned();
        self.queue()?.write(move |conn| moved::take_back(conn, &from, hands)).await
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

/// Only an unfinished copy takes over: one that has ended may have commands of its own.
fn must_be_copy(conn: &mut Conn, config: &Config) -> Result<(), Fault> {
    match copy_of(conn)? {
        Some(_) => Ok(()),
        None => Err(fenced(config).into()),
    }
}

/// In whose hands the copy is.
fn in_hands(conn: &mut Conn) -> Result<Option<String>, Fault> {
    let row = store_info::table.find(IN_HANDS).select(store_info::value);
    Ok(row.first(conn).optional()?)
}

fn fenced(config: &Config) -> Error {
    Error::Fenced(format!("the unfinished copy at {}", config.location))
}

fn outcomes_since(
    conn: &mut Conn,
    since: Timestamp,
    after: Option<Uuid>,
    limit: usize,
) -> Result<Vec<OutcomeRow>, Fault> {
    type Row = (DbUuid, DbUuid, String, Option<i64>, i64);
    let mut page = commands::table
        .filter(commands::recorded_at.ge(since.as_micros()))
        .order(commands::command_id)
        .limit(i64::try_from(limit).unwrap_or(i64::MAX))
        .into_boxed();
    if let Some(after) = after {
        page = page.filter(commands::command_id.gt(DbUuid(after)));
    }
    let rows: Vec<Row> = page.load(conn)?;
    let row = |(command_id, fingerprint, outcome, kept_until, recorded_at): Row| OutcomeRow {
        command_id: command_id.0.into(),
        fingerprint: fingerprint.0,
        outcome,
        kept_until: kept_until.map(Timestamp::from_micros),
        recorded_at: Timestamp::from_micros(recorded_at),
    };
    Ok(rows.into_iter().map(row).collect())
}

fn outcome_totals(conn: &mut Conn, beyond: Timestamp) -> Result<OutcomeTotals, Fault> {
    // A remainder by a prime number, so that the sum of a thousand million of them is still a number.
    let sum = format!("cast(coalesce(sum(recorded_at % 1000000007), 0) as {})", engine::NUMBER);
    let is_kept = commands::kept_until.is_null().or(commands::kept_until.gt(beyond.as_micros()));
    let (count, sum): (i64, i64) = commands::table
        .filter(is_kept)
        .select((diesel::dsl::count_star(), diesel::dsl::sql::<diesel::sql_types::BigInt>(&sum)))
        .get_result(conn)?;
    Ok(OutcomeTotals { count: count.cast_unsigned(), sum: sum.cast_unsigned() })
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
        Part::Over(page) => {
            for deadline in page {
                let key = (deadline.process.as_str(), DbUuid(deadline.aggregate_id));
                diesel::delete(deadlines::table.find(key)).execute(conn)?;
            }
        }
        Part::Epochs(page) => {
            return page.iter().try_for_each(|(id, epoch)| leases::raise_epoch(conn, id, *epoch));
        }
        Part::Checkpoints(page) => {
            return page.iter().try_for_each(|checkpoint| put_checkpoint(conn, checkpoint));
        }
        Part::Resets { skipped, records } => {
            return checkpoints::take_over_resets(conn, *skipped, records);
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
    let rows: Vec<NewRow<'_>> = page.iter().map(NewRow::of).collect();
    Ok(engine::append(conn, &rows)?)
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
