//! Rows on their way into a table: as many in one statement as few different texts allow.

use super::super::{Conn, Fault};
use super::layout::{BODY, ELEMENT, ROW, Table};
use super::statement::{Bound, Shapes, Statement};

/// How many rows one statement writes: few different numbers, so that there are few different texts.
const TOGETHER: [usize; 3] = [64, 8, 1];

/// How many values one statement binds at the most; engines take from 32,766.
const MAX_BINDS: usize = 16_000;

/// Rows of one table, each as all of its values: of a view's rows the number first and the body last, of elements the number
/// and the place first.
pub(super) struct Inserts<'v> {
    width: usize,
    values: Vec<Bound<'v>>,
}

impl<'v> Inserts<'v> {
    pub(super) fn into(table: &Table) -> Self {
        Self { width: table.columns.len() + 2, values: Vec::new() }
    }

    /// One row's values, one after the other.
    pub(super) fn push(&mut self, value: Bound<'v>) {
        self.values.push(value);
    }

    /// Writes them.
    pub(super) fn write(self, conn: &mut Conn, shapes: &Shapes, table: &Table) -> Result<(), Fault> {
        let mut values = self.values.into_iter();
        for together in TOGETHER {
            // A row alone is written however wide it is.
            let fits = together == 1 || together * self.width <= MAX_BINDS;
            while fits && values.len() >= together * self.width {
                let mut sql = Statement::of_layout(&table.insert);
                sql.push_list(0..together, |sql, _| {
                    sql.push_word("(");
                    sql.push_list(values.by_ref().take(self.width), Statement::push_bind);
                    sql.push_word(")");
                });
                sql.execute(conn, shapes)?;
            }
        }
        Ok(())
    }
}

/// `insert into` all columns of the table.
pub(super) fn into_table(table: &Table) -> Statement<'_> {
    let mut sql = Statement::new("insert into ").name(&table.name).word(" (").name(ROW);
    if table.is_child() {
        sql = sql.word(", ").name(ELEMENT);
    }
    for column in &table.columns {
        sql.push_word(", ");
        sql.push_name(&column.name);
    }
    if !table.is_child() {
        sql = sql.word(", ").name(BODY);
    }
    sql.word(") values ")
}
