//! Which event a view took over last, by which one tells of which journal it is filled.

use portolan_kernel::{Position, Taken};

use super::super::{Conn, Fault, engine};
use super::layout::{Kind, Layout};
use super::statement::{Bound, Cell, Shapes, Statement};
use crate::DbUuid;

/// The columns of its one row.
const POSITION: &str = "event_position";
const EVENT: &str = "event_id";

/// What makes its table.
pub(super) fn made(layout: &Layout) -> Statement<'_> {
    let sql = Statement::new("create table ").name(&layout.source).word(" (").name(POSITION).word(" ");
    let sql = sql
        .word(engine::type_name(Kind::Integer, true))
        .word(" primary key not null, ")
        .name(EVENT)
        .word(" ");
    sql.word(engine::type_name(Kind::Uuid, false)).word(" not null").word(engine::KEYED_END)
}

/// Writes it down, inside the caller's transaction.
pub(super) fn note(conn: &mut Conn, layout: &Layout, shapes: &Shapes, last: Taken) -> Result<(), Fault> {
    let position = || Bound::Integer(last.position.get().cast_signed());
    let event = || Bound::Uuid(DbUuid(last.event_id));
    let sql = Statement::new("update ").name(&layout.source).word(" set ").name(POSITION).word(" = ");
    let sql = sql.bind(position()).word(", ").name(EVENT).word(" = ").bind(event());
    if sql.execute(conn, shapes)? == 0 {
        let sql = Statement::new("insert into ").name(&layout.source).word(" (").name(POSITION).word(", ");
        let sql = sql.name(EVENT).word(") values (").bind(position()).word(", ").bind(event()).word(")");
        sql.execute(conn, shapes)?;
    }
    Ok(())
}

/// What was written down; `None` before the first event.
pub(super) fn read(conn: &mut Conn, layout: &Layout, shapes: &Shapes) -> Result<Option<Taken>, Fault> {
    let sql = Statement::new("select ").name(POSITION).word(", ").name(EVENT);
    let Some(row) = sql.word(" from ").name(&layout.source).load(conn, shapes)?.pop() else {
        return Ok(None);
    };
    match row.0.as_slice() {
        [Cell::Integer(position), event] => {
            let event_id = event.bytes().and_then(|event| uuid::Uuid::from_slice(event).ok());
            let event_id = event_id.ok_or_else(|| Fault::unreadable(EVENT))?;
            Ok(Some(Taken { position: Position(position.cast_unsigned()), event_id }))
        }
        _ => Err(Fault::unreadable(&layout.source)),
    }
}
