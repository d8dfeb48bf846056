//! Rows on PostgreSQL: one statement a table for all rows of a group, with an array a column, so that its text is always
//! the same.

use std::marker::PhantomData;

use diesel::expression::expression_types::Untyped;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{self, BigInt, Nullable, Text};
use uuid::Uuid;

use super::{Conn, Db};
use crate::rows::sheet::{Sheet, last_of_each_key};
use crate::rows::statement::{Found, pages_and_orphans, row_db};
use crate::rows::{Batch, Kind, Row, RowConn, RowFault, Table, TableColumn, Value};
use crate::{DbUuid, SqlUuid};

row_db!(Db);

impl RowConn for Conn {
    fn delete<R: Row>(&mut self, batch: &Batch<R>) -> Result<(), RowFault> {
        if !batch.owners.is_empty() {
            let owners = batch.owners.iter().map(|owner| Some(DbUuid::of(*owner))).collect();
            Many::<R, DeleteOwners>::of(R::TABLE, vec![Array::Uuids(owners)]).execute(self)?;
        }
        if !batch.deletes.is_empty() {
            let keys: Vec<_> = batch.deletes.iter().map(R::key_values).collect();
            let arrays = arrays(R::TABLE.key(), 0, &keys);
            Many::<R, DeleteMany>::of(R::TABLE, arrays).execute(self)?;
        }
        Ok(())
    }

    fn write<R: Row>(&mut self, batch: &Batch<R>) -> Result<(), RowFault> {
        if !batch.updates.is_empty() {
            let rows = last_of_each_key(&batch.updates);
            let mut arrays_of = arrays(R::TABLE.key(), 0, &rows);
            arrays_of.append(&mut arrays(R::TABLE.changing(), R::TABLE.fixed, &rows));
            if Many::<R, UpdateMany>::of(R::TABLE, arrays_of).execute(self)? != rows.len() {
                return Err(RowFault::Missing(R::TABLE.name));
            }
        }
        insert(self, &batch.inserts)?;
        if !batch.puts.is_empty() {
            let rows = last_of_each_key(&batch.puts);
            Many::<R, PutMany>::of(R::TABLE, arrays(R::TABLE.columns, 0, &rows)).execute(self)?;
        }
        Ok(())
    }

    fn find<R: Row>(&mut self, owners: &[Uuid]) -> Result<Vec<R>, RowFault> {
        let owners = owners.iter().map(|owner| Some(DbUuid(*owner))).collect();
        let find = Many::<R, FindMany>::of(R::TABLE, vec![Array::Uuids(owners)]);
        let found: Vec<Found<R>> = find.load(self)?;
        Ok(found.into_iter().map(|row| row.0).collect::<Result<_, _>>()?)
    }

    pages_and_orphans!();
}

/// Inserts all of these.
pub(crate) fn insert<S: Sheet>(conn: &mut Conn, rows: &[S]) -> QueryResult<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let cells: Vec<_> = rows.iter().map(Sheet::cells).collect();
    Many::<S::Name, InsertMany>::of(S::TABLE, arrays(S::TABLE.columns, 0, &cells)).execute(conn).map(drop)
}

/// The values of one column.
enum Array<'v> {
    Integers(Vec<Option<i64>>),
    Texts(Vec<Option<&'v str>>),
    Uuids(Vec<Option<DbUuid>>),
}

/// The values of these columns, the first of which is at `from` in each row.
fn arrays<'v, 'w: 'v, V: AsRef<[Value<'w>]>>(
    columns: &[TableColumn],
    from: usize,
    rows: &'v [V],
) -> Vec<Array<'v>> {
    let array = |(column, index): (&TableColumn, usize)| {
        let cells = rows.iter().map(|row| row.as_ref().get(index));
        match column.kind {
            Kind::Integer => Array::Integers(
                cells
                    .map(|cell| match cell {
                        Some(Value::Integer(number)) => Some(*number),
                        _ => None,
                    })
                    .collect(),
            ),
            Kind::Text => Array::Texts(
                cells
                    .map(|cell| match cell {
                        Some(Value::Text(text)) => Some(&**text),
                        _ => None,
                    })
                    .collect(),
            ),
            Kind::Uuid => Array::Uuids(
                cells
                    .map(|cell| match cell {
                        Some(Value::Uuid(id)) => Some(*id),
                        _ => None,
                    })
                    .collect(),
            ),
        }
    };
    columns.iter().zip(from..).map(array).collect()
}

