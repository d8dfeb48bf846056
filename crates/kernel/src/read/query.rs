//! Queries: criteria, and around them the shape of the answer.

use std::cmp::Ordering;

use super::cursor::Cursor;
use super::page::PageRequest;
use super::sort::{Sort, SortKey};
use super::view::View;
use crate::specification::{Node, Value};
use crate::{Fingerprint, Position, Result, Specification};

/// What a reader wants of a view.
#[derive(Debug)]
pub struct Query<V> {
    /// Which rows.
    pub criteria: Specification<V>,
    /// In which order.
    pub sort: Sort<V>,
    /// How many of them, from where on.
    pub page: PageRequest,
    /// The position that the answer must not be behind: the one of a receipt, so that a caller sees its own
    /// write.
    pub at_least: Option<Position>,
    /// Whether the answer says too how many rows satisfy the criteria, on all pages.
    pub is_counted: bool,
}

impl<V: View> Query<V> {
    /// The first page of the rows that satisfy the criteria, by id.
    #[must_use]
    pub fn new(criteria: Specification<V>) -> Self {
        Self {
            criteria,
            sort: Sort::by_id(),
            page: PageRequest::default(),
            at_least: None,
            is_counted: false,
        }
    }

    /// In this order.
    #[must_use]
    pub fn sort(self, sort: Sort<V>) -> Self {
        Self { sort, ..self }
    }

    /// This page of it.
    #[must_use]
    pub fn page(self, page: PageRequest) -> Self {
        Self { page, ..self }
    }

    /// Not from before this position.
    #[must_use]
    pub fn at_least(self, position: Position) -> Self {
        Self { at_least: Some(position), ..self }
    }

    /// With the number of all rows that satisfy the criteria, in [`Page::count`](super::Page::count).
    #[must_use]
    pub fn counted(self) -> Self {
        Self { is_counted: true, ..self }
    }

    /// Everything that an adapter needs to answer, checked before any I/O.
    ///
    /// # Errors
    /// [`Error::Invalid`](crate::Error::Invalid) for criteria past their bounds, and for a cursor that is
    /// damaged or of another filter or sort.
    pub fn checked(&self) -> Result<CheckedQuery<'_>> {
        let tree = self.criteria.tree()?;
        let keys = self.sort.keys()?;
        let order = format!("{}\n{}", V::NAME, self.sort);
        let mut query = CheckedQuery { tree, keys, after: None, rows: self.page.size.rows(), order };
        if let Some(cursor) = &self.page.after {
            query.after = Some(cursor.open(query.fingerprint(), &query.keys)?);
        }
        Ok(query)
    }
}

impl<V: View> Default for Query<V> {
    fn default() -> Self {
        Self::new(Specification::everything())
    }
}

impl<V> Clone for Query<V> {
    fn clone(&self) -> Self {
        Self {
            criteria: self.criteria.clone(),
            sort: self.sort.clone(),
            page: self.page.clone(),
            at_least: self.at_least,
            is_counted: self.is_counted,
        }
    }
}

/// A query of which nothing can be wrong any more.
#[derive(Debug, Clone)]
pub struct CheckedQuery<'a> {
    /// Which rows.
    pub tree: &'a Node,
    /// What they are compared by, one after another; the last is the id.
    pub keys: Vec<SortKey>,
    /// The values of the row that the page begins behind, one for each key.
    pub after: Option<Vec<Value>>,
    /// How many rows at the most; `None` for every row.
    pub rows: Option<usize>,
    /// The view and its order, as a text.
    order: String,
}

impl CheckedQuery<'_> {
    /// The order of two rows.
    #[must_use]
    pub fn order<V: View>(&self, left: &V, right: &V) -> Ordering {
        let mut keys = self.keys.iter().map(|key| key.order(key.path.read(left), key.path.read(right)));
        keys.find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
    }

    /// Whether the row comes behind the place where the page begins.
    #[must_use]
    pub fn is_behind_start<V: View>(&self, row: &V) -> bool {
        let Some(after) = &self.after else { return true };
        let mut keys =
            self.keys.iter().zip(after).map(|(key, value)| key.order(key.path.read(row), value.borrowed()));
        keys.find(|order| order.is_ne()) == Some(Ordering::Greater)
    }

    /// The place behind this row.
    #[must_use]
    pub fn cursor_behind<V: View>(&self, row: &V) -> Cursor {
        let values: Vec<_> = self
            .keys
            .iter()
            // Every sort key is a scalar, and every scalar is a value.
            .map(|key| key.path.read(row).owned().unwrap_or(Value::Null))
            .collect();
        Cursor::seal(self.fingerprint(), &values)
    }

    /// What tells this query's cursors apart. Most answers need none, and to print the criteria takes as long as to find
    /// a row by them.
    fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(format!("{}\n{}", self.order, self.tree).as_bytes())
    }
}
