//! What a batch changes, as statements.

use std::borrow::Cow;
use std::collections::BTreeSet;

use portolan_kernel::specification::{Path, Value, ValueRef, Words};
use portolan_kernel::{Candidate, StoredView, Version};

use super::super::{Conn, Fault, engine};
use super::body;
use super::inserts::Inserts;
use super::layout::{BODY, Column, Layout, Place, ROW, Table, VERSION, kept_word};
use super::rows::Kept;
use super::statement::{Bound, Shapes, Statement};
use super::tables;
use super::words::NewWords;

/// One row before and after a batch.
pub(super) struct Change<V> {
    pub(super) id: Value,
    /// The version after the last event that was taken over.
    pub(super) version: Version,
    pub(super) before: Option<Kept<V>>,
    pub(super) after: Option<V>,
    /// At which version the row had gone, where it had.
    pub(super) removed_at: Option<Version>,
}

impl<V> Change<V> {
    /// Whether anything is to be written.
    pub(super) fn is_one(&self) -> bool {
        let version = self.before.as_ref().map(|before| before.version).or(self.removed_at);
        self.version != version.unwrap_or(Version::ZERO)
    }
}

/// A word of a row: the number of its field, and the word.
type Word = (usize, Box<str>);

/// Writes the changes, inside the caller's transaction.
pub(super) fn write<V: StoredView>(
    conn: &mut Conn,
    layout: &Layout,
    shapes: &Shapes,
    changes: &[Change<V>],
) -> Result<(), Fault> {
    let mut writer = Writer {
        conn,
        layout,
        shapes,
        next: None,
        rows: Inserts::into(&layout.rows),
        elements: layout.rows.children.iter().map(Inserts::into).collect(),
        words: NewWords::default(),
    };
    let mut inserted = 0;
    for change in changes {
        inserted += i64::from(change.before.is_none() && change.after.is_some());
        match (&change.before, &change.after) {
            (None, Some(after)) => writer.insert(change, after)?,
            (Some(before), Some(after)) => writer.update(before, after, change.version)?,
            (Some(before), None) => {
                writer.delete(before)?;
                writer.bury(change)?;
            }
            (None, None) => writer.bury(change)?,
        }
    }
    let grown = writer.next.map(|next| next - inserted..next);
    let Writer { conn, rows, elements, words, .. } = writer;
    rows.write(conn, shapes, &layout.rows)?;
    for (elements, table) in elements.into_iter().zip(&layout.rows.children) {
        elements.write(conn, shapes, table)?;
    }
    words.write(conn, layout, shapes)?;
    match grown {
        Some(grown) if doubles(&grown) => engine::learn(conn, tables::names(layout)),
        _ => Ok(()),
    }
}

/// How many rows are worth learning about.
const LEARNT_FROM: i64 = 1_024;

/// Whether one of these numbers of rows is twice as many as when the engine learnt about them before.
fn doubles(numbers: &std::ops::Range<i64>) -> bool {
    let last = (numbers.end.max(2) - 1).ilog2();
    last >= LEARNT_FROM.ilog2() && numbers.contains(&(1 << last))
}

/// Empties the view's tables, and no others.
pub(super) fn empty(conn: &mut Conn, layout: &Layout, shapes: &Shapes) -> Result<(), Fault> {
    for name in tables::names(layout) {
        Statement::new("delete from ").name(name).execute(conn, shapes)?;
    }
    Ok(())
}

struct Writer<'w> {
    conn: &'w mut Conn,
    layout: &'w Layout,
    shapes: &'w Shapes,
    /// The number of the next row; looked up when there is one.
    next: Option<i64>,
    /// What is yet to be written, all of a batch together: new rows, new elements of each collection, and words.
    rows: Inserts<'w>,
    elements: Vec<Inserts<'w>>,
    words: NewWords,
}