/// A statement about many rows. `Words` says which; with the name of the rows it names the statement, so that Diesel
/// finds it prepared without looking at its text.
struct Many<'v, Name, Words> {
    table: Table,
    arrays: Vec<Array<'v>>,
    types: PhantomData<fn() -> (Name, Words)>,
}

impl<'v, Name, Words> Many<'v, Name, Words> {
    const fn of(table: Table, arrays: Vec<Array<'v>>) -> Self {
        Self { table, arrays, types: PhantomData }
    }
}

impl<Name: 'static, Words: 'static> QueryId for Many<'_, Name, Words> {
    type QueryId = Many<'static, Name, Words>;

    const HAS_STATIC_QUERY_ID: bool = true;
}

impl<Name, Words> Query for Many<'_, Name, Words> {
    type SqlType = Untyped;
}

impl<Name, Words> RunQueryDsl<Conn> for Many<'_, Name, Words> {}

impl<Name, Words: ManyWords> QueryFragment<Db> for Many<'_, Name, Words> {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, Db>) -> QueryResult<()> {
        Words::walk(&self.table, &self.arrays, out)
    }
}

/// The text of a statement, with its arrays.
trait ManyWords {
    fn walk<'b>(table: &Table, arrays: &'b [Array<'b>], out: AstPass<'_, 'b, Db>) -> QueryResult<()>;
}

/// New rows; all columns.
enum InsertMany {}
/// Rows as they are to be, whether they are there or not; all columns.
enum PutMany {}
/// The changing columns of rows; the key, and those.
enum UpdateMany {}
/// Rows go; the key.
enum DeleteMany {}
/// All rows of these owners go.
enum DeleteOwners {}
/// All rows of these owners.
enum FindMany {}

impl ManyWords for InsertMany {
    fn walk<'b>(table: &Table, arrays: &'b [Array<'b>], mut out: AstPass<'_, 'b, Db>) -> QueryResult<()> {
        out.push_sql("insert into ");
        out.push_identifier(table.name)?;
        out.push_sql(" (");
        names(table.columns, "", &mut out)?;
        out.push_sql(") select * from ");
        unnest(arrays, &mut out)
    }
}

impl ManyWords for PutMany {
    fn walk<'b>(table: &Table, arrays: &'b [Array<'b>], mut out: AstPass<'_, 'b, Db>) -> QueryResult<()> {
        InsertMany::walk(table, arrays, out.reborrow())?;
        out.push_sql(" on conflict (");
        names(table.key(), "", &mut out)?;
        let others = table.columns.get(table.key..).unwrap_or_default();
        if others.is_empty() {
            out.push_sql(") do nothing");
            return Ok(());
        }
        out.push_sql(") do update set ");
        set(others, "excluded.", &mut out)
    }
}

impl ManyWords for UpdateMany {
    fn walk<'b>(table: &Table, arrays: &'b [Array<'b>], mut out: AstPass<'_, 'b, Db>) -> QueryResult<()> {
        out.push_sql("update ");
        out.push_identifier(table.name)?;
        out.push_sql(" t set ");
        set(table.changing(), "n.", &mut out)?;
        out.push_sql(" from ");
        unnest(arrays, &mut out)?;
        out.push_sql(" as n (");
        names(table.key(), ", ", &mut out)?;
        names(table.changing(), "", &mut out)?;
        out.push_sql(") where ");
        of_key(table, &mut out)
    }
}

impl ManyWords for DeleteMany {
    fn walk<'b>(table: &Table, arrays: &'b [Array<'b>], mut out: AstPass<'_, 'b, Db>) -> QueryResult<()> {
        out.push_sql("delete from ");
        out.push_identifier(table.name)?;
        out.push_sql(" t using ");
        unnest(arrays, &mut out)?;
        out.push_sql(" as n (");
        names(table.key(), "", &mut out)?;
        out.push_sql(") where ");
        of_key(table, &mut out)
    }
}

impl ManyWords for DeleteOwners {
    fn walk<'b>(table: &Table, arrays: &'b [Array<'b>], mut out: AstPass<'_, 'b, Db>) -> QueryResult<()> {
        out.push_sql("delete from ");
        of_owners(table, arrays, &mut out)
    }
}

impl ManyWords for FindMany {
    fn walk<'b>(table: &Table, arrays: &'b [Array<'b>], mut out: AstPass<'_, 'b, Db>) -> QueryResult<()> {
        out.push_sql("select ");
        names(table.columns, "", &mut out)?;
        out.push_sql(" from ");
        of_owners(table, arrays, &mut out)
    }
}

/// `t where owner = any(?)`.
fn of_owners<'b>(table: &Table, arrays: &'b [Array<'b>], out: &mut AstPass<'_, 'b, Db>) -> QueryResult<()> {
    out.push_identifier(table.name)?;
    out.push_sql(" where ");
    out.push_identifier(table.owner())?;
    out.push_sql(" = any(");
    arrays.iter().try_for_each(|array| array.bind(out))?;
    out.push_sql(")");
    Ok(())
}

/// `unnest(?, ?)`.
fn unnest<'b>(arrays: &'b [Array<'b>], out: &mut AstPass<'_, 'b, Db>) -> QueryResult<()> {
    out.push_sql("unnest(");
    for (index, array) in arrays.iter().enumerate() {
        out.push_sql(if index > 0 { ", " } else { "" });
        array.bind(out)?;
    }
    out.push_sql(")");
    Ok(())
}

/// `t.a = n.a and t.b = n.b`.
fn of_key(table: &Table, out: &mut AstPass<'_, '_, Db>) -> QueryResult<()> {
    for (index, column) in table.key().iter().enumerate() {
        out.push_sql(if index > 0 { " and t." } else { "t." });
        out.push_identifier(column.name)?;
        out.push_sql(" = n.");
        out.push_identifier(column.name)?;
    }
    Ok(())
}

/// `a = n.a, b = n.b`.
fn set(columns: &[TableColumn], of: &str, out: &mut AstPass<'_, '_, Db>) -> QueryResult<()> {
    for (index, column) in columns.iter().enumerate() {
        out.push_sql(if index > 0 { ", " } else { "" });
        out.push_identifier(column.name)?;
        out.push_sql(" = ");
        out.push_sql(of);
        out.push_identifier(column.name)?;
    }
    Ok(())
}

/// `a, b`, and what stands behind them.
fn names(columns: &[TableColumn], end: &str, out: &mut AstPass<'_, '_, Db>) -> QueryResult<()> {
    for (index, column) in columns.iter().enumerate() {
        out.push_sql(if index > 0 { ", " } else { "" });
        out.push_identifier(column.name)?;
    }
    out.push_sql(end);
    Ok(())
}

impl Array<'_> {
    fn bind<'b>(&'b self, out: &mut AstPass<'_, 'b, Db>) -> QueryResult<()> {
        match self {
            Self::Integers(numbers) => out.push_bind_param::<sql_types::Array<Nullable<BigInt>>, _>(numbers),
            Self::Texts(texts) => out.push_bind_param::<sql_types::Array<Nullable<Text>>, _>(texts),
            Self::Uuids(ids) => out.push_bind_param::<sql_types::Array<Nullable<SqlUuid>>, _>(ids),
        }
    }
}
