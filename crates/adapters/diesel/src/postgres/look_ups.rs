//! What a group is decided on: the head, and what is looked up for all of it at once.

use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{Array, BigInt, Bool, Nullable, Text};
use portolan_kernel::{AggregateKey, READ_BYTES};

use super::store::heads::READ_UP;
use super::store::journal::EventRow;
use super::store::{NewestRow, News, RecordRow};
use super::{Conn, Db};
use crate::{DbUuid, SqlUuid};

/// The head, locked until the transaction ends, and what was written behind this position.
pub(crate) fn locked(conn: &mut Conn, known: Option<i64>) -> QueryResult<News> {
    let rows: Vec<(i64, bool, Option<EventRow>)> =
        Locked { known, most: READ_UP.cast_signed(), most_bytes: READ_BYTES as i64 }.load(conn)?;
    let &(last, may_be_moved, _) = rows.first().ok_or(diesel::result::Error::NotFound)?;
    let events: Vec<_> = rows.into_iter().filter_map(|(_, _, event)| event.map(Into::into)).collect();
    Ok(News { last, may_be_moved, events: (!events.is_empty()).then_some(events) })
}

struct Locked {
    known: Option<i64>,
    most: i64,
    most_bytes: i64,
}

impl QueryFragment<Db> for Locked {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Db>) -> QueryResult<()> {
        out.push_sql("select * from journal_news(");
        out.push_bind_param::<Nullable<BigInt>, _>(&self.known)?;
        out.push_sql(", ");
        out.push_bind_param::<BigInt, _>(&self.most)?;
        out.push_sql(", ");
        out.push_bind_param::<BigInt, _>(&self.most_bytes)?;
        out.push_sql(")");
        Ok(())
    }
}

/// The newest events of these aggregates.
pub(crate) fn newest(conn: &mut Conn, keys: &[AggregateKey]) -> QueryResult<Option<Vec<NewestRow>>> {
    let types = keys.iter().map(|key| key.aggregate_type).collect();
    let ids = keys.iter().map(|key| DbUuid(key.id)).collect();
    Newest { types, ids }.load(conn).map(Some)
}

/// The records of these commands.
pub(crate) fn recorded(conn: &mut Conn, ids: &[DbUuid]) -> QueryResult<Option<Vec<RecordRow>>> {
    if ids.is_empty() {
        return Ok(Some(Vec::new()));
    }
    Recorded { ids: ids.to_vec() }.load(conn).map(Some)
}

struct Newest {
    types: Vec<&'static str>,
    ids: Vec<DbUuid>,
}

impl QueryFragment<Db> for Newest {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Db>) -> QueryResult<()> {
        out.push_sql("select n.aggregate_type, n.aggregate_id, n.version, n.event_type from unnest(");
        out.push_bind_param::<Array<Text>, _>(&self.types)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<SqlUuid>, _>(&self.ids)?;
        // The last entry of the index for each, however many events there are.
        out.push_sql(
            ") as k (aggregate_type, aggregate_id) cross join lateral (select * from journal j \
             where j.aggregate_id = k.aggregate_id and j.aggregate_type = k.aggregate_type \
             order by j.version desc limit 1) n",
        );
        Ok(())
    }
}

struct Recorded {
    ids: Vec<DbUuid>,
}

impl QueryFragment<Db> for Recorded {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Db>) -> QueryResult<()> {
        out.push_sql(
            "select command_id, fingerprint, outcome, kept_until from commands where command_id = any(",
        );
        out.push_bind_param::<Array<SqlUuid>, _>(&self.ids)?;
        out.push_sql(")");
        Ok(())
    }
}

/// Statements with one text each, so that Diesel finds them prepared by their type.
macro_rules! one_text {
    ($($statement:ty => $sql_type:ty,)+) => {$(
        impl QueryId for $statement {
            type QueryId = Self;

            const HAS_STATIC_QUERY_ID: bool = true;
        }

        impl Query for $statement {
            type SqlType = $sql_type;
        }

        impl RunQueryDsl<Conn> for $statement {}
    )+};
}

/// An event as the journal has it, where there is one.
type Event =
    Nullable<(BigInt, BigInt, SqlUuid, Text, SqlUuid, BigInt, Text, BigInt, Text, Text, BigInt, BigInt)>;

one_text! {
    Locked => (BigInt, Bool, Event),
    Newest => (Text, SqlUuid, BigInt, Text),
    Recorded => (SqlUuid, SqlUuid, Text, Nullable<BigInt>),
}