impl<'w> Writer<'w> {
    fn insert<V: StoredView>(&mut self, change: &Change<V>, view: &'w V) -> Result<(), Fault> {
        if change.removed_at.is_some() {
            self.unbury(change)?;
        }
        let number = self.next_number()?;
        self.rows.push(Bound::Integer(number));
        for column in &self.layout.rows.columns {
            self.rows.push(bound(column, view)?);
        }
        self.rows.push(body_of(number, change.version, view)?);
        for (place, child, path) in collections::<V>(self.layout) {
            self.insert_elements(place, child, number, path.read(view))?;
        }
        words_of(self.layout, view).into_iter().for_each(|word| self.words.note(number, word, true));
        Ok(())
    }

    fn update<V: StoredView>(&mut self, before: &Kept<V>, after: &'w V, to: Version) -> Result<(), Fault> {
        let table = &self.layout.rows;
        let mut sql = Statement::new("update ").name(&table.name).word(" set ").name(BODY).word(" = ");
        sql.push_bind(body_of(before.number, to, after)?);
        for column in &table.columns {
            if !is_same(column, &*before.view, after) {
                sql = sql.word(", ").name(&column.name).word(" = ").bind(bound(column, after)?);
            }
        }
        sql.push_word(" where ");
        sql.push_name(ROW);
        sql.push_word(" = ");
        sql.push_bind(Bound::Integer(before.number));
        sql.execute(self.conn, self.shapes)?;
        if *before.view == *after {
            return Ok(());
        }
        for (place, child, path) in collections::<V>(self.layout) {
            if !same_elements(child, path.read(&*before.view), path.read(after)) {
                self.delete_from(&child.name, before.number)?;
                self.insert_elements(place, child, before.number, path.read(after))?;
            }
        }
        let (were, are) = (words_of(self.layout, &*before.view), words_of(self.layout, after));
        were.difference(&are).for_each(|word| self.words.note(before.number, word.clone(), false));
        are.difference(&were).for_each(|word| self.words.note(before.number, word.clone(), true));
        Ok(())
    }

    fn delete<V: StoredView>(&mut self, before: &Kept<V>) -> Result<(), Fault> {
        for child in &self.layout.rows.children {
            self.delete_from(&child.name, before.number)?;
        }
        let words = words_of(self.layout, &*before.view);
        words.into_iter().for_each(|word| self.words.note(before.number, word, false));
        self.delete_from(&self.layout.rows.name, before.number)
    }

    /// Notes at which version a row has gone, so that no older event brings it back.
    fn bury<V>(&mut self, change: &Change<V>) -> Result<(), Fault> {
        if change.removed_at.is_some() {
            self.unbury(change)?;
        }
        let id = self.layout.id_column();
        let sql = Statement::new("insert into ").name(&self.layout.removed).word(" (").name(&id.name);
        let mut sql = sql.word(", ").name(VERSION).word(") values (");
        sql.push_bind(id_of(self.layout, change)?);
        sql.push_word(", ");
        sql.push_bind(version(change.version));
        sql.word(")").execute(self.conn, self.shapes).map(drop)
    }

    fn unbury<V>(&mut self, change: &Change<V>) -> Result<(), Fault> {
        let sql = Statement::new("delete from ").name(&self.layout.removed).word(" where ");
        let sql = sql.name(&self.layout.id_column().name).word(" = ").bind(id_of(self.layout, change)?);
        sql.execute(self.conn, self.shapes).map(drop)
    }

    fn insert_elements(
        &mut self,
        child: usize,
        table: &Table,
        number: i64,
        values: ValueRef<'w>,
    ) -> Result<(), Fault> {
        let Some(inserts) = self.elements.get_mut(child) else { return Err(Fault::unreadable(&table.name)) };
        let count = match values {
            ValueRef::Elements(elements) => elements.len(),
            ValueRef::Scalars(scalars) => scalars.len(),
            _ => 0,
        };
        for (element, place) in (0..count).zip(0_i64..) {
            inserts.push(Bound::Integer(number));
            inserts.push(Bound::Integer(place));
            for column in &table.columns {
                inserts.push(match values {
                    ValueRef::Elements(elements) => match elements.get(element) {
                        Some(element) => bound(column, element)?,
                        None => Bound::Null(column.kind),
                    },
                    ValueRef::Scalars(scalars) => bound_value(column, scalars.get(element))?,
                    _ => Bound::Null(column.kind),
                });
            }
        }
        Ok(())
    }

