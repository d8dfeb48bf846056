//! Rows of one table on their way into it, many at once: what an engine needs that goes to a server and back for each
//! statement.

use std::collections::HashSet;

use super::{Kind, Row, Table, TableColumn, Value};

/// Rows that are written together.
pub trait Sheet {
    /// Names them among all that are written.
    type Name: 'static;
    /// One value for each column, in the order of [`Table::columns`].
    type Cells<'a>: AsRef<[Value<'a>]>
    where
        Self: 'a;

    /// Where they are kept.
    const TABLE: Table;

    /// The columns of one.
    fn cells(&self) -> Self::Cells<'_>;
}

impl<R: Row> Sheet for R {
    type Cells<'a> = R::Values<'a>;
    type Name = R;

    const TABLE: Table = R::TABLE;

    fn cells(&self) -> Self::Cells<'_> {
        self.values()
    }
}

/// A column of the store's own tables, none of which an update sets.
#[must_use]
pub const fn column(name: &'static str, kind: Kind) -> TableColumn {
    TableColumn { name, kind, nullable: false }
}

/// The same, where it may be empty.
#[must_use]
pub const fn nullable(name: &'static str, kind: Kind) -> TableColumn {
    TableColumn { name, kind, nullable: true }
}

/// The rows as values, each key once: the last of those that have it, which a single statement could not write twice.
#[must_use]
pub fn last_of_each_key<R: Row>(rows: &[R]) -> Vec<R::Values<'_>> {
    let mut all: Vec<R::Values<'_>> = rows.iter().map(Row::values).collect();
    if all.len() < 2 {
        return all;
    }
    let mut seen = HashSet::with_capacity(all.len());
    let mut is_last: Vec<bool> = all
        .iter()
        .rev()
        .map(|values| seen.insert(values.as_ref().get(..R::TABLE.key).unwrap_or_default().to_vec()))
        .collect();
    all.retain(|_| is_last.pop().unwrap_or(true));
    all
}
