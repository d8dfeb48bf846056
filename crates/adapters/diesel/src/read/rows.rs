//! From what a store has kept to rows of a view.

use std::collections::HashMap;
use std::marker::PhantomData;
use std::ops::ControlFlow;

use diesel::deserialize::QueryableByName;
use diesel::row::NamedRow;
use portolan_kernel::specification::{Field, Type, Value};
use portolan_kernel::{Currency, Error, Money, Result, StoredRow, StoredView, Timestamp, Version, View};
use uuid::Uuid;

use super::super::{Conn, Db, Fault};
use super::layout::{ELEMENT, Layout, Place, ROW, Table, VERSION};
use super::statement::{Bound, Cell, Cells, Shapes, Statement, decimal};

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
        each(conn, layout, shapes, statement, |row| {
            kept.push(row);
            ControlFlow::Continue(())
        })?;
        return Ok(kept);
    }
    let mut rows: Vec<Values<V>> = Vec::new();
    statement.each(conn, shapes, |row| {
        rows.push(row);
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
    layout: &Layout,
    shapes: &Shapes,
    statement: Statement<'_>,
    mut take: impl FnMut(Kept<V>) -> ControlFlow<()>,
) -> Result<(), Fault> {
    statement.each(conn, shapes, |row: Values<V>| Ok(take(row.restore(&layout.rows, &mut [])?)))
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

/// The values of a row, by its fields; nothing for a collection.
struct Values<V> {
    number: i64,
    version: Version,
    values: Vec<Value>,
    view: PhantomData<V>,
}

impl<V: View> QueryableByName<Db> for Values<V> {
    fn build<'a>(row: &impl NamedRow<'a, Db>) -> diesel::deserialize::Result<Self> {
        let number = number(Some(&Cell::read(row, 0)?))?;
        let Cell::Integer(version) = Cell::read(row, 1)? else { return Err(Box::new(unreadable(VERSION))) };
        let fields = V::schema().fields;
        let mut values = Vec::with_capacity(fields.len());
        let mut column = 2;
        for field in fields {
            let read = match field.field_type {
                Type::Scalars(_) | Type::Elements(_) => Some(Value::Null),
                Type::Money => {
                    column += 2;
                    money(&Cell::read(row, column - 2)?, &Cell::read(row, column - 1)?)
                }
                single => {
                    column += 1;
                    value(Cell::read(row, column - 1)?, single)
                }
            };
            values.push(read.ok_or_else(|| unreadable(field.name))?);
        }
        Ok(Self { number, version: Version(version.unsigned_abs()), values, view: PhantomData })
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
        let values = values.into_iter().map(|mut cells| value(cells.pop()?, *of));
        values.collect::<Option<_>>().ok_or_else(|| unreadable(field.name))
    }

    fn give_elements(
        &mut self,
        field: &'static Field,
        take: &mut dyn FnMut(&mut dyn StoredRow) -> Result<()>,
    ) -> Result<()> {
        let (table, elements) = self.take_elements(field)?;
        elements.into_iter().try_for_each(|mut cells| take(&mut StoredElement { table, cells: &mut cells }))
    }
}

/// One element of a collection, which has no collections.
struct StoredElement<'a> {
    table: &'a Table,
    cells: &'a mut [Cell],
}

impl StoredElement<'_> {
    fn take(&mut self, place: usize) -> Cell {
        self.cells.get_mut(place).map_or(Cell::Null, |cell| std::mem::replace(cell, Cell::Null))
    }
}

impl StoredRow for StoredElement<'_> {
    fn give(&mut self, field: &'static Field) -> Result<Value> {
        let value = match self.table.place(field) {
            Some(Place::Column(column)) => value(self.take(column), field.field_type),
            Some(Place::Money(amount)) => money(&self.take(amount), &self.take(amount + 1)),
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
fn value(cell: Cell, value_type: Type) -> Option<Value> {
    Some(match (cell, value_type) {
        (Cell::Null, _) => Value::Null,
        (Cell::Integer(value), Type::Integer) => Value::Integer(value),
        (Cell::Integer(value), Type::Time) => Value::Time(Timestamp::from_micros(value)),
        (Cell::Integer(value), Type::Boolean | Type::Object) => Value::Boolean(value != 0),
        (Cell::Text(text), Type::Text | Type::Enum(_)) => Value::Text(text),
        (cell, Type::Text | Type::Enum(_)) => Value::Text(cell.text()?.into()),
        (cell, Type::Uuid) => Value::Uuid(Uuid::from_slice(cell.bytes()?).ok()?),
        (cell, Type::Decimal) => Value::Decimal(decimal(cell.bytes()?)?),
        _ => return None,
    })
}

fn money(amount: &Cell, currency: &Cell) -> Option<Value> {
    match (amount, currency) {
        (Cell::Null, Cell::Null) => Some(Value::Null),
        (Cell::Integer(amount), code) => {
            let currency: Currency = code.text()?.parse().ok()?;
            Some(Value::Money(Money::new(*amount, currency)))
        }
        _ => None,
    }
}

fn unreadable(what: &str) -> Error {
    Error::unavailable(format!("`{what}` of a stored row does not read; make the view anew"))
}