    fn delete_from(&mut self, table: &str, number: i64) -> Result<(), Fault> {
        let sql = Statement::new("delete from ").name(table).word(" where ").name(ROW).word(" = ");
        sql.bind(Bound::Integer(number)).execute(self.conn, self.shapes).map(drop)
    }

    fn next_number(&mut self) -> Result<i64, Fault> {
        let next = match self.next {
            Some(next) => next,
            None => {
                let sql = Statement::new("select coalesce(max(").name(ROW).word("), 0) + 1 from ");
                sql.name(&self.layout.rows.name).number_of(self.conn, self.shapes)?
            }
        };
        self.next = Some(next + 1);
        Ok(next)
    }
}

/// The tables of the view's collections by their places, and where each is in the view.
fn collections<V: Candidate>(layout: &Layout) -> impl Iterator<Item = (usize, &Table, Path)> {
    V::schema().fields.iter().filter_map(|field| match layout.rows.place(field)? {
        Place::Child(child) => Some((child, layout.rows.children.get(child)?, field.whole())),
        Place::Column(_) | Place::Money(_) => None,
    })
}

/// The words of the fields whose words are kept.
fn words_of<V: Candidate>(layout: &Layout, view: &V) -> BTreeSet<Word> {
    let mut words = BTreeSet::new();
    let Some(kept) = &layout.words else { return words };
    for (number, field) in kept.fields.iter().enumerate() {
        let mut take = |value: ValueRef<'_>| {
            if let ValueRef::Text(text) = value {
                Words::each(text, |word| _ = words.insert((number, kept_word(word).into())));
            }
        };
        match field.within.map(|collection| collection.whole().read(view)) {
            None => take(field.field.whole().read(view)),
            Some(ValueRef::Elements(elements)) => {
                let elements = (0..elements.len()).filter_map(|place| elements.get(place));
                elements.for_each(|element| take(field.field.whole().read(element)));
            }
            Some(_) => {}
        }
    }
    words
}

/// Whether two collections have the same elements in the same order.
fn same_elements(table: &Table, left: ValueRef<'_>, right: ValueRef<'_>) -> bool {
    match (left, right) {
        (ValueRef::Scalars(left), ValueRef::Scalars(right)) => {
            left.len() == right.len() && (0..left.len()).all(|place| left.get(place).same(right.get(place)))
        }
        (ValueRef::Elements(left), ValueRef::Elements(right)) => {
            left.len() == right.len()
                && (0..left.len()).all(|place| match (left.get(place), right.get(place)) {
                    (Some(left), Some(right)) => {
                        table.columns.iter().all(|column| is_same(column, left, right))
                    }
                    _ => false,
                })
        }
        _ => false,
    }
}

/// Whether both have the same in this column.
fn is_same(column: &Column, left: &(impl Candidate + ?Sized), right: &(impl Candidate + ?Sized)) -> bool {
    column.path.is_some_and(|path| match (path.read(left), path.read(right)) {
        (ValueRef::Object, ValueRef::Object) => true,
        (left, right) => left.same(right),
    })
}

fn body_of(number: i64, version: Version, view: &impl Candidate) -> Result<Bound<'static>, Fault> {
    Ok(Bound::Bytes(Cow::Owned(body::of(number, version, view)?)))
}

fn bound<'v>(column: &Column, candidate: &'v (impl Candidate + ?Sized)) -> Result<Bound<'v>, Fault> {
    match column.path {
        Some(path) => bound_value(column, path.read(candidate)),
        None => Err(Fault::unreadable(&column.name)),
    }
}

fn bound_value<'v>(column: &Column, value: ValueRef<'v>) -> Result<Bound<'v>, Fault> {
    Bound::of(column.kind, value).ok_or_else(|| Fault::unreadable(&column.name))
}

fn id_of<'c, V>(layout: &Layout, change: &'c Change<V>) -> Result<Bound<'c>, Fault> {
    bound_value(layout.id_column(), change.id.borrowed())
}

fn version(version: Version) -> Bound<'static> {
    Bound::Integer(i64::try_from(version.get()).unwrap_or(i64::MAX))
}
