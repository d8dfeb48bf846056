//! Statements about one row, or about the rows of one owner: prepared once for each connection, their texts never built
//! again. An engine that takes many rows at once has texts of its own beside these.

use std::marker::PhantomData;

use diesel::backend::Backend;
use diesel::connection::Connection;
use diesel::deserialize::{self, QueryableByName};
use diesel::expression::expression_types::Untyped;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::query_dsl::RunQueryDsl;
use diesel::result::QueryResult;
use diesel::row::{Field as _, NamedRow};

use super::{Columns, Kind, Row, TableColumn, Unreadable, Value};

/// How values travel to and from an engine.
pub trait RowDb: Backend {
    /// Binds a value of this kind.
    ///
    /// # Errors
    /// Those of Diesel.
    fn bind<'b>(kind: Kind, value: &'b Value<'b>, out: &mut AstPass<'_, 'b, Self>) -> QueryResult<()>;

    /// A value of this kind; `None` where it is none.
    fn value(kind: Kind, raw: Self::RawValue<'_>) -> Option<Value<'static>>;
}

/// Implements [`RowDb`] for a backend, which differ in types alone.
macro_rules! row_db {
    ($db:ty) => {
        impl $crate::rows::RowDb for $db {
            fn bind<'b>(
                kind: $crate::rows::Kind,
                value: &'b $crate::rows::Value<'b>,
                out: &mut diesel::query_builder::AstPass<'_, 'b, Self>,
            ) -> diesel::result::QueryResult<()> {
                use diesel::sql_types::{BigInt, Nullable, Text};
                use $crate::rows::{Kind, Value};
                use $crate::{DbUuid, SqlUuid};
                match (value, kind) {
                    (Value::Null, Kind::Integer) => {
                        out.push_bind_param::<Nullable<BigInt>, Option<i64>>(&None)
                    }
                    (Value::Null, Kind::Text) => out.push_bind_param::<Nullable<Text>, Option<String>>(&None),
                    (Value::Null, Kind::Uuid) => {
                        out.push_bind_param::<Nullable<SqlUuid>, Option<DbUuid>>(&None)
                    }
                    (Value::Integer(number), _) => out.push_bind_param::<BigInt, i64>(number),
                    (Value::Text(text), _) => out.push_bind_param::<Text, str>(text),
                    (Value::Uuid(id), _) => out.push_bind_param::<SqlUuid, DbUuid>(id),
                }
            }

            fn value(
                kind: $crate::rows::Kind,
                raw: Self::RawValue<'_>,
            ) -> Option<$crate::rows::Value<'static>> {
                use diesel::deserialize::FromSql;
                use diesel::sql_types::{BigInt, Text};
                use $crate::rows::{Kind, Value};
                use $crate::{DbUuid, SqlUuid};
                match kind {
                    Kind::Integer => <i64 as FromSql<BigInt, $db>>::from_sql(raw).map(Value::Integer).ok(),
                    Kind::Text => <String as FromSql<Text, $db>>::from_sql(raw)
                        .map(|text| Value::Text(text.into()))
                        .ok(),
                    Kind::Uuid => <DbUuid as FromSql<SqlUuid, $db>>::from_sql(raw).map(Value::Uuid).ok(),
                }
            }
        }
    };
}

pub(crate) use row_db;

/// A statement about rows of type `R`. `Words` says which; with the type of the row it names the statement, so that
/// Diesel finds it prepared without looking at its text.
pub(crate) struct Statement<'v, R, Words> {
    values: &'v [Value<'v>],
    types: PhantomData<fn() -> (R, Words)>,
}

impl<'v, R, Words> Statement<'v, R, Words> {
    pub(crate) const fn of(values: &'v [Value<'v>]) -> Self {
        Self { values, types: PhantomData }
    }
}

impl<R: 'static, Words: 'static> QueryId for Statement<'_, R, Words> {
    type QueryId = Statement<'static, R, Words>;

    const HAS_STATIC_QUERY_ID: bool = true;
}

impl<R, Words> Query for Statement<'_, R, Words> {
    type SqlType = Untyped;
}

impl<C: Connection, R, Words> RunQueryDsl<C> for Statement<'_, R, Words> {}

impl<DB: RowDb, R: Row, Words: StatementWords<DB>> QueryFragment<DB> for Statement<'_, R, Words> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        Words::walk::<R>(self.values, &mut out)
    }
}

/// The text of a statement, with its values.
pub(crate) trait StatementWords<DB: Backend>: 'static {
    fn walk<'b, R: Row>(values: &'b [Value<'b>], out: &mut AstPass<'_, 'b, DB>) -> QueryResult<()>;
}

