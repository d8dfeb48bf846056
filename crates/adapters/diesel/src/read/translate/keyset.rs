//! The order of rows, and the rows behind a place in it: by the values of the last row, never by a count of rows.

use portolan_kernel::specification::Value;
use portolan_kernel::{Direction, Error, Result, SortKey};

use super::super::super::engine;
use super::super::layout::{Column, Layout, Place, SqlIndex};
use super::super::statement::{Bound, Statement};
use super::{begin, begin_of, begin_sign, joined, never};

/// The order of a query.
pub(in super::super) struct Order<'a> {
    layout: &'a Layout,
    keys: Vec<Key<'a>>,
    /// Whether the planner may walk along an index in this order.
    is_seen: bool,
}

struct Key<'a> {
    column: &'a Column,
    is_descending: bool,
    has_index: bool,
}

impl<'a> Order<'a> {
    /// By these keys, of which the last is the id.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for a key that has no column.
    pub(in super::super) fn new(layout: &'a Layout, keys: &[SortKey], is_seen: bool) -> Result<Self> {
        let columns = keys.iter().map(|key| {
            let amount = match layout.rows.place(key.path.field) {
                Some(Place::Column(column)) => Some(column),
                Some(Place::Money(amount)) => Some(
                    amount + usize::from(key.path.part == portolan_kernel::specification::Part::Currency),
                ),
                Some(Place::Child(_)) | None => None,
            };
            let column = amount.and_then(|place| layout.rows.columns.get(place));
            let column = column.ok_or_else(|| Error::Unsupported(format!("`{}` has no column", key.path)))?;
            let is_descending = key.direction == Direction::Descending;
            let has_index = column.index.is_some() || column.name == "id";
            Ok(Key { column, is_descending, has_index })
        });
        Ok(Self { layout, keys: columns.collect::<Result<_>>()?, is_seen })
    }

    /// `order by ..`
    pub(in super::super) fn push(&self, into: &mut Statement<'a>) {
        into.push_word(" order by ");
        into.push_list(&self.keys, |into, key| self.push_key(into, key));
    }

