//! Rows on PostgreSQL: one statement for all rows of a group, with an array a column, so that its text is always the same.

use std::marker::PhantomData;

use diesel::expression::expression_types::Untyped;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use uuid::Uuid;

use super::joint::{self, Array, Joint, Part, Words};
use super::{Conn, Db};
use crate::DbUuid;
use crate::rows::sheet::{Sheet, last_of_each_key};
use crate::rows::statement::{Found, pages_and_orphans, row_db};
use crate::rows::{Batch, Row, RowConn, RowFault, Value};

row_db!(Db);

impl RowConn for Conn {
    type Joint<'v> = Joint<'v>;

    fn delete<'v, R: Row>(&mut self, batch: &'v Batch<R>, joint: &mut Joint<'v>) -> Result<(), RowFault> {
        if !batch.owners.is_empty() {
            let owners: Vec<_> = batch.owners.iter().map(|owner| [Value::Uuid(DbUuid::of(*owner))]).collect();
            joint.add(self, Part::of(Words::DeleteOwners, R::TABLE, &owners))?;
        }
        if !batch.deletes.is_empty() {
            let keys: Vec<_> = batch.deletes.iter().map(R::key_values).collect();
            joint.add(self, Part::of(Words::Delete, R::TABLE, &keys))?;
        }
        Ok(())
    }

    fn write<'v, R: Row>(&mut self, batch: &'v Batch<R>, joint: &mut Joint<'v>) -> Result<(), RowFault> {
        if !batch.updates.is_empty() {
            let rows = last_of_each_key(&batch.updates);
            joint.add(self, Part::of(Words::Update, R::TABLE, &rows))?;
        }
        insert(self, &batch.inserts, joint)?;
        if !batch.puts.is_empty() {
            let rows = last_of_each_key(&batch.puts);
            joint.add(self, Part::of(Words::Put, R::TABLE, &rows))?;
        }
        Ok(())
    }

    fn send(&mut self, joint: Joint<'_>) -> Result<(), RowFault> {
        joint::send(self, joint)
    }

    fn find<R: Row>(&mut self, owners: &[Uuid]) -> Result<Vec<R>, RowFault> {
        let owners = Array::Uuids(owners.iter().map(|owner| Some(DbUuid(*owner))).collect());
        let found: Vec<Found<R>> = FindMany::<R> { owners: [owners], row: PhantomData }.load(self)?;
        Ok(found.into_iter().map(|row| row.0).collect::<Result<_, _>>()?)
    }

    pages_and_orphans!();
}

/// Inserts all of these.
pub(crate) fn insert<'v, S: Sheet>(
    conn: &mut Conn,
    rows: &'v [S],
    joint: &mut Joint<'v>,
) -> Result<(), RowFault> {
    if rows.is_empty() {
        return Ok(());
    }
    let cells: Vec<_> = rows.iter().map(Sheet::cells).collect();
    joint.add(conn, Part::of(Words::Insert, S::TABLE, &cells))
}

/// All rows of these owners. The type of the row names the statement, so that Diesel finds it prepared without looking at
/// its text.
struct FindMany<R> {
    owners: [Array<'static>; 1],
    row: PhantomData<fn() -> R>,
}

impl<R: 'static> QueryId for FindMany<R> {
    type QueryId = Self;

    const HAS_STATIC_QUERY_ID: bool = true;
}

impl<R> Query for FindMany<R> {
    type SqlType = Untyped;
}

impl<R> RunQueryDsl<Conn> for FindMany<R> {}

impl<R: Row> QueryFragment<Db> for FindMany<R> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Db>) -> QueryResult<()> {
        out.push_sql("select ");
        joint::names(R::TABLE.columns, " from ", &mut out)?;
        joint::of_owners(&R::TABLE, &self.owners, &mut out)
    }
}
