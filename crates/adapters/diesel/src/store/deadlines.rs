//! Times at which something is to happen, kept beside the checkpoint of the subscription that fills them.

use async_trait::async_trait;
use diesel::prelude::*;
use portolan_kernel::{Advance, Deadline, DeadlineChange, Deadlines, Result, Timestamp};

use super::checkpoints::{advance, check_order};
use super::ids::DbUuid;
use super::tables::deadlines;
use super::{Conn, Fault, Store};

#[async_trait]
impl Deadlines for Store {
    async fn apply(&self, step: &Advance, changes: Vec<DeadlineChange>) -> Result<()> {
        check_order(step)?;
        let step = step.clone();
        self.queue()?
            .write(move |conn| {
                // First, so that a refusal leaves nothing behind.
                advance(conn, &step)?;
                changes.iter().try_for_each(|change| apply(conn, change))
            })
            .await
    }

    async fn due(&self, process: &str, now: Timestamp, limit: usize) -> Result<Vec<Deadline>> {
        let process = process.to_owned();
        self.read_with(move |conn| {
            let rows: Vec<Row> = deadlines::table
                .filter(deadlines::process.eq(&process))
                .filter(deadlines::due_at.le(now.as_micros()))
                .order((deadlines::due_at, deadlines::aggregate_id))
                .limit(i64::try_from(limit).unwrap_or(i64::MAX))
                .load(conn)?;
            Ok(rows.into_iter().map(Deadline::from).collect())
        })
        .await
    }

    async fn next(&self, process: &str) -> Result<Option<Timestamp>> {
        let process = process.to_owned();
        self.read_with(move |conn| {
            let next: Option<i64> = deadlines::table
                .filter(deadlines::process.eq(&process))
                .order(deadlines::due_at)
                .select(deadlines::due_at)
                .first(conn)
                .optional()?;
            Ok(next.map(Timestamp::from_micros))
        })
        .await
    }

    async fn complete(&self, deadline: &Deadline) -> Result<()> {
        let deadline = deadline.clone();
        self.queue()?
            .write(move |conn| {
                let as_it_was = deadlines::due_at
                    .eq(deadline.due_at.as_micros())
                    .and(deadlines::event_id.eq(DbUuid(deadline.event_id)));
                let key = (deadline.process.as_str(), DbUuid(deadline.aggregate_id));
                diesel::delete(deadlines::table.find(key).filter(as_it_was)).execute(conn)?;
                Ok(())
            })
            .await
    }
}

fn apply(conn: &mut Conn, change: &DeadlineChange) -> Result<(), Fault> {
    match change {
        DeadlineChange::Set(deadline) => {
            let row = NewRow {
                process: &deadline.process,
                aggregate_id: DbUuid(deadline.aggregate_id),
                due_at: deadline.due_at.as_micros(),
                event_id: DbUuid(deadline.event_id),
                correlation_id: DbUuid(deadline.correlation_id),
                traceparent: deadline.traceparent.as_deref(),
            };
            let kept = diesel::update(deadlines::table.find((row.process, row.aggregate_id)))
                .set(&row)
                .execute(conn)?;
            if kept == 0 {
                diesel::insert_into(deadlines::table).values(&row).execute(conn)?;
            }
        }
        DeadlineChange::Clear { process, aggregate_id } => {
            let key = (process.as_str(), DbUuid(*aggregate_id));
            diesel::delete(deadlines::table.find(key)).execute(conn)?;
        }
    }
    Ok(())
}

#[derive(Insertable, AsChangeset)]
#[diesel(table_name = deadlines, primary_key(process, aggregate_id), treat_none_as_null = true)]
struct NewRow<'a> {
    process: &'a str,
    aggregate_id: DbUuid,
    due_at: i64,
    event_id: DbUuid,
    correlation_id: DbUuid,
    traceparent: Option<&'a str>,
}

#[derive(Queryable)]
struct Row {
    process: String,
    aggregate_id: DbUuid,
    due_at: i64,
    event_id: DbUuid,
    correlation_id: DbUuid,
    traceparent: Option<String>,
}

impl From<Row> for Deadline {
    fn from(row: Row) -> Self {
        Self {
            process: row.process,
            aggregate_id: row.aggregate_id.0,
            due_at: Timestamp::from_micros(row.due_at),
            event_id: row.event_id.0,
            correlation_id: row.correlation_id.0,
            traceparent: row.traceparent,
        }
    }
}
