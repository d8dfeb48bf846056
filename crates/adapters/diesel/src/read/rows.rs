//! From what a store has kept to rows of a view.

use std::collections::HashMap;
use std::marker::PhantomData;
use std::ops::ControlFlow;

use diesel::deserialize::QueryableByName;
use diesel::row::{NamedRow, Row};
use portolan_kernel::specification::{Field, Type, Value};
use portolan_kernel::{Currency, Error, Money, Result, StoredRow, StoredView, Timestamp, Version, View};
use uuid::Uuid;

use super::super::{Conn, Db, Fault};
use super::layout::{ELEMENT, Layout, Place, ROW, Table, VERSION};
use super::statement::{Bound, Cell, Cells, Raw, Shapes, Statement, decimal};

/// How many rows are looked up by one statement.
const TOGETHER: usize = 256;

/// How many rows that were found by their words are looked up by one statement.
pub(super) const FOUND_TOGETHER: usize = 4_096;

/// A row as a store has it.
#[derive(Debug)]
pub(super) struct Kept<V> {
    pub(super) number: i64,
    pub(super) version: Version,
    pub(super) view: V,
}

/// `select` all that a row is made of: its numbers, and then its columns in the order of the declared fields.
pub(super) fn selected(layout: &Layout) -> Statement<'_> {
    let mut sql = Statement::new("select ").name(ROW).word(", ").name(VERSION);
    for column in &layout.rows.columns {
        sql.push_word(", ");
        sql.push_name(&column.name);
    }
    sql
}

/// The same, as a text that stands already.
pub(super) fn select(layout: &Layout) -> Statement<'_> {
    Statement::of_layout(&layout.select)
}

/// The rows that the statement [selects](select), with their collections.
pub(super) fn load<V: StoredView>(
    conn: &mut Conn,
    layout: &Layout,
    shapes: &Shapes,
    statement: Statement<'_>,
) -> Result<Vec<Kept<V>>, Fault> {
    let mut kept = Vec::new();
    if layout.rows.children.is_empty() {
        each(conn, shapes, statement, |row| {
            kept.push(row);
            ControlFlow::Continue(())
        })?;
        return Ok(kept);
    }
    let mut rows: Vec<Values<V>> = Vec::new();
    statement.each(conn, shapes, |Read(row)| {
        rows.push(row?);
        Ok(ControlFlow::Continue(()))
    })?;
    let numbers: Vec<i64> = rows.iter().map(|row| row.number).collect();
    let mut children = Vec::with_capacity(layout.rows.children.len());
    for table in &layout.rows.children {
        children.push(elements(conn, table, shapes, &numbers)?);
    }
    let restored = rows.into_iter().map(|row| {
        let mut of_row: Vec<_> =
            children.iter_mut().map(|elements| elements.remove(&row.number).unwrap_or_default()).collect();
        Ok(row.restore(&layout.rows, &mut of_row)?)
    });
    restored.collect()
}

/// Hands over each row that the statement [selects](select), as it comes, until `take` breaks off. Of a view without
/// collections: nothing else can be asked meanwhile.
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

/// The elements of these rows, by the numbers of the rows, in order.
fn elements(
    conn: &mut Conn,
    table: &Table,
    shapes: &Shapes,
    numbers: &[i64],
) -> Result<HashMap<i64, Vec<Vec<Cell>>>, Fault> {
    let mut found: HashMap<i64, Vec<Vec<Cell>>> = HashMap::with_capacity(numbers.len());
    in_parts(numbers, |numbers| {
        let mut sql = Statement::new("select ").name(ROW);
        for column in &table.columns {
            sql.push_word(", ");
            sql.push_name(&column.name);
        }
        sql.push_word(" from ");
        sql.push_name(&table.name);
        sql.push_word(" where ");
        sql.push_name(ROW);
        sql.push_word(" in (");
        sql.push_list(numbers, |sql, number| sql.push_bind(Bound::Integer(*number)));
        sql.push_word(") order by ");
        sql.push_list([ROW, ELEMENT], |sql, name| sql.push_name(name));
        for Cells(mut cells) in sql.load(conn, shapes)? {
            let of = number(cells.first())?;
            cells.remove(0);
            found.entry(of).or_default().push(cells);
        }
        Ok(())
    })?;
    Ok(found)
}

/// What was read of a row, or why it does not read.
struct Read<T>(Result<T>);

