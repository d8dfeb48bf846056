//! The statements that make a view's tables, from its layout.

use portolan_kernel::IndexKind;

use super::super::engine;
use super::layout::{
    BODY, Column, ELEMENT, Kind, Layout, MEMBERS, PART, ROW, SqlIndex, Table, VERSION, WORD, WORD_FIELD,
};
use super::source;
use super::statement::Statement;

/// The names of the view's tables.
pub(super) fn names(layout: &Layout) -> impl Iterator<Item = &str> {
    let children = layout.rows.children.iter().map(|table| table.name.as_str());
    let words = layout.words.iter().map(|words| words.name.as_str());
    std::iter::once(layout.rows.name.as_str())
        .chain([layout.removed.as_str(), layout.source.as_str()])
        .chain(children)
        .chain(words)
}

/// What makes the tables and their indexes.
pub(super) fn made(layout: &Layout) -> Vec<Statement<'_>> {
    let mut made = empty(layout);
    made.extend(layout.indexes.iter().map(|made| index(layout, made, "create index ")));
    made
}

/// What makes the tables, without the declared indexes.
pub(super) fn empty(layout: &Layout) -> Vec<Statement<'_>> {
    let mut made = vec![rows(layout), by_id(layout), removed(layout), source::made(layout)];
    made.extend(layout.rows.children.iter().map(child));
    made.extend(words(layout));
    made
}

/// What makes a declared index, in these words.
pub(super) fn index<'a>(layout: &'a Layout, index: &'a SqlIndex, make: &'static str) -> Statement<'a> {
    let table = index.table.map_or(&layout.rows, |child| &layout.rows.children[child]);
    let mut sql = Statement::new(make).name(&index.name).word(" on ").name(&table.name);
    let Column { name, kind, .. } = &table.columns[index.column];
    sql.push_word(" (");
    engine::indexed(&mut sql, name, *kind);
    // Pages in this order go on by the id.
    if index.kind == IndexKind::Ordered && index.table.is_none() {
        sql = sql.word(", ").name(&layout.id_column().name);
    }
    sql.word(")")
}

fn rows(layout: &Layout) -> Statement<'_> {
    let mut sql = Statement::new("create table ").name(&layout.rows.name).word(" (").name(ROW);
    sql.push_word(" ");
    sql.push_word(engine::type_name(Kind::Integer, true));
    sql.push_word(" primary key not null");
    columns(&mut sql, &layout.rows, Some(layout.id_column()));
    // The last, so that nobody who looks at a column has to pass over it.
    let sql = sql.word(", ").name(BODY).word(" ").word(engine::type_name(Kind::Body, false));
    sql.word(" not null").word(engine::ROWS_END)
}

fn by_id(layout: &Layout) -> Statement<'_> {
    let sql = Statement::new("create unique index ").name(&layout.by_id).word(" on ").name(&layout.rows.name);
    sql.word(" (").name(&layout.id_column().name).word(")")
}

fn removed(layout: &Layout) -> Statement<'_> {
    let id = layout.id_column();
    let sql = Statement::new("create table ").name(&layout.removed).word(" (").name(&id.name).word(" ");
    let mut sql = sql.word(engine::type_name(id.kind, true)).word(" primary key not null");
    number(&mut sql, VERSION);
    sql.word(engine::KEYED_END)
}

fn child(table: &Table) -> Statement<'_> {
    let mut sql = Statement::new("create table ").name(&table.name).word(" (").name(ROW).word(" ");
    sql.push_word(engine::type_name(Kind::Integer, true));
    sql.push_word(" not null");
    number(&mut sql, ELEMENT);
    columns(&mut sql, table, None);
    sql.push_word(", primary key (");
    sql.push_list([ROW, ELEMENT], |sql, name| sql.push_name(name));
    sql.word(")").word(engine::KEYED_END)
}

/// By word, so that all parts of one are found one behind the other.
fn words(layout: &Layout) -> Option<Statement<'_>> {
    let words = layout.words.as_ref()?;
    let mut sql = Statement::new("create table ").name(&words.name).word(" (").name(WORD).word(" ");
    sql.push_word(engine::type_name(Kind::Text, true));
    sql.push_word(" not null");
    [WORD_FIELD, PART].into_iter().for_each(|name| number(&mut sql, name));
    sql = sql.word(", ").name(MEMBERS).word(" ").word(engine::type_name(Kind::Members, false));
    sql.push_word(" not null, primary key (");
    sql.push_list([WORD_FIELD, WORD, PART], |sql, name| sql.push_name(name));
    Some(sql.word(")").word(engine::KEYED_END))
}

fn number(sql: &mut Statement<'_>, name: &'static str) {
    sql.push_word(", ");
    sql.push_name(name);
    sql.push_word(" ");
    sql.push_word(engine::type_name(Kind::Integer, true));
    sql.push_word(" not null");
}

fn columns<'a>(sql: &mut Statement<'a>, table: &'a Table, id: Option<&Column>) {
    for column in &table.columns {
        let Column { name, kind, nullable, .. } = column;
        sql.push_word(", ");
        sql.push_name(name);
        sql.push_word(" ");
        sql.push_word(engine::type_name(*kind, id.is_some_and(|id| std::ptr::eq(id, column))));
        sql.push_word(if *nullable { "" } else { " not null" });
    }
}
