//! What differs from engine to engine where views are kept and asked.

use std::borrow::Cow;

use diesel::deserialize::{self, FromSql};
use diesel::mysql::{MysqlType, MysqlValue};
use diesel::sql_types::BigInt;

use super::read::{Bound, Kind, Raw, Statement};
use super::{Conn, Db, Fault};

/// Where every view of a store is written down.
pub(super) const VIEW_STATES: &str = "create table if not exists view_states (
    name        varchar(64) primary key not null,
    version     bigint      not null,
    declaration text        not null,
    tables      text        not null
) engine = innodb collate utf8mb4_nopad_bin";

/// What ends the making of a table whose rows have numbers, and of one whose rows are found by their key.
pub(super) const ROWS_END: &str = ") engine = innodb collate utf8mb4_nopad_bin";
pub(super) const KEYED_END: &str = ROWS_END;

/// Whether making and dropping a table is part of a transaction like any other write. Here it ends one.
pub(super) const MAKES_TABLES_IN_TRANSACTIONS: bool = false;

/// Whether the engine knows from statistics of its own which index finds few rows.
pub(super) const KEEPS_STATISTICS: bool = true;

/// Whether a row is looked for when it is asked for, and none before: an answer comes whole.
pub(super) const STEPS_THROUGH_ROWS: bool = false;

/// How many characters of a text an index holds, and whether a condition has to say so: the server knows by itself that
/// an index holds the beginnings.
pub(super) const INDEXED_CHARACTERS: usize = 512;
pub(super) const INDEXES_BEGINNINGS: bool = false;

/// Whether the declared indexes are made when a view has caught up for the first time. Here they are there from the start.
pub(super) const PUTS_OFF_INDEXES: bool = false;

/// Before a column that no index is to be looked for.
pub(super) const HIDE_FROM_INDEXES: &str = "";

/// Whether an index leads to the place of `(a, b) > (x, y)`.
pub(super) const COMPARES_ROWS: bool = false;

/// The type of a column; `is_key`: of one whose values are told apart by an index, which takes no longer text.
pub(super) const fn type_name(kind: Kind, is_key: bool) -> &'static str {
    match kind {
        Kind::Boolean => "boolean",
        Kind::Integer => "bigint",
        Kind::Text if is_key => "varchar(700)",
        Kind::Text => "longtext",
        Kind::Decimal | Kind::Uuid => "binary(16)",
        Kind::Members => "varbinary(512)",
        Kind::Body => "longblob",
    }
}

/// A column of an index that helps to find rows, and tells none apart: of text the beginning, because an index holds no
/// more.
pub(super) fn indexed<'a>(into: &mut Statement<'a>, column: &'a str, kind: Kind) {
    into.push_name(column);
    if kind == Kind::Text {
        into.push_word("(");
        into.push_number(INDEXED_CHARACTERS as u64);
        into.push_word(")");
    }
}

/// A text as a column has it: as it is.
pub(super) const fn kept(text: &str) -> Cow<'_, str> {
    Cow::Borrowed(text)
}

/// To be run when a view has grown to so many times its rows: MariaDB learns by itself at once.
#[expect(clippy::unnecessary_wraps, reason = "other engines ask their server")]
pub(super) fn learn<'a>(_: &mut Conn, _tables: impl Iterator<Item = &'a str>) -> Result<(), Fault> {
    Ok(())
}

/// Does this as it is: the server sorts where it likes.
pub(super) fn sort_beside_memory<T>(
    conn: &mut Conn,
    work: impl FnOnce(&mut Conn) -> Result<T, Fault>,
) -> Result<T, Fault> {
    work(conn)
}

/// Reads a value as it came. Text that is compared by code point is called binary, and so comes as bytes.
pub(super) fn read_value<T>(
    value: MysqlValue<'_>,
    read: impl FnOnce(Raw<'_>) -> T,
) -> deserialize::Result<T> {
    Ok(match value.value_type() {
        MysqlType::String => read(Raw::Text(std::str::from_utf8(value.as_bytes())?)),
        MysqlType::Blob => read(Raw::Bytes(value.as_bytes())),
        MysqlType::Tiny
        | MysqlType::Short
        | MysqlType::Long
        | MysqlType::LongLong
        | MysqlType::UnsignedLongLong => read(Raw::Integer(<i64 as FromSql<BigInt, Db>>::from_sql(value)?)),
        other => return Err(format!("no column has the type {other:?}").into()),
    })
}

/// That the text in the column has this part. Case counts and nothing is a wildcard.
pub(super) fn contains<'a>(into: &mut Statement<'a>, column: Statement<'a>, part: Bound<'a>) {
    into.push_word("locate(");
    into.push_bind(part);
    into.push_word(", ");
    into.push(column);
    into.push_word(") > 0");
}

/// That the text in the column ends with this one, which is not empty.
pub(super) fn ends_with<'a>(into: &mut Statement<'a>, column: Statement<'a>, end: &'a str) {
    into.push_word("right(");
    into.push(column);
    into.push_word(", ");
    into.push_number(end.chars().count() as u64);
    into.push_word(") = ");
    into.push_bind(Bound::text(end));
}

/// The order of a column, null last. To MariaDB null is less than anything.
pub(super) fn order<'a>(
    into: &mut Statement<'a>,
    column: Statement<'a>,
    is_nullable: bool,
    is_descending: bool,
) {
    if is_nullable && !is_descending {
        into.push(column.clone());
        into.push_word(" is null, ");
    }
    into.push(column);
    into.push_word(if is_descending { " desc" } else { "" });
}

/// Behind a table: that its rows are walked along this index. MariaDB chooses by itself.
pub(super) const fn walk<'a>(_into: &mut Statement<'a>, _index: &'a str) {}

/// The names of the indexes that MariaDB would answer this statement by; of a key's, its table.
pub(super) fn indexes_of(conn: &mut Conn, statement: Statement<'_>) -> Result<Vec<String>, Fault> {
    let mut explained = Statement::new("explain ");
    explained.push(statement);
    let mut names = Vec::new();
    for cells in explained.load_once(conn)? {
        let text = |place: usize| cells.0.get(place)?.text();
        // Of `id`, `select_type`, `table`, `type`, `possible_keys`, `key`; a step without an index has no key.
        let (Some(table), Some(key)) = (text(2), text(5)) else { continue };
        // Several where their rows are merged.
        for name in key.split(',') {
            let name = if name == "PRIMARY" { table } else { name };
            if !names.iter().any(|known| known == name) {
                names.push(name.to_owned());
            }
        }
    }
    Ok(names)
}
