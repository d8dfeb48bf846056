//! Rows on SQLite: a statement for each row that is written. There is no server to go to and back, so that nothing is won
//! by larger statements, and their texts would differ from group to group. Rows are looked for many owners at a time,
//! always so many, so that the text stays the same.

use diesel::connection::DefaultLoadingMode;
use diesel::prelude::*;
use diesel::query_builder::AstPass;
use diesel::result::QueryResult;
use uuid::Uuid;

use super::{Conn, Db};
use crate::DbUuid;
use crate::rows::statement::{
    Delete, DeleteOwner, Find, Found, Insert, RowDb, Statement, StatementWords, Update, pages_and_orphans,
    row_db, select, whole_row,
};
use crate::rows::{AtOnce, Batch, Kind, Row, RowConn, RowFault, Value};

/// How many owners are looked for at once.
const AT_ONCE: usize = 64;

/// How many owners that are left over are looked for one by one: more cost more than `AT_ONCE` of them.
const FEW: usize = 8;

row_db!(Db);

impl RowConn for Conn {
    type Joint<'v> = AtOnce;

    fn delete<R: Row>(&mut self, batch: &Batch<R>, _joint: &mut AtOnce) -> Result<(), RowFault> {
        for owner in &batch.owners {
            Statement::<R, DeleteOwner>::of(&[Value::Uuid(DbUuid::of(*owner))]).execute(self)?;
        }
        for key in &batch.deletes {
            Statement::<R, Delete>::of(R::key_values(key).as_ref()).execute(self)?;
        }
        Ok(())
    }

    fn write<R: Row>(&mut self, batch: &Batch<R>, _joint: &mut AtOnce) -> Result<(), RowFault> {
        for row in &batch.updates {
            if Statement::<R, Update>::of(row.values().as_ref()).execute(self)? == 0 {
                return Err(RowFault::Missing(R::TABLE.name));
            }
        }
        for row in &batch.inserts {
            Statement::<R, Insert>::of(row.values().as_ref()).execute(self)?;
        }
        for row in &batch.puts {
            Statement::<R, Put>::of(row.values().as_ref()).execute(self)?;
        }
        Ok(())
    }

    fn send(&mut self, _joint: AtOnce) -> Result<(), RowFault> {
        Ok(())
    }

    fn find<R: Row>(&mut self, owners: &[Uuid]) -> Result<Vec<R>, RowFault> {
        let mut found = Vec::new();
        for some in owners.chunks(AT_ONCE) {
            let mut values: Vec<Value<'_>> = some.iter().map(|owner| Value::Uuid(DbUuid(*owner))).collect();
            if some.len() <= FEW {
                for owner in values.chunks(1) {
                    collect(Statement::<R, Find>::of(owner), self, &mut found)?;
                }
            } else {
                // One that is named twice is found once.
                let again = some.iter().cycle().skip(some.len()).take(AT_ONCE - some.len());
                values.extend(again.map(|owner| Value::Uuid(DbUuid(*owner))));
                collect(Statement::<R, FindMany>::of(&values), self, &mut found)?;
            }
        }
        Ok(found)
    }

    pages_and_orphans!();
}

fn collect<R: Row, Words: StatementWords<Db>>(
    statement: Statement<'_, R, Words>,
    conn: &mut Conn,
    found: &mut Vec<R>,
) -> Result<(), RowFault> {
    for row in statement.load_iter::<Found<R>, DefaultLoadingMode>(conn)? {
        found.push(row?.0?);
    }
    Ok(())
}

/// A row as it is to be, whether it is there or not.
enum Put {}
/// All rows of [`AT_ONCE`] owners; their ids.
enum FindMany {}

impl StatementWords<Db> for Put {
    fn walk<'b, R: Row>(values: &'b [Value<'b>], out: &mut AstPass<'_, 'b, Db>) -> QueryResult<()> {
        out.push_sql("insert or replace into ");
        whole_row::<R, Db>(values, out)
    }
}

impl StatementWords<Db> for FindMany {
    fn walk<'b, R: Row>(values: &'b [Value<'b>], out: &mut AstPass<'_, 'b, Db>) -> QueryResult<()> {
        select::<R, Db>(out)?;
        out.push_sql(" where ");
        out.push_identifier(R::TABLE.owner())?;
        out.push_sql(" in (");
        for (index, owner) in values.iter().enumerate() {
            out.push_sql(if index > 0 { ", " } else { "" });
            <Db as RowDb>::bind(Kind::Uuid, owner, out)?;
        }
        out.push_sql(")");
        Ok(())
    }
}
