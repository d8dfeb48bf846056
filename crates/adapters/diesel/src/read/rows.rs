//! From what a store has kept to rows of a view.

use std::ops::ControlFlow;
use std::sync::Arc;

use diesel::deserialize::QueryableByName;
use diesel::row::NamedRow;
use portolan_kernel::{Result, StoredView, Version};

use super::super::{Conn, Db, Fault};
use super::body;
use super::layout::BODY;
use super::statement::{Raw, Shapes, Statement};

/// How many rows are looked up by one statement.
const TOGETHER: usize = 256;

/// How many rows that were found by their words are looked up by one statement.
pub(super) const FOUND_TOGETHER: usize = 4_096;

/// A row as a store has it.
#[derive(Debug)]
pub(super) struct Kept<V> {
    pub(super) number: i64,
    pub(super) version: Version,
    pub(super) view: Arc<V>,
}

/// `select` all that a row is made of.
pub(super) fn select() -> Statement<'static> {
    Statement::new("select ").name(BODY)
}

/// The rows that the statement [selects](select).
pub(super) fn load<V: StoredView>(
    conn: &mut Conn,
    shapes: &Shapes,
    statement: Statement<'_>,
) -> Result<Vec<Kept<V>>, Fault> {
    let mut kept = Vec::new();
    each(conn, shapes, statement, |row| {
        kept.push(row);
        ControlFlow::Continue(())
    })?;
    Ok(kept)
}

/// Hands over each row that the statement [selects](select), as it comes, until `take` breaks off.
pub(super) fn each<V: StoredView>(
    conn: &mut Conn,
    shapes: &Shapes,
    statement: Statement<'_>,
    mut take: impl FnMut(Kept<V>) -> ControlFlow<()>,
) -> Result<(), Fault> {
    statement.each(conn, shapes, |Read(row)| Ok(take(row?)))
}

/// The values of the column, in as few statements as few different texts allow.
pub(super) fn in_parts<T: Clone>(
    values: &[T],
    ask: impl FnMut(&[T]) -> Result<(), Fault>,
) -> Result<(), Fault> {
    in_parts_of(TOGETHER, values, ask)
}

/// As [`in_parts`], at most so many in one statement.
pub(super) fn in_parts_of<T: Clone>(
    together: usize,
    values: &[T],
    mut ask: impl FnMut(&[T]) -> Result<(), Fault>,
) -> Result<(), Fault> {
    for part in values.chunks(together) {
        // The last once more, up to a power of two: what is found twice is found once.
        let padded: Vec<T> = part
            .iter()
            .chain(std::iter::repeat_n(&part[part.len() - 1], part.len().next_power_of_two() - part.len()))
            .cloned()
            .collect();
        ask(&padded)?;
    }
    Ok(())
}

/// What was read of a row, or why it does not read.
struct Read<V>(Result<Kept<V>>);

impl<V: StoredView> QueryableByName<Db> for Read<V> {
    fn build<'a>(row: &impl NamedRow<'a, Db>) -> diesel::deserialize::Result<Self> {
        Raw::read(row, 0, |raw| Self(body::restored(raw.bytes().unwrap_or_default())))
    }
}
