//! Statements whose text is always the same: prepared once, and their text is never built again.
//!
//! Diesel knows by its type that a query has one text, for selects and simple inserts. Upserts it looks up by their
//! text, which it builds each time; updates it prepares anew each time, which costs more than running them.

use std::marker::PhantomData;

use diesel::backend::Backend;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::{Connection, RunQueryDsl};

/// Takes a query whose text is always the same, so that it is prepared once for each connection. To be run like the
/// query itself.
///
/// Each use has a cache entry of its own. The promise is the caller's: two runs of one use must differ in the bound
/// values alone. So it stands in no generic function, and no part of the query is optional.
///
/// ```
/// use portolan_diesel::diesel::{self, prelude::*};
/// use portolan_diesel::{prepared, sqlite::Conn};
///
/// diesel::table! { places (id) { id -> BigInt, name -> Text } }
///
/// fn rename(conn: &mut Conn, id: i64, name: &str) -> QueryResult<usize> {
///     prepared!(diesel::update(places::table.find(id)).set(places::name.eq(name))).execute(conn)
/// }
/// ```
#[macro_export]
macro_rules! prepared {
    ($query:expr) => {{
        enum Text {}
        $crate::sqlite::Prepared::<_, Text>::new($query)
    }};
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

    /// Diesel never keeps an update, because the columns that it sets may differ from run to run; here they do not.
    fn is_safe_to_cache_prepared(&self, _backend: &DB) -> QueryResult<bool> {
        Ok(true)
    }
}
