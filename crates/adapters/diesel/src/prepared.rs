//! Statements whose text is always the same: prepared once, and their text is never built again.
//!
//! Diesel knows by its type that a query has one text, for selects and simple inserts. Upserts it looks up by their
//! text, which it builds each time; updates it prepares anew each time, which costs more than running them.
//!
//! One row is read by `get_result`, not by `first`: that binds a `LIMIT`, and SQLite prepares a statement anew whenever a
//! `LIMIT` is bound. So the condition or the index must see to it that the first row is the one.

use std::marker::PhantomData;

use diesel::backend::Backend;
use diesel::expression::AppearsOnTable;
use diesel::query_builder::{AsChangeset, AstPass, Query, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::sql_types::Bool;
use diesel::{Connection, RunQueryDsl, Table};

/// Takes a query whose text is always the same, so that it is prepared once for each connection. To be run like the
/// query itself.
///
/// Each use has a cache entry of its own. The promise is the caller's: two runs of one use must differ in the bound
/// values alone. So it stands in no generic function, and no part of the query is optional.
///
/// ```
/// use portolan_diesel::diesel::{self, prelude::*};
/// use portolan_diesel::{prepared, sqlite::Conn, update};
///
/// diesel::table! { places (id) { id -> BigInt, name -> Text } }
///
/// fn rename(conn: &mut Conn, id: i64, name: &str) -> QueryResult<usize> {
///     prepared!(update(places::table, places::id.eq(id), places::name.eq(name))).execute(conn)
/// }
/// ```
#[macro_export]
macro_rules! prepared {
    ($query:expr) => {{
        enum StatementText {}
        $crate::Prepared::<_, StatementText>::new($query)
    }};
}

/// Declares a row that is inserted whole, as a statement whose text stands when the program is compiled. To be run
/// inside [`prepared!`](crate::prepared), and a good deal faster than Diesel's `Insertable`, which walks through the names of all
/// columns each time. A column that the table does not have, or has with another type, does not compile.
///
/// The words before the table and behind the values are given, because engines differ in them.
///
/// ```
/// use portolan_diesel::diesel::{self, prelude::*, sql_types::{BigInt, Text}};
/// use portolan_diesel::{prepared, prepared_row, sqlite::Conn};
///
/// diesel::table! { places (id) { id -> BigInt, name -> Text } }
///
/// prepared_row! {
///     struct Place<'a>: "replace into" places "" {
///         id: i64 as BigInt,
///         name: &'a str as Text,
///     }
/// }
///
/// fn write(conn: &mut Conn, id: i64, name: &str) -> QueryResult<usize> {
///     prepared!(Place { id, name }).execute(conn)
/// }
/// ```
#[macro_export]
macro_rules! prepared_row {
    ($visibility:vis struct $name:ident$(<$life:lifetime>)?: $verb:literal $table:ident $end:literal {
        $first:ident: $first_type:ty as $first_sql:ty,
        $($field:ident: $type:ty as $sql:ty,)*
    }) => {
        $visibility struct $name$(<$life>)? {
            $first: $first_type,
            $($field: $type,)*
        }

        impl<$($life,)? DB> $crate::diesel::query_builder::QueryFragment<DB> for $name$(<$life>)?
        where
            DB: $crate::diesel::backend::Backend
                + $crate::diesel::sql_types::HasSqlType<$first_sql>
                $(+ $crate::diesel::sql_types::HasSqlType<$sql>)*,
            $first_type: $crate::diesel::serialize::ToSql<$first_sql, DB>,
            $($type: $crate::diesel::serialize::ToSql<$sql, DB>,)*
        {
            fn walk_ast<'b>(
                &'b self,
                mut out: $crate::diesel::query_builder::AstPass<'_, 'b, DB>,
            ) -> $crate::diesel::result::QueryResult<()> {
                out.push_sql(::std::concat!(
                    $verb, " ", ::std::stringify!($table), " (",
                    ::std::stringify!($first), $(", ", ::std::stringify!($field),)*
                    ") values ("
                ));
                out.push_bind_param::<$first_sql, _>(&self.$first)?;
                $(
                    out.push_sql(", ");
                    out.push_bind_param::<$sql, _>(&self.$field)?;
                )*
                out.push_sql(::std::concat!(") ", $end));
                Ok(())
            }
        }

        const _: fn() = || {
            fn has_type<ST, C: $crate::diesel::Column + $crate::diesel::Expression<SqlType = ST>>(_: C) {}
            has_type::<$first_sql, _>($table::$first);
            $(has_type::<$sql, _>($table::$field);)*
        };
    };
}

/// A query that [`prepared!`](crate::prepared) marked.
#[derive(Debug, Clone, Copy)]
pub struct Prepared<Q, Text> {
    query: Q,
    text: PhantomData<fn() -> Text>,
}

impl<Q, Text> Prepared<Q, Text> {
    #[doc(hidden)]
    pub const fn new(query: Q) -> Self {
        Self { query, text: PhantomData }
    }
}

impl<Q, Text: 'static> QueryId for Prepared<Q, Text> {
    type QueryId = Text;

    const HAS_STATIC_QUERY_ID: bool = true;
}

impl<Q: Query, Text> Query for Prepared<Q, Text> {
    type SqlType = Q::SqlType;
}

impl<C: Connection, Q, Text> RunQueryDsl<C> for Prepared<Q, Text> {}

impl<DB: Backend, Q: QueryFragment<DB>, Text> QueryFragment<DB> for Prepared<Q, Text> {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        self.query.walk_ast(out)
    }
}

/// Sets columns of the rows that a condition selects, like `diesel::update`, which Diesel prepares anew each time
/// because the columns that it sets may differ from run to run. To be run inside [`prepared!`](crate::prepared).
pub fn update<T, P, C>(table: T, condition: P, changes: C) -> Update<T, P, C::Changeset>
where
    T: Table,
    P: AppearsOnTable<T, SqlType = Bool>,
    C: AsChangeset<Target = T>,
{
    Update { table, condition, changes: changes.as_changeset() }
}

/// An update whose text is always the same: what [`update`] makes.
#[derive(Debug, Clone, Copy)]
pub struct Update<T, P, V> {
    table: T,
    condition: P,
    changes: V,
}

impl<DB, T, P, V> QueryFragment<DB> for Update<T, P, V>
where
    DB: Backend,
    T: Table + QueryFragment<DB>,
    P: QueryFragment<DB>,
    V: QueryFragment<DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql("UPDATE ");
        self.table.walk_ast(out.reborrow())?;
        out.push_sql(" SET ");
        self.changes.walk_ast(out.reborrow())?;
        out.push_sql(" WHERE ");
        self.condition.walk_ast(out)
    }
}

/// A statement without values, by its text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Words<ST> {
    words: &'static str,
    sql_type: PhantomData<fn() -> ST>,
}

impl<ST> Words<ST> {
    pub(crate) const fn new(words: &'static str) -> Self {
        Self { words, sql_type: PhantomData }
    }
}

impl<ST> Query for Words<ST> {
    type SqlType = ST;
}

impl<DB: Backend, ST> QueryFragment<DB> for Words<ST> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql(self.words);
        Ok(())
    }
}
