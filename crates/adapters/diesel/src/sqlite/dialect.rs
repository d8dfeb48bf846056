//! What differs from engine to engine where views are kept and asked.

use std::sync::Arc;

use diesel::sqlite::{SqliteType, SqliteValue};

use super::read::{Bound, Cell, Kind, Statement};
use super::{Conn, Fault};

/// Where every view of a store is written down.
pub(super) const VIEW_STATES: &str = "create table if not exists view_states (
    name        text    primary key not null,
    version     integer not null,
    declaration text    not null,
    tables      text    not null
) strict, without rowid";

/// What ends the making of a table whose rows have numbers, and of one whose rows are found by their key.
pub(super) const ROWS_END: &str = ") strict";
pub(super) const KEYED_END: &str = ") strict, without rowid";

/// Before a column that no index is to be looked for. SQLite keeps no statistics here, and without them it takes every
/// index for a good one; so the adapter looks itself which is, and hides the others.
pub(super) const HIDE_FROM_INDEXES: &str = "+";

/// The type of a column.
pub(super) const fn type_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Boolean | Kind::Integer => "integer",
        Kind::Text => "text",
        Kind::Decimal | Kind::Uuid => "blob",
    }
}

/// A value as it came.
pub(super) fn cell(mut value: SqliteValue<'_, '_, '_>) -> diesel::deserialize::Result<Cell> {
    Ok(match value.value_type() {
        None => Cell::Null,
        Some(SqliteType::Text) => Cell::Text(Arc::from(value.read_text())),
        Some(SqliteType::Binary) => Cell::Bytes(value.read_blob().to_vec()),
        Some(SqliteType::Long | SqliteType::Integer | SqliteType::SmallInt) => {
            Cell::Integer(value.read_long())
        }
        Some(other) => return Err(format!("no column has the type {other:?}").into()),
    })
}

/// That the text in the column has this part. Case counts and nothing is a wildcard.
pub(super) fn contains<'a>(into: &mut Statement<'a>, column: Statement<'a>, part: &'a str) {
    into.push_word("instr(");
    into.push(column);
    into.push_word(", ");
    into.push_bind(Bound::Text(part.into()));
    into.push_word(") > 0");
}

/// That the text in the column ends with this one, which is not empty. By bytes: a text in UTF-8 ends with another
/// exactly where its bytes do.
pub(super) fn ends_with<'a>(into: &mut Statement<'a>, column: Statement<'a>, end: &'a str) {
    // Of nothing `substr` is null.
    into.push_word("coalesce(substr(cast(");
    into.push(column);
    into.push_word(" as blob), ");
    into.push_bind(Bound::Integer(i64::try_from(end.len()).map_or(i64::MIN, |length| -length)));
    into.push_word("), x'') = ");
    into.push_bind(Bound::Bytes(end.as_bytes().into()));
}

/// The order of a column, null last.
pub(super) const fn order(is_nullable: bool, is_descending: bool) -> &'static str {
    match (is_nullable, is_descending) {
        (false, false) => "",
        (false, true) => " desc",
        (true, false) => " nulls last",
        (true, true) => " desc nulls last",
    }
}

/// Behind a table: that its rows are walked along this index, whatever the planner thinks of it. It would rather sort all
/// rows than those with an equal value one after another.
pub(super) fn walk<'a>(into: &mut Statement<'a>, index: &'a str) {
    into.push_word(" indexed by ");
    into.push_name(index);
}

/// The names of the indexes that SQLite would answer this statement by.
pub(super) fn indexes_of(conn: &mut Conn, statement: Statement<'_>) -> Result<Vec<String>, Fault> {
    let mut explained = Statement::new("explain query plan ");
    explained.push(statement);
    let steps = explained.load_once(conn)?;
    let details = steps.into_iter().filter_map(|cells| match cells.0.into_iter().nth(3) {
        Some(Cell::Text(detail)) => Some(detail),
        _ => None,
    });
    let mut names: Vec<String> = details.filter_map(|detail| index_in(&detail)).collect();
    let mut seen = std::collections::HashSet::new();
    names.retain(|name| seen.insert(name.clone()));
    Ok(names)
}

/// The index that a step of SQLite's plan names: `SEARCH v USING INDEX view_listings_by_seller (seller=?)`.
fn index_in(detail: &str) -> Option<String> {
    let (_, using) = detail.split_once(" USING ")?;
    let rest = using.strip_prefix("COVERING ").unwrap_or(using);
    if let Some(rest) = rest.strip_prefix("INDEX ") {
        return rest.split(' ').next().map(str::to_owned);
    }
    // A table that is its own index.
    rest.strip_prefix("PRIMARY KEY")?;
    detail.split(' ').nth(1).map(str::to_owned)
}
