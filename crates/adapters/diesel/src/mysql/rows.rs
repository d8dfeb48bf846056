//! Rows on MariaDB: statements about many rows. It has no arrays, so that a statement's text grows with its rows; they
//! go in powers of two, of which there are few, so that each text is prepared once.

use std::marker::PhantomData;

use diesel::expression::expression_types::Untyped;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use uuid::Uuid;

use super::{Conn, Db};
use crate::DbUuid;
use crate::rows::sheet::{Sheet, last_of_each_key};
use crate::rows::statement::{Found, pages_and_orphans, row_db};
use crate::rows::{AtOnce, Batch, Row, RowConn, RowDb as _, RowFault, Table, TableColumn, Value};

row_db!(Db);

/// How many rows a statement has at the most.
const ROWS: usize = 64;

impl RowConn for Conn {
    type Joint<'v> = AtOnce;

    fn delete<R: Row>(&mut self, batch: &Batch<R>, _joint: &mut AtOnce) -> Result<(), RowFault> {
        let owners: Vec<_> = batch.owners.iter().map(|owner| [Value::Uuid(DbUuid::of(*owner))]).collect();
        for rows in chunks(&owners) {
            Many::<DeleteOwners>::of(R::TABLE, rows).execute(self)?;
        }
        let keys: Vec<_> = batch.deletes.iter().map(R::key_values).collect();
        for rows in chunks(&keys) {
            Many::<DeleteMany>::of(R::TABLE, rows).execute(self)?;
        }
        Ok(())
    }

    fn write<R: Row>(&mut self, batch: &Batch<R>, _joint: &mut AtOnce) -> Result<(), RowFault> {
        let updates = last_of_each_key(&batch.updates);
        for rows in chunks(&updates) {
            // It counts a row that was found, whether it was as it is to be or not.
            if Many::<UpdateMany>::of(R::TABLE, rows).execute(self)? != rows.len() {
                return Err(RowFault::Missing(R::TABLE.name));
            }
        }
        append(self, &batch.inserts)?;
        let puts = last_of_each_key(&batch.puts);
        for rows in chunks(&puts) {
            Many::<PutMany>::of(R::TABLE, rows).execute(self)?;
        }
        Ok(())
    }

    fn send(&mut self, _joint: AtOnce) -> Result<(), RowFault> {
        Ok(())
    }

    fn find<R: Row>(&mut self, owners: &[Uuid]) -> Result<Vec<R>, RowFault> {
        let owners: Vec<_> = owners.iter().map(|owner| [Value::Uuid(DbUuid(*owner))]).collect();
        let mut all = Vec::new();
        for rows in chunks(&owners) {
            let found: Vec<Found<R>> = Many::<FindMany>::of(R::TABLE, rows).load(self)?;
            for row in found {
                all.push(row.0?);
            }
        }
        Ok(all)
    }

    pages_and_orphans!();
}

/// Inserts all of these, as [`append`].
pub(crate) fn insert<S: Sheet>(conn: &mut Conn, rows: &[S], _joint: &mut AtOnce) -> Result<(), RowFault> {
    Ok(append(conn, rows)?)
}

/// Inserts all of these.
pub(crate) fn append<S: Sheet>(conn: &mut Conn, rows: &[S]) -> QueryResult<()> {
    let cells: Vec<_> = rows.iter().map(Sheet::cells).collect();
    for rows in chunks(&cells) {
        Many::<InsertMany>::of(S::TABLE, rows).execute(conn)?;
    }
    Ok(())
}

/// The rows in pieces, the length of each a power of two.
fn chunks<T>(mut rows: &[T]) -> impl Iterator<Item = &[T]> {
    std::iter::from_fn(move || {
        let many = if rows.len() >= ROWS { ROWS } else { 1 << rows.len().checked_ilog2()? };
        let (chunk, rest) = rows.split_at_checked(many)?;
        rows = rest;
        Some(chunk)
    })
}

/// A statement about many rows; `Words` says which. Diesel finds it prepared by its text.
struct Many<'v, Words> {
    table: Table,
    rows: Vec<&'v [Value<'v>]>,
    words: PhantomData<fn() -> Words>,
}

impl<'v, Words> Many<'v, Words> {
    fn of<'w: 'v, V: AsRef<[Value<'w>]>>(table: Table, rows: &'v [V]) -> Self {
        let rows = rows.iter().map(|row| -> &'v [Value<'v>] { row.as_ref() });
        Self { table, rows: rows.collect(), words: PhantomData }
    }
}

impl<Words> QueryId for Many<'_, Words> {
    type QueryId = ();

    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Words> Query for Many<'_, Words> {
    type SqlType = Untyped;
}

impl<Words> RunQueryDsl<Conn> for Many<'_, Words> {}

impl<Words: ManyWords> QueryFragment<Db> for Many<'_, Words> {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, Db>) -> QueryResult<()> {
        Words::walk(&self.table, &self.rows, out)
    }
}

/// The text of a statement, with its values.
trait ManyWords {
    fn walk<'b>(table: &Table, rows: &'b [&'b [Value<'b>]], out: AstPass<'_, 'b, Db>) -> QueryResult<()>;
}

/// New rows; all columns.
enum InsertMany {}
/// Rows as they are to be, whether they are there or not; all columns.
enum PutMany {}
/// The changing columns of rows; all columns.
enum UpdateMany {}
/// Rows go; the key.
enum DeleteMany {}
/// All rows of these owners go.
enum DeleteOwners {}
/// All rows of these owners.
enum FindMany {}

