//! Rows on SQLite: a statement for each row. There is no server to go to and back, so that nothing is won by larger
//! statements, and their texts would differ from group to group.

use diesel::query_builder::AstPass;
use diesel::result::QueryResult;

use super::{Conn, Db};
use crate::rows::statement::{StatementWords, row_by_row, row_db, whole_row};
use crate::rows::{Row, Value};

row_db!(Db);
row_by_row!(Conn, Put);

/// A row as it is to be, whether it is there or not.
enum Put {}

impl StatementWords<Db> for Put {
    fn walk<'b, R: Row>(values: &'b [Value<'b>], out: &mut AstPass<'_, 'b, Db>) -> QueryResult<()> {
        out.push_sql("insert or replace into ");
        whole_row::<R, Db>(values, out)
    }
}