/// A new row; the values of all columns.
pub(crate) enum Insert {}
/// The changing columns of a row; the values of all columns.
pub(crate) enum Update {}
/// A row goes; the values of its key.
pub(crate) enum Delete {}
/// All rows of an owner go; its id.
pub(crate) enum DeleteOwner {}
/// All rows of an owner; its id.
pub(crate) enum Find {}
/// Rows in the order of their owners; how many.
pub(crate) enum Page {}
/// Rows of owners beyond one; its id, and how many.
pub(crate) enum PageAfter {}

impl<DB: RowDb> StatementWords<DB> for Insert {
    fn walk<'b, R: Row>(values: &'b [Value<'b>], out: &mut AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql("insert into ");
        whole_row::<R, DB>(values, out)
    }
}

impl<DB: RowDb> StatementWords<DB> for Update {
    fn walk<'b, R: Row>(values: &'b [Value<'b>], out: &mut AstPass<'_, 'b, DB>) -> QueryResult<()> {
        let (names, changing) = values.split_at_checked(R::TABLE.fixed).unwrap_or_default();
        out.push_sql("update ");
        out.push_identifier(R::TABLE.name)?;
        out.push_sql(" set ");
        equal(R::TABLE.changing(), changing, ", ", out)?;
        out.push_sql(" where ");
        equal(R::TABLE.key(), names, " and ", out)
    }
}

impl<DB: RowDb> StatementWords<DB> for Delete {
    fn walk<'b, R: Row>(values: &'b [Value<'b>], out: &mut AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql("delete from ");
        out.push_identifier(R::TABLE.name)?;
        out.push_sql(" where ");
        equal(R::TABLE.key(), values, " and ", out)
    }
}

impl<DB: RowDb> StatementWords<DB> for DeleteOwner {
    fn walk<'b, R: Row>(values: &'b [Value<'b>], out: &mut AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql("delete from ");
        out.push_identifier(R::TABLE.name)?;
        out.push_sql(" where ");
        equal(R::TABLE.key().get(..1).unwrap_or_default(), values, "", out)
    }
}

impl<DB: RowDb> StatementWords<DB> for Find {
    fn walk<'b, R: Row>(values: &'b [Value<'b>], out: &mut AstPass<'_, 'b, DB>) -> QueryResult<()> {
        select::<R, DB>(out)?;
        out.push_sql(" where ");
        equal(R::TABLE.key().get(..1).unwrap_or_default(), values, "", out)
    }
}

impl<DB: RowDb> StatementWords<DB> for Page {
    fn walk<'b, R: Row>(values: &'b [Value<'b>], out: &mut AstPass<'_, 'b, DB>) -> QueryResult<()> {
        select::<R, DB>(out)?;
        out.push_sql(" order by ");
        out.push_identifier(R::TABLE.owner())?;
        out.push_sql(" limit ");
        values.iter().try_for_each(|limit| DB::bind(Kind::Integer, limit, out))
    }
}

impl<DB: RowDb> StatementWords<DB> for PageAfter {
    fn walk<'b, R: Row>(values: &'b [Value<'b>], out: &mut AstPass<'_, 'b, DB>) -> QueryResult<()> {
        select::<R, DB>(out)?;
        let parts = [(" where ", " > ", Kind::Uuid), (" order by ", " limit ", Kind::Integer)];
        for ((before, behind, kind), value) in parts.into_iter().zip(values) {
            out.push_sql(before);
            out.push_identifier(R::TABLE.owner())?;
            out.push_sql(behind);
            DB::bind(kind, value, out)?;
        }
        Ok(())
    }
}

/// `t (a, b) values (?, ?)`.
pub(crate) fn whole_row<'b, R: Row, DB: RowDb>(
    values: &'b [Value<'b>],
    out: &mut AstPass<'_, 'b, DB>,
) -> QueryResult<()> {
    out.push_identifier(R::TABLE.name)?;
    out.push_sql(" (");
    names(R::TABLE.columns, out)?;
    out.push_sql(") values (");
    for (index, (column, value)) in R::TABLE.columns.iter().zip(values).enumerate() {
        if index > 0 {
            out.push_sql(", ");
        }
        DB::bind(column.kind, value, out)?;
    }
    out.push_sql(")");
    Ok(())
}

/// `select a, b from t`.
pub(crate) fn select<R: Row, DB: RowDb>(out: &mut AstPass<'_, '_, DB>) -> QueryResult<()> {
    out.push_sql("select ");
    names(R::TABLE.columns, out)?;
    out.push_sql(" from ");
    out.push_identifier(R::TABLE.name)
}

