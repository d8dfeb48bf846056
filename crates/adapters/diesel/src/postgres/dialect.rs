//! What differs from engine to engine where views are kept and asked.

use std::borrow::Cow;

use diesel::deserialize::{self, FromSql};
use diesel::pg::PgValue;
use diesel::sql_types::{BigInt, Bool};

use super::read::{Bound, Kind, Raw, Statement};
use super::{Conn, Db, Fault, texts};

/// Where every view of a store is written down.
pub(super) const VIEW_STATES: &str = "create table if not exists view_states (
    name        text   collate \"C\" primary key not null,
    version     bigint not null,
    declaration text   collate \"C\" not null,
    tables      text   collate \"C\" not null
)";

/// What ends the making of a table whose rows have numbers, and of one whose rows are found by their key.
pub(super) const ROWS_END: &str = ")";
pub(super) const KEYED_END: &str = ")";

/// Whether making and dropping a table is part of a transaction like any other write.
pub(super) const MAKES_TABLES_IN_TRANSACTIONS: bool = true;

/// Whether the engine knows from statistics of its own which index finds few rows.
pub(super) const KEEPS_STATISTICS: bool = true;

/// Whether a row is looked for when it is asked for, and none before: an answer comes whole.
pub(super) const STEPS_THROUGH_ROWS: bool = false;

/// How many characters of a text an index holds, and whether a condition has to say so: an index is of an expression, and
/// takes no entry of more than 2,704 bytes.
pub(super) const INDEXED_CHARACTERS: usize = 512;
pub(super) const INDEXES_BEGINNINGS: bool = true;

/// Whether the declared indexes are made when a view has caught up for the first time. Here they are there from the start.
pub(super) const PUTS_OFF_INDEXES: bool = false;

/// Before a column that no index is to be looked for.
pub(super) const HIDE_FROM_INDEXES: &str = "";

/// Whether an index leads to the place of `(a, b) > (x, y)`.
pub(super) const COMPARES_ROWS: bool = true;

/// The type of a column; `is_key`: of one whose values are told apart by an index.
pub(super) const fn type_name(kind: Kind, _is_key: bool) -> &'static str {
    match kind {
        Kind::Boolean => "boolean",
        Kind::Integer => "bigint",
        Kind::Text => "text collate \"C\"",
        Kind::Decimal | Kind::Members | Kind::Body => "bytea",
        Kind::Uuid => "uuid",
    }
}

/// A column of an index that helps to find rows, and tells none apart: of text the beginning.
pub(super) fn indexed<'a>(into: &mut Statement<'a>, column: &'a str, kind: Kind) {
    if kind != Kind::Text {
        return into.push_name(column);
    }
    into.push_word("left(");
    into.push_name(column);
    into.push_word(", ");
    into.push_number(INDEXED_CHARACTERS as u64);
    into.push_word(")");
}

/// A text as a column has it: see [`texts`](super::texts).
pub(super) fn kept(text: &str) -> Cow<'_, str> {
    texts::kept(text)
}

/// To be run when a view has grown to so many times its rows: without statistics, which the server would gather by itself
/// a minute later or so, it plans badly.
pub(super) fn learn<'a>(conn: &mut Conn, tables: impl Iterator<Item = &'a str>) -> Result<(), Fault> {
    let mut analyze = Statement::new("analyze ");
    analyze.push_list(tables, Statement::push_name);
    analyze.load_once(conn).map(drop)
}

/// Does this as it is: the server sorts where it likes.
pub(super) fn sort_beside_memory<T>(
    conn: &mut Conn,
    work: impl FnOnce(&mut Conn) -> Result<T, Fault>,
) -> Result<T, Fault> {
    work(conn)
}

/// Reads a value as it came.
pub(super) fn read_value<T>(value: PgValue<'_>, read: impl FnOnce(Raw<'_>) -> T) -> deserialize::Result<T> {
    // The numbers of PostgreSQL's own types.
    Ok(match value.get_oid().get() {
        16 => read(Raw::Integer(<bool as FromSql<Bool, Db>>::from_sql(value)?.into())),
        20 => read(Raw::Integer(<i64 as FromSql<BigInt, Db>>::from_sql(value)?)),
        25 => read(Raw::Text(std::str::from_utf8(value.as_bytes())?)),
        17 | 2950 => read(Raw::Bytes(value.as_bytes())),
        other => return Err(format!("no column has the type {other}").into()),
    })
}

/// That the text in the column has this part. Case counts and nothing is a wildcard.
pub(super) fn contains<'a>(into: &mut Statement<'a>, column: Statement<'a>, part: Bound<'a>) {
    into.push_word("strpos(");
    into.push(column);
    into.push_word(", ");
    into.push_bind(part);
    into.push_word(") > 0");
}

/// That the text in the column ends with this one, which is not empty.
pub(super) fn ends_with<'a>(into: &mut Statement<'a>, column: Statement<'a>, end: &'a str) {
    into.push_word("right(");
    into.push(column);
    into.push_word(", ");
    into.push_number(kept(end).chars().count() as u64);
    into.push_word(") = ");
    into.push_bind(Bound::text(end));
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
        (_, false) => "",
        (false, true) => " desc",
        (true, true) => " desc nulls last",
    });
}

/// Behind a table: that its rows are walked along this index. PostgreSQL chooses by itself.
pub(super) const fn walk<'a>(_into: &mut Statement<'a>, _index: &'a str) {}

/// The names of the indexes that PostgreSQL would answer this statement by; of a key's, its table.
pub(super) fn indexes_of(conn: &mut Conn, statement: Statement<'_>) -> Result<Vec<String>, Fault> {
    let mut explained = Statement::new("explain (costs off) ");
    explained.push(statement);
    let steps = explained.load_once(conn)?;
    let steps = steps.iter().filter_map(|cells| cells.0.first()?.text());
    let mut names: Vec<String> = steps.filter_map(index_in).collect();
    let mut seen = std::collections::HashSet::new();
    names.retain(|name| seen.insert(name.clone()));
    Ok(names)
}

/// The index that a step of PostgreSQL's plan names: `->  Index Scan using view_listings_by_seller on view_listings`, or
/// `->  Bitmap Index Scan on view_listings_by_seller`.
fn index_in(step: &str) -> Option<String> {
    let (scan, rest) = step.split_once(" using ").or_else(|| step.split_once("Bitmap Index Scan on "))?;
    (scan.contains("Index") || step.contains("Bitmap Index")).then_some(())?;
    let name = rest.split(' ').next()?;
    Some(name.strip_suffix("_pkey").unwrap_or(name).to_owned())
}