    /// The index that rows are walked along in this order.
    pub(in super::super) fn walk(&self) -> Option<&'a str> {
        let first = self.keys.first().filter(|_| self.is_seen)?;
        if first.column.name == "id" {
            return Some(&self.layout.by_id);
        }
        let is_its = |index: &&SqlIndex| {
            let column = &self.layout.rows.columns[index.column];
            index.table.is_none() && std::ptr::eq(column, first.column)
        };
        self.layout.indexes.iter().find(is_its).map(|index| index.name.as_str())
    }

    /// Behind the table: that its rows are walked along that index.
    pub(in super::super) fn push_walk(&self, into: &mut Statement<'a>) {
        if let Some(index) = self.walk() {
            engine::walk(into, index);
        }
    }

    /// Whether the rows come from the highest value of an index down, and those with one value by their ids: one way along
    /// the index for the values, the other for the ids.
    pub(in super::super) fn descends(&self) -> bool {
        let [first, id] = self.keys.as_slice() else { return false };
        let is_down = first.is_descending && !first.column.nullable && first.column.name != "id";
        is_down && !id.is_descending && self.walk().is_some()
    }

    /// `order by` the first key alone.
    pub(in super::super) fn push_first(&self, into: &mut Statement<'a>) {
        into.push_word(" order by ");
        if let Some(key) = self.keys.first() {
            self.push_key(into, key);
        }
    }

    /// `order by` the last key alone, the id.
    pub(in super::super) fn push_last(&self, into: &mut Statement<'a>) {
        into.push_word(" order by ");
        if let Some(key) = self.keys.last() {
            self.push_key(into, key);
        }
    }

    /// By the beginnings first where an index holds no more, so that it gives the order but for texts that begin alike.
    fn push_key(&self, into: &mut Statement<'a>, key: &Key<'a>) {
        if key.column.is_cut() {
            engine::order(into, begin(self.column(key)), key.column.nullable, key.is_descending);
            into.push_word(", ");
        }
        engine::order(into, self.column(key), key.column.nullable, key.is_descending);
    }

    /// How the first key compares with this value.
    pub(in super::super) fn first<'v>(&self, sign: &'static str, value: &'v Value) -> Statement<'v>
    where
        'a: 'v,
    {
        self.keys.first().map_or_else(never, |key| self.compared(key, sign, value))
    }

    /// How the last key, the id, compares with this value.
    pub(in super::super) fn last<'v>(&self, sign: &'static str, value: &'v Value) -> Statement<'v>
    where
        'a: 'v,
    {
        self.keys.last().map_or_else(never, |key| self.compared(key, sign, value))
    }

    /// The rows behind the one with these values, in parts that follow one another; a part without a condition is all.
    pub(in super::super) fn behind<'v>(&self, after: Option<&'v [Value]>) -> Vec<Option<Statement<'v>>>
    where
        'a: 'v,
    {
        let Some(values) = after else { return vec![None] };
        let keys: Vec<_> = self.keys.iter().zip(values).collect();
        match keys.first() {
            // Null comes last: rows with a value first, and then the others, each along the index.
            Some((key, value)) if key.column.nullable && **value != Value::Null => {
                let is_not_null = self.column(key).word(" is not null");
                let not_null = joined(vec![is_not_null, self.behind_value(&keys, false)], " and ");
                vec![Some(not_null), Some(self.column(key).word(" is null"))]
            }
            _ => vec![Some(self.behind_keys(&keys))],
        }
    }

    fn behind_keys<'v>(&self, keys: &[(&Key<'a>, &'v Value)]) -> Statement<'v>
    where
        'a: 'v,
    {
        let Some((key, value)) = keys.first() else { return never() };
        match (value, &keys[1..]) {
            (Value::Null, []) => never(),
            (Value::Null, rest) => {
                joined(vec![self.column(key).word(" is null"), self.behind_keys(rest)], " and ")
            }
            _ => self.behind_value(keys, key.column.nullable),
        }
    }

    /// Behind keys of which the first has a value.
    fn behind_value<'v>(&self, keys: &[(&Key<'a>, &'v Value)], may_be_null: bool) -> Statement<'v>
    where
        'a: 'v,
    {
        let Some((key, value)) = keys.first() else { return never() };
        let compares = |sign| self.compared(key, sign, value);
        let (beyond, from) = if key.is_descending { (" < ", " <= ") } else { (" > ", " >= ") };
        let is_uniform = keys.iter().skip(usize::from(!may_be_null)).all(|(key, _)| !key.column.nullable)
            && keys
                .iter()
                .all(|(other, value)| other.is_descending == key.is_descending && **value != Value::Null);
        let behind = match &keys[1..] {
            [] => compares(beyond),
            // A comparison of rows leads an index to the very place.
            _ if is_uniform && engine::COMPARES_ROWS => self.compare_rows(keys, beyond),
            rest => {
                let behind = joined(vec![compares(beyond), self.behind_keys(rest)], " or ");
                joined(vec![compares(from), behind], " and ")
            }
        };
        match may_be_null {
            true => joined(vec![self.column(key).word(" is null"), behind], " or "),
            false => behind,
        }
    }

    fn compare_rows<'v>(&self, keys: &[(&Key<'a>, &'v Value)], sign: &'static str) -> Statement<'v>
    where
        'a: 'v,
    {
        let mut sql = Statement::new("(");
        sql.push_list(keys, |sql, (key, _)| {
            if key.column.is_cut() {
                sql.push(begin(self.column(key)));
                sql.push_word(", ");
            }
            sql.push(self.column(key));
        });
        sql.push_word(")");
        sql.push_word(sign);
        sql.push_word("(");
        sql.push_list(keys, |sql, (key, value)| {
            if key.column.is_cut() {
                sql.push_bind(begin_of(bound(key, value)));
                sql.push_word(", ");
            }
            sql.push_bind(bound(key, value));
        });
        sql.word(")")
    }

    fn compared<'v>(&self, key: &Key<'a>, sign: &'static str, value: &'v Value) -> Statement<'v>
    where
        'a: 'v,
    {
        let compared = self.column(key).word(sign).bind(bound(key, value));
        if !key.column.is_cut() {
            return compared;
        }
        let begins = begin(self.column(key)).word(begin_sign(sign)).bind(begin_of(bound(key, value)));
        joined(vec![begins, compared], " and ")
    }

    fn column(&self, key: &Key<'a>) -> Statement<'a> {
        let hide = if key.has_index && !self.is_seen { engine::HIDE_FROM_INDEXES } else { "" };
        Statement::new(hide).name(&self.layout.rows.name).word(".").name(&key.column.name)
    }
}

fn bound<'v>(key: &Key<'_>, value: &'v Value) -> Bound<'v> {
    let kind = key.column.kind;
    Bound::of(kind, value.borrowed()).unwrap_or(Bound::Null(kind))
}
