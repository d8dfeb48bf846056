//! What differs from engine to engine where views are kept and asked.

use std::borrow::Cow;

use diesel::connection::SimpleConnection as _;
use diesel::sqlite::{SqliteType, SqliteValue};

use super::read::{Bound, Kind, Raw, Statement};
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

/// Whether making and dropping a table is part of a transaction like any other write.
pub(super) const MAKES_TABLES_IN_TRANSACTIONS: bool = true;

/// Whether the engine knows from statistics of its own which index finds few rows. SQLite keeps none here, and without
/// them it takes every index for a good one; so the adapter looks itself which is, and hides the others.
pub(super) const KEEPS_STATISTICS: bool = false;

/// Whether a row is looked for when it is asked for, and none before.
pub(super) const STEPS_THROUGH_ROWS: bool = true;

/// How many characters of a text an index holds, and whether a condition has to say so. Here it holds all.
pub(super) const INDEXED_CHARACTERS: usize = usize::MAX;
pub(super) const INDEXES_BEGINNINGS: bool = false;

/// Whether the declared indexes are made when a view has caught up for the first time: to keep them meanwhile takes several
/// times as long as to make them of all rows together.
pub(super) const PUTS_OFF_INDEXES: bool = true;

/// Before a column that no index is to be looked for.
pub(super) const HIDE_FROM_INDEXES: &str = "+";

/// Whether an index leads to the place of `(a, b) > (x, y)`.
pub(super) const COMPARES_ROWS: bool = true;

/// The type of a column; `is_key`: of one whose values are told apart by an index.
pub(super) const fn type_name(kind: Kind, _is_key: bool) -> &'static str {
    match kind {
        Kind::Boolean | Kind::Integer => "integer",
        Kind::Text => "text",
        Kind::Decimal | Kind::Uuid | Kind::Members | Kind::Body => "blob",
    }
}

/// A column of an index that helps to find rows, and tells none apart.
pub(super) fn indexed<'a>(into: &mut Statement<'a>, column: &'a str, _kind: Kind) {
    into.push_name(column);
}

/// A text as a column has it: as it is.
pub(super) const fn kept(text: &str) -> Cow<'_, str> {
    Cow::Borrowed(text)
}

/// To be run when a view has grown to so many times its rows: SQLite learns nothing of them.
#[expect(clippy::unnecessary_wraps, reason = "engines with statistics ask their server")]
pub(super) fn learn<'a>(_: &mut Conn, _tables: impl Iterator<Item = &'a str>) -> Result<(), Fault> {
    Ok(())
}

/// Does this while sorts may go to files beside the store: making an index sorts all rows, and they need not fit into
/// memory.
pub(super) fn sort_beside_memory<T>(
    conn: &mut Conn,
    work: impl FnOnce(&mut Conn) -> Result<T, Fault>,
) -> Result<T, Fault> {
    conn.batch_execute("pragma temp_store = file")?;
    let done = work(conn);
    conn.batch_execute("pragma temp_store = memory")?;
    done
}

/// Reads a value as it came.
pub(super) fn read_value<T>(
    mut value: SqliteValue<'_, '_, '_>,
    read: impl FnOnce(Raw<'_>) -> T,
) -> diesel::deserialize::Result<T> {
    Ok(match value.value_type() {
        None => read(Raw::Null),
        Some(SqliteType::Text) => read(Raw::Text(value.read_text())),
        Some(SqliteType::Binary) => read(Raw::Bytes(value.read_blob())),
        Some(SqliteType::Long | SqliteType::Integer | SqliteType::SmallInt) => {
            read(Raw::Integer(value.read_long()))
        }
        Some(other) => return Err(format!("no column has the type {other:?}").into()),
    })
}

/// That the text in the column has this part. Case counts and nothing is a wildcard.
pub(super) fn contains<'a>(into: &mut Statement<'a>, column: Statement<'a>, part: Bound<'a>) {
    into.push_word("instr(");
    into.push(column);
    into.push_word(", ");
    into.push_bind(part);
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
pub(super) fn order<'a>(
    into: &mut Statement<'a>,
    column: Statement<'a>,
    is_nullable: bool,
    is_descending: bool,
) {
    into.push(column);
    into.push_word(match (is_nullable, is_descending) {
        (false, false) => "",
        (false, true) => " desc",
        (true, false) => " nulls last",
        (true, true) => " desc nulls last",
    });
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
    let details = steps.iter().filter_map(|cells| cells.0.get(3)?.text());
    let mut names: Vec<String> = details.filter_map(index_in).collect();
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