/// `a = ?, b = ?`, or with `and` between them.
fn equal<'b, DB: RowDb>(
    columns: &[TableColumn],
    values: &'b [Value<'b>],
    between: &str,
    out: &mut AstPass<'_, 'b, DB>,
) -> QueryResult<()> {
    for (index, (column, value)) in columns.iter().zip(values).enumerate() {
        if index > 0 {
            out.push_sql(between);
        }
        out.push_identifier(column.name)?;
        out.push_sql(" = ");
        DB::bind(column.kind, value, out)?;
    }
    Ok(())
}

/// `a, b`.
fn names<DB: RowDb>(columns: &[TableColumn], out: &mut AstPass<'_, '_, DB>) -> QueryResult<()> {
    for (index, column) in columns.iter().enumerate() {
        if index > 0 {
            out.push_sql(", ");
        }
        out.push_identifier(column.name)?;
    }
    Ok(())
}

/// The owners of up to `limit` rows of `R` that have no row of `Root`.
pub(crate) struct Orphans<R, Root>(i64, PhantomData<fn() -> (R, Root)>);

impl<R, Root> Orphans<R, Root> {
    pub(crate) fn of(limit: usize) -> Self {
        Self(i64::try_from(limit).unwrap_or(i64::MAX), PhantomData)
    }
}

impl<R: 'static, Root: 'static> QueryId for Orphans<R, Root> {
    type QueryId = Self;

    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<R, Root> Query for Orphans<R, Root> {
    type SqlType = crate::SqlUuid;
}

impl<C: Connection, R, Root> RunQueryDsl<C> for Orphans<R, Root> {}

impl<DB: RowDb, R: Row, Root: Row> QueryFragment<DB> for Orphans<R, Root> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        let (rows, roots) = (R::TABLE, Root::TABLE);
        out.push_sql("select r.");
        out.push_identifier(rows.owner())?;
        out.push_sql(" from ");
        out.push_identifier(rows.name)?;
        out.push_sql(" r where not exists (select * from ");
        out.push_identifier(roots.name)?;
        out.push_sql(" o where o.");
        out.push_identifier(roots.owner())?;
        out.push_sql(" = r.");
        out.push_identifier(rows.owner())?;
        // A number of this program, never text from outside.
        out.push_sql(&format!(") limit {}", self.0));
        Ok(())
    }
}

/// A row as it was found, or what is wrong with it.
pub(crate) struct Found<R>(pub(crate) Result<R, Unreadable>);

impl<DB: RowDb, R: Row> QueryableByName<DB> for Found<R> {
    fn build<'a>(row: &impl NamedRow<'a, DB>) -> deserialize::Result<Self> {
        let mut value = |index, kind| {
            let field = diesel::row::Row::get(row, index)?;
            field.value().map_or(Some(Value::Null), |raw| DB::value(kind, raw))
        };
        Ok(Self(R::read(&mut Columns::of(R::TABLE, &mut value))))
    }
}

/// The methods of [`RowConn`](super::RowConn) that every engine has alike.
macro_rules! pages_and_orphans {
    () => {
        fn page<R: $crate::rows::Row>(
            &mut self,
            after: Option<uuid::Uuid>,
            limit: usize,
        ) -> Result<Vec<R>, $crate::rows::RowFault> {
            use diesel::RunQueryDsl as _;
            use $crate::rows::Value;
            use $crate::rows::statement::{Found, Page, PageAfter, Statement};
            let limit = Value::Integer(i64::try_from(limit).unwrap_or(i64::MAX));
            let found: Vec<Found<R>> = match after {
                Some(after) => {
                    let values = [Value::Uuid($crate::DbUuid(after)), limit];
                    Statement::<R, PageAfter>::of(&values).load(self)?
                }
                None => Statement::<R, Page>::of(&[limit]).load(self)?,
            };
            Ok(found.into_iter().map(|row| row.0).collect::<Result<_, _>>()?)
        }

        fn orphans<R: $crate::rows::Row, Root: $crate::rows::Row>(
            &mut self,
            limit: usize,
        ) -> Result<Vec<uuid::Uuid>, $crate::rows::RowFault> {
            use diesel::RunQueryDsl as _;
            use $crate::rows::statement::Orphans;
            let owners: Vec<$crate::DbUuid> = Orphans::<R, Root>::of(limit).load(self)?;
            Ok(owners.into_iter().map(|owner| owner.0).collect())
        }
    };
}

pub(crate) use pages_and_orphans;