impl ManyWords for InsertMany {
    fn walk<'b>(table: &Table, rows: &'b [&'b [Value<'b>]], mut out: AstPass<'_, 'b, Db>) -> QueryResult<()> {
        out.push_sql("insert into ");
        out.push_identifier(table.name)?;
        out.push_sql(" (");
        names(table.columns, &mut out)?;
        out.push_sql(") values ");
        tuples(table.columns, rows, &mut out)
    }
}

impl ManyWords for PutMany {
    fn walk<'b>(table: &Table, rows: &'b [&'b [Value<'b>]], mut out: AstPass<'_, 'b, Db>) -> QueryResult<()> {
        InsertMany::walk(table, rows, out.reborrow())?;
        out.push_sql(" on duplicate key update ");
        let others = table.columns.get(table.key..).unwrap_or_default();
        // Without another column, the first of the key is set to what it is.
        let set = if others.is_empty() { table.columns.get(..1).unwrap_or_default() } else { others };
        for (index, column) in set.iter().enumerate() {
            out.push_sql(if index > 0 { ", " } else { "" });
            out.push_identifier(column.name)?;
            out.push_sql(" = values(");
            out.push_identifier(column.name)?;
            out.push_sql(")");
        }
        Ok(())
    }
}

impl ManyWords for UpdateMany {
    fn walk<'b>(table: &Table, rows: &'b [&'b [Value<'b>]], mut out: AstPass<'_, 'b, Db>) -> QueryResult<()> {
        // The rows that are given go first, each of them finds one by its key. Before them stands nothing, of the table's
        // own types: values alone would get their types, and the lengths of texts, of the values that the statement is run
        // with first, and longer ones would be cut off later.
        out.push_sql("update (select ");
        let is_set = |index: usize| index < table.key || index >= table.fixed;
        let columns = table.columns.iter().enumerate().filter(|(index, _)| is_set(*index));
        for (count, (_, column)) in columns.enumerate() {
            out.push_sql(if count > 0 { ", " } else { "" });
            out.push_identifier(column.name)?;
        }
        out.push_sql(" from ");
        out.push_identifier(table.name)?;
        out.push_sql(" where false");
        for row in rows {
            out.push_sql(" union all select ");
            let cells = table.columns.iter().zip(row.iter()).enumerate().filter(|(index, _)| is_set(*index));
            for (count, (_, (column, cell))) in cells.enumerate() {
                out.push_sql(if count > 0 { ", " } else { "" });
                Db::bind(column.kind, cell, &mut out)?;
            }
        }
        out.push_sql(") n straight_join ");
        out.push_identifier(table.name)?;
        out.push_sql(" t on ");
        equal(table.key(), " and ", &mut out)?;
        out.push_sql(" set ");
        equal(table.changing(), ", ", &mut out)
    }
}

impl ManyWords for DeleteMany {
    fn walk<'b>(table: &Table, rows: &'b [&'b [Value<'b>]], mut out: AstPass<'_, 'b, Db>) -> QueryResult<()> {
        out.push_sql("delete from ");
        out.push_identifier(table.name)?;
        out.push_sql(" where (");
        names(table.key(), &mut out)?;
        out.push_sql(") in (");
        tuples(table.key(), rows, &mut out)?;
        out.push_sql(")");
        Ok(())
    }
}

impl ManyWords for DeleteOwners {
    fn walk<'b>(table: &Table, rows: &'b [&'b [Value<'b>]], mut out: AstPass<'_, 'b, Db>) -> QueryResult<()> {
        out.push_sql("delete from ");
        of_owners(table, rows, &mut out)
    }
}

impl ManyWords for FindMany {
    fn walk<'b>(table: &Table, rows: &'b [&'b [Value<'b>]], mut out: AstPass<'_, 'b, Db>) -> QueryResult<()> {
        out.push_sql("select ");
        names(table.columns, &mut out)?;
        out.push_sql(" from ");
        of_owners(table, rows, &mut out)
    }
}

/// `t where owner in ((?), (?))`.
fn of_owners<'b>(
    table: &Table,
    rows: &'b [&'b [Value<'b>]],
    out: &mut AstPass<'_, 'b, Db>,
) -> QueryResult<()> {
    out.push_identifier(table.name)?;
    out.push_sql(" where ");
    out.push_identifier(table.owner())?;
    out.push_sql(" in (");
    tuples(table.key().get(..1).unwrap_or_default(), rows, out)?;
    out.push_sql(")");
    Ok(())
}

/// `(?, ?), (?, ?)`.
fn tuples<'b>(
    columns: &[TableColumn],
    rows: &'b [&'b [Value<'b>]],
    out: &mut AstPass<'_, 'b, Db>,
) -> QueryResult<()> {
    for (number, row) in rows.iter().enumerate() {
        out.push_sql(if number > 0 { ", (" } else { "(" });
        for (index, (column, cell)) in columns.iter().zip(row.iter()).enumerate() {
            out.push_sql(if index > 0 { ", " } else { "" });
            Db::bind(column.kind, cell, out)?;
        }
        out.push_sql(")");
    }
    Ok(())
}

/// `t.a = n.a, t.b = n.b`, or with `and` between them.
fn equal(columns: &[TableColumn], between: &str, out: &mut AstPass<'_, '_, Db>) -> QueryResult<()> {
    for (index, column) in columns.iter().enumerate() {
        out.push_sql(if index > 0 { between } else { "" });
        out.push_sql("t.");
        out.push_identifier(column.name)?;
        out.push_sql(" = n.");
        out.push_identifier(column.name)?;
    }
    Ok(())
}

/// `a, b`.
fn names(columns: &[TableColumn], out: &mut AstPass<'_, '_, Db>) -> QueryResult<()> {
    for (index, column) in columns.iter().enumerate() {
        out.push_sql(if index > 0 { ", " } else { "" });
        out.push_identifier(column.name)?;
    }
    Ok(())
}
