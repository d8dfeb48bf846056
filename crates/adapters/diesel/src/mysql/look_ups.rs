//! What a group is decided on: the head, and what is looked up for all of it at once.

use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Bool, Nullable, Text};
use portolan_kernel::AggregateKey;

use super::store::{NewestRow, News, RecordRow};
use super::{Conn, Db};
use crate::prepared::Words;
use crate::{DbUuid, SqlUuid, prepared};

/// The head, locked until the transaction ends. What was written behind a position is asked for by itself.
pub(crate) fn locked(conn: &mut Conn, _known: Option<i64>) -> QueryResult<News> {
    let head = "select position, is_moved from journal_head for update";
    let (last, may_be_moved) = prepared!(Words::<(BigInt, Bool)>::new(head)).get_result(conn)?;
    Ok(News { last, may_be_moved, events: None })
}

/// The newest events of these aggregates, and of those that have an id of one of them and another type.
pub(crate) fn newest(conn: &mut Conn, keys: &[AggregateKey]) -> QueryResult<Option<Vec<NewestRow>>> {
    Newest(Among::of(keys.iter().map(|key| DbUuid(key.id)).collect())).load(conn).map(Some)
}

/// The records of these commands.
pub(crate) fn recorded(conn: &mut Conn, ids: &[DbUuid]) -> QueryResult<Option<Vec<RecordRow>>> {
    if ids.is_empty() {
        return Ok(Some(Vec::new()));
    }
    Recorded(Among::of(ids.to_vec())).load(conn).map(Some)
}

/// `in (?, ?)`: the last id again and again up to a power of two, so that there are few texts, each prepared once.
struct Among(Vec<DbUuid>);

impl Among {
    fn of(mut ids: Vec<DbUuid>) -> Self {
        if let Some(last) = ids.last().copied() {
            ids.resize(ids.len().next_power_of_two(), last);
        }
        Self(ids)
    }

    fn walk<'b>(&'b self, out: &mut AstPass<'_, 'b, Db>) -> QueryResult<()> {
        for (index, id) in self.0.iter().enumerate() {
            out.push_sql(if index > 0 { ", " } else { " in (" });
            out.push_bind_param::<SqlUuid, DbUuid>(id)?;
        }
        out.push_sql(")");
        Ok(())
    }
}

struct Newest(Among);

impl QueryFragment<Db> for Newest {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Db>) -> QueryResult<()> {
        // The last entry of the index for each, however many events there are.
        out.push_sql(
            "select j.aggregate_type, j.aggregate_id, j.version, j.event_type from \
             (select aggregate_id, aggregate_type, max(version) as version from journal where aggregate_id",
        );
        self.0.walk(&mut out)?;
        out.push_sql(
            " group by aggregate_id, aggregate_type) n straight_join journal j on j.aggregate_id = n.aggregate_id \
             and j.aggregate_type = n.aggregate_type and j.version = n.version",
        );
        Ok(())
    }
}

struct Recorded(Among);

impl QueryFragment<Db> for Recorded {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Db>) -> QueryResult<()> {
        out.push_sql("select command_id, fingerprint, outcome, kept_until from commands where command_id");
        self.0.walk(&mut out)
    }
}

/// Statements that Diesel finds prepared by their text.
macro_rules! by_text {
    ($($statement:ty => $sql_type:ty,)+) => {$(
        impl QueryId for $statement {
            type QueryId = ();

            const HAS_STATIC_QUERY_ID: bool = false;
        }

        impl Query for $statement {
            type SqlType = $sql_type;
        }

        impl RunQueryDsl<Conn> for $statement {}
    )+};
}

by_text! {
    Newest => (Text, SqlUuid, BigInt, Text),
    Recorded => (SqlUuid, SqlUuid, Text, Nullable<BigInt>),
}