impl<V: StoredView> QueryableByName<Db> for Read<Kept<V>> {
    fn build<'a>(row: &impl NamedRow<'a, Db>) -> diesel::deserialize::Result<Self> {
        let (number, version) = numbers(row)?;
        let mut row = RowAsItCame::of(row, V::schema().fields);
        Ok(Self(V::restore(&mut row).map(|view| Kept { number, version, view })))
    }
}

/// The values of a row, by its fields; nothing for a collection.
struct Values<V> {
    number: i64,
    version: Version,
    values: Vec<Value>,
    view: PhantomData<V>,
}

impl<V: View> QueryableByName<Db> for Read<Values<V>> {
    fn build<'a>(row: &impl NamedRow<'a, Db>) -> diesel::deserialize::Result<Self> {
        let (number, version) = numbers(row)?;
        let fields = V::schema().fields;
        let mut row = RowAsItCame::of(row, fields);
        let values = fields.iter().map(|field| match columns_of(field.field_type) {
            0 => Ok(Value::Null),
            _ => row.give(field),
        });
        let values = values.collect::<Result<_>>();
        Ok(Self(values.map(|values| Values { number, version, values, view: PhantomData })))
    }
}

/// The first two columns: the row's number and its version.
fn numbers<'a>(row: &impl Row<'a, Db>) -> diesel::deserialize::Result<(i64, Version)> {
    let integer = |place, name| match Raw::read(row, place, |raw| raw.integer())? {
        Some(number) => Ok(number),
        None => Err(Box::<dyn std::error::Error + Send + Sync>::from(unreadable(name))),
    };
    Ok((integer(0, ROW)?, Version(integer(1, VERSION)?.unsigned_abs())))
}

/// A row where it came, behind its [numbers]: its columns are in the order of the declared fields.
struct RowAsItCame<'r, R> {
    row: &'r R,
    fields: &'static [Field],
    /// The field that is most likely the next, and its first column.
    next: (usize, usize),
}

impl<'r, R> RowAsItCame<'r, R> {
    const FIRST: (usize, usize) = (0, 2);

    const fn of(row: &'r R, fields: &'static [Field]) -> Self {
        Self { row, fields, next: Self::FIRST }
    }

    /// The first column of this field.
    fn column(&mut self, field: &Field) -> usize {
        let index = usize::from(field.index);
        let (from, column) = if self.next.0 <= index { self.next } else { Self::FIRST };
        let between = self.fields.get(from..index).unwrap_or_default().iter();
        let column = column + between.map(|field| columns_of(field.field_type)).sum::<usize>();
        self.next = (index + 1, column + columns_of(field.field_type));
        column
    }
}

impl<'a, R: Row<'a, Db>> StoredRow for RowAsItCame<'_, R> {
    fn give(&mut self, field: &'static Field) -> Result<Value> {
        let column = self.column(field);
        let read = match field.field_type {
            Type::Scalars(_) | Type::Elements(_) => Ok(None),
            Type::Money => Raw::read(self.row, column, |amount| amount.integer())
                .and_then(|amount| Raw::read(self.row, column + 1, |currency| money(amount, currency))),
            single => Raw::read(self.row, column, |raw| value(raw, single)),
        };
        read.ok().flatten().ok_or_else(|| unreadable(field.name))
    }

    fn give_scalars(&mut self, field: &'static Field) -> Result<Vec<Value>> {
        Err(unreadable(field.name))
    }

    fn give_elements(
        &mut self,
        field: &'static Field,
        _: &mut dyn FnMut(&mut dyn StoredRow) -> Result<()>,
    ) -> Result<()> {
        Err(unreadable(field.name))
    }
}

/// How many columns a field of this type has.
const fn columns_of(field_type: Type) -> usize {
    match field_type {
        Type::Scalars(_) | Type::Elements(_) => 0,
        Type::Money => 2,
        _ => 1,
    }
}

impl<V: StoredView> Values<V> {
    fn restore(mut self, table: &Table, children: &mut [Vec<Vec<Cell>>]) -> Result<Kept<V>> {
        let view = V::restore(&mut StoredValues { table, values: &mut self.values, children })?;
        Ok(Kept { number: self.number, version: self.version, view })
    }
}

