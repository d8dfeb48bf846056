//! How far each shared subscription has come.

use async_trait::async_trait;
use diesel::prelude::*;
use portolan_kernel::{
    Advance, Checkpoint, Checkpoints, Epoch, Error, Position, RecordedReset, Reset, Result, Status,
    SubscriptionId, Timestamp,
};

use super::tables::{subscription_resets, subscriptions};
use super::{Conn, Fault, Store, leases};

#[async_trait]
impl Checkpoints for Store {
    async fn get(&self, subscription: &SubscriptionId) -> Result<Option<Checkpoint>> {
        let subscription = subscription.clone();
        self.read_with(move |conn| look_up(conn, &subscription)).await
    }

    async fn list(&self) -> Result<Vec<Checkpoint>> {
        self.read_with(|conn| {
            let rows: Vec<Row> =
                subscriptions::table.order((subscriptions::name, subscriptions::version)).load(conn)?;
            rows.into_iter().map(Row::checkpoint).collect()
        })
        .await
    }

    async fn initialise(&self, subscription: &SubscriptionId, at: Position) -> Result<()> {
        let subscription = subscription.clone();
        self.queue()?
            .write(move |conn| {
                if look_up(conn, &subscription)?.is_some() {
                    let said = format!("the checkpoint of {subscription}");
                    return Err(Fault::answer(Error::AlreadyExists(said)));
                }
                diesel::insert_into(subscriptions::table)
                    .values((
                        subscriptions::name.eq(&subscription.name),
                        subscriptions::version.eq(i64::from(subscription.version)),
                        subscriptions::position.eq(at.get().cast_signed()),
                        subscriptions::status.eq(RUNNING),
                        subscriptions::reason.eq(None::<String>),
                    ))
                    .execute(conn)?;
                Ok(())
            })
            .await
    }

    async fn advance(&self, step: &Advance) -> Result<()> {
        check_order(step)?;
        let step = step.clone();
        self.queue()?.write(move |conn| advance(conn, &step)).await
    }

    async fn reset(&self, subscription: &SubscriptionId, reset: &Reset) -> Result<Position> {
        let (subscription, reset, clock) = (subscription.clone(), reset.clone(), self.0.clock.clone());
        self.queue()?
            .write(move |conn| {
                let from = look_up(conn, &subscription)?
                    .ok_or_else(|| Fault::answer(missing(&subscription)))?
                    .position;
                let record = RecordedReset {
                    subscription: subscription.clone(),
                    from,
                    reset: reset.clone(),
                    reset_at: clock.now(),
                };
                record_reset(conn, &record)?;
                diesel::update(subscriptions::table.find(key(&subscription)))
                    .set(subscriptions::position.eq(reset.to.get().cast_signed()))
                    .execute(conn)?;
                Ok(from)
            })
            .await
    }

    async fn set_status(&self, subscription: &SubscriptionId, status: Status) -> Result<()> {
        let subscription = subscription.clone();
        self.queue()?.write(move |conn| set_status(conn, &subscription, &status)).await
    }

    async fn stop(&self, subscription: &SubscriptionId, epoch: Epoch, reason: String) -> Result<()> {
        let (subscription, status) = (subscription.clone(), Status::Stopped { reason });
        self.queue()?
            .write(move |conn| {
                leases::check_epoch(conn, &subscription, epoch)?;
                set_status(conn, &subscription, &status)
            })
            .await
    }
}

impl Store {
    /// How this checkpoint was moved by hand, oldest first.
    ///
    /// # Errors
    /// [`Error::Unavailable`] where the store cannot be read.
    pub async fn resets(&self, subscription: &SubscriptionId) -> Result<Vec<RecordedReset>> {
        let subscription = subscription.clone();
        self.read_with(move |conn| {
            let of = subscription_resets::name.eq(&subscription.name);
            let of = of.and(subscription_resets::version.eq(i64::from(subscription.version)));
            let rows: Vec<ResetRow> =
                subscription_resets::table.filter(of).order(subscription_resets::id).load(conn)?;
            rows.into_iter().map(ResetRow::recorded).collect()
        })
        .await
    }
}

/// How all checkpoints were moved by hand, oldest first, without the first of the records.
pub(super) fn resets(conn: &mut Conn, skip: u64, limit: usize) -> Result<Vec<RecordedReset>, Fault> {
    let rows: Vec<ResetRow> = subscription_resets::table
        .order(subscription_resets::id)
        .limit(i64::try_from(limit).unwrap_or(i64::MAX))
        .offset(i64::try_from(skip).unwrap_or(i64::MAX))
        .load(conn)?;
    rows.into_iter().map(ResetRow::recorded).collect()
}

/// Takes over these records of another store, of which so many were skipped; those that are here stay.
pub(super) fn take_over_resets(
    conn: &mut Conn,
    skipped: u64,
    records: &[RecordedReset],
) -> Result<(), Fault> {
    let here: i64 = subscription_resets::table.count().get_result(conn)?;
    let here = here.cast_unsigned();
    if here < skipped {
        let what = "the records of checkpoints that were moved".to_owned();
        return Err(Error::Conflict { what, expected: skipped, actual: here }.into());
    }
    let known = usize::try_from(here - skipped).unwrap_or(usize::MAX);
    records.iter().skip(known).try_for_each(|record| record_reset(conn, record))
}

