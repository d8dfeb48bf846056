//! Rows on PostgreSQL.

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
        out.push_sql("insert into ");
        whole_row::<R, Db>(values, out)?;
        out.push_sql(" on conflict (");
        for (index, column) in R::TABLE.key().iter().enumerate() {
            out.push_sql(if index > 0 { ", " } else { "" });
            out.push_identifier(column.name)?;
        }
        out.push_sql(") do ");
        let others = R::TABLE.columns.get(R::TABLE.key..).unwrap_or_default();
        out.push_sql(if others.is_empty() { "nothing" } else { "update set " });
        for (index, column) in others.iter().enumerate() {
            out.push_sql(if index > 0 { ", " } else { "" });
            out.push_identifier(column.name)?;
            out.push_sql(" = excluded.");
            out.push_identifier(column.name)?;
        }
        Ok(())
    }
}