fn number(cell: Option<&Cell>) -> Result<i64> {
    match cell {
        Some(Cell::Integer(number)) => Ok(*number),
        _ => Err(unreadable(ROW)),
    }
}

/// One row.
struct StoredValues<'a> {
    table: &'a Table,
    values: &'a mut [Value],
    children: &'a mut [Vec<Vec<Cell>>],
}

impl StoredValues<'_> {
    fn take_elements(&mut self, field: &Field) -> Result<(&Table, Vec<Vec<Cell>>)> {
        let Some(Place::Child(child)) = self.table.place(field) else { return Err(unreadable(field.name)) };
        let table = self.table.children.get(child).ok_or_else(|| unreadable(field.name))?;
        Ok((table, self.children.get_mut(child).map(std::mem::take).unwrap_or_default()))
    }
}

impl StoredRow for StoredValues<'_> {
    fn give(&mut self, field: &'static Field) -> Result<Value> {
        let value = self.values.get_mut(usize::from(field.index));
        value.map(|value| std::mem::replace(value, Value::Null)).ok_or_else(|| unreadable(field.name))
    }

    fn give_scalars(&mut self, field: &'static Field) -> Result<Vec<Value>> {
        let Type::Scalars(of) = field.field_type else { return Err(unreadable(field.name)) };
        let (_, values) = self.take_elements(field)?;
        let values = values.into_iter().map(|cells| value(cells.last()?.raw(), *of));
        values.collect::<Option<_>>().ok_or_else(|| unreadable(field.name))
    }

    fn give_elements(
        &mut self,
        field: &'static Field,
        take: &mut dyn FnMut(&mut dyn StoredRow) -> Result<()>,
    ) -> Result<()> {
        let (table, elements) = self.take_elements(field)?;
        elements.into_iter().try_for_each(|cells| take(&mut StoredElement { table, cells: &cells }))
    }
}

/// One element of a collection, which has no collections.
struct StoredElement<'a> {
    table: &'a Table,
    cells: &'a [Cell],
}

impl StoredElement<'_> {
    fn raw(&self, place: usize) -> Raw<'_> {
        self.cells.get(place).map_or(Raw::Null, Cell::raw)
    }
}

impl StoredRow for StoredElement<'_> {
    fn give(&mut self, field: &'static Field) -> Result<Value> {
        let value = match self.table.place(field) {
            Some(Place::Column(column)) => value(self.raw(column), field.field_type),
            Some(Place::Money(amount)) => money(self.raw(amount).integer(), self.raw(amount + 1)),
            Some(Place::Child(_)) | None => None,
        };
        value.ok_or_else(|| unreadable(field.name))
    }

    fn give_scalars(&mut self, field: &'static Field) -> Result<Vec<Value>> {
        Err(unreadable(field.name))
    }

    fn give_elements(
        &mut self,
        field: &'static Field,
        _: &mut dyn FnMut(&mut dyn StoredRow) -> Result<()>,
    ) -> Result<()> {
        Err(unreadable(field.name))
    }
}

/// The value that was kept like this; `None` where it was not.
fn value(raw: Raw<'_>, value_type: Type) -> Option<Value> {
    Some(match (raw, value_type) {
        (Raw::Null, _) => Value::Null,
        (Raw::Integer(value), Type::Integer) => Value::Integer(value),
        (Raw::Integer(value), Type::Time) => Value::Time(Timestamp::from_micros(value)),
        (Raw::Integer(value), Type::Boolean | Type::Object) => Value::Boolean(value != 0),
        (raw, Type::Text | Type::Enum(_)) => Value::Text(raw.text()?.into()),
        (raw, Type::Uuid) => Value::Uuid(Uuid::from_slice(raw.bytes()?).ok()?),
        (raw, Type::Decimal) => Value::Decimal(decimal(raw.bytes()?)?),
        _ => return None,
    })
}

/// Money of an amount, where there is one, and the code of a currency.
fn money(amount: Option<i64>, currency: Raw<'_>) -> Option<Value> {
    match (amount, currency) {
        (None, Raw::Null) => Some(Value::Null),
        (Some(amount), code) => {
            let currency: Currency = code.text()?.parse().ok()?;
            Some(Value::Money(Money::new(amount, currency)))
        }
        _ => None,
    }
}

fn unreadable(what: &str) -> Error {
    Error::unavailable(format!("`{what}` of a stored row does not read; make the view anew"))
}