fn record_reset(conn: &mut Conn, record: &RecordedReset) -> Result<(), Fault> {
    let RecordedReset { subscription, from, reset, reset_at } = record;
    diesel::insert_into(subscription_resets::table)
        .values((
            subscription_resets::name.eq(&subscription.name),
            subscription_resets::version.eq(i64::from(subscription.version)),
            subscription_resets::from_position.eq(from.get().cast_signed()),
            subscription_resets::to_position.eq(reset.to.get().cast_signed()),
            subscription_resets::reset_by.eq(&reset.by),
            subscription_resets::reason.eq(&reset.reason),
            subscription_resets::reset_at.eq(reset_at.as_micros()),
        ))
        .execute(conn)?;
    Ok(())
}

const RUNNING: &str = "running";
const PAUSED: &str = "paused";
const STOPPED: &str = "stopped";

/// A status as its two columns have it.
pub(super) fn columns(status: &Status) -> (&'static str, Option<&str>) {
    match status {
        Status::Running => (RUNNING, None),
        Status::Paused => (PAUSED, None),
        Status::Stopped { reason } => (STOPPED, Some(reason)),
    }
}

/// Refuses to go backwards.
pub(super) fn check_order(Advance { subscription, from, to, .. }: &Advance) -> Result<()> {
    if to < from {
        return Err(Error::Invalid(format!(
            "the checkpoint of {subscription} cannot advance from {from} to {to}: backwards is a reset"
        )));
    }
    Ok(())
}

/// Moves a checkpoint on, or refuses and writes nothing.
pub(super) fn advance(conn: &mut Conn, step: &Advance) -> Result<(), Fault> {
    let Advance { subscription, epoch, from, to } = step;
    leases::check_epoch(conn, subscription, *epoch)?;
    let at = subscriptions::position.eq(from.get().cast_signed());
    let moved = diesel::update(subscriptions::table.find(key(subscription)).filter(at))
        .set(subscriptions::position.eq(to.get().cast_signed()))
        .execute(conn)?;
    if moved == 1 {
        return Ok(());
    }
    let actual = look_up(conn, subscription)?.map_or(Position::ZERO, |checkpoint| checkpoint.position);
    Err(Fault::answer(Error::Conflict {
        what: format!("the checkpoint of {subscription}"),
        expected: from.get(),
        actual: actual.get(),
    }))
}

fn set_status(conn: &mut Conn, subscription: &SubscriptionId, status: &Status) -> Result<(), Fault> {
    let (word, reason) = columns(status);
    let changed = diesel::update(subscriptions::table.find(key(subscription)))
        .set((subscriptions::status.eq(word), subscriptions::reason.eq(reason)))
        .execute(conn)?;
    if changed == 0 { Err(Fault::answer(missing(subscription))) } else { Ok(()) }
}

fn look_up(conn: &mut Conn, subscription: &SubscriptionId) -> Result<Option<Checkpoint>, Fault> {
    let row: Option<Row> = subscriptions::table.find(key(subscription)).get_result(conn).optional()?;
    row.map(Row::checkpoint).transpose()
}

fn key(subscription: &SubscriptionId) -> (&str, i64) {
    (&subscription.name, i64::from(subscription.version))
}

fn missing(subscription: &SubscriptionId) -> Error {
    Error::NotFound(format!("the checkpoint of {subscription}"))
}

#[derive(Queryable)]
struct Row {
    name: String,
    version: i64,
    position: i64,
    status: String,
    reason: Option<String>,
}

impl Row {
    fn checkpoint(self) -> Result<Checkpoint, Fault> {
        let status = match self.status.as_str() {
            RUNNING => Status::Running,
            PAUSED => Status::Paused,
            STOPPED => Status::Stopped { reason: self.reason.unwrap_or_default() },
            _ => return Err(Fault::unreadable("`status` in `subscriptions`")),
        };
        let version =
            u16::try_from(self.version).map_err(|_| Fault::unreadable("`version` in `subscriptions`"))?;
        let position = Position(self.position.cast_unsigned());
        Ok(Checkpoint { subscription: SubscriptionId { name: self.name, version }, position, status })
    }
}

#[derive(Queryable)]
struct ResetRow {
    _id: i64,
    name: String,
    version: i64,
    from_position: i64,
    to_position: i64,
    reset_by: String,
    reason: String,
    reset_at: i64,
}

impl ResetRow {
    fn recorded(self) -> Result<RecordedReset, Fault> {
        let version = u16::try_from(self.version)
            .map_err(|_| Fault::unreadable("`version` in `subscription_resets`"))?;
        Ok(RecordedReset {
            subscription: SubscriptionId { name: self.name, version },
            from: Position(self.from_position.cast_unsigned()),
            reset: Reset {
                to: Position(self.to_position.cast_unsigned()),
                by: self.reset_by,
                reason: self.reason,
            },
            reset_at: Timestamp::from_micros(self.reset_at),
        })
    }
}
