//! The order of rows: by declared, sortable fields; the id decides between equals.

use std::cmp::Ordering;
use std::fmt;
use std::marker::PhantomData;

use super::view::View;
use crate::specification::{Path, Type, TypedField, ValueRef};
use crate::{Error, Result};

/// The most fields that one sort names.
const MAX_FIELDS: usize = 8;

/// Which way a field is sorted. Null is last in both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// The smallest first.
    Ascending,
    /// The largest first.
    Descending,
}

/// One field that rows are sorted by.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SortKey {
    /// Which field.
    pub path: Path,
    /// Which way.
    pub direction: Direction,
}

impl SortKey {
    /// The order of two values under this key: null last whichever the direction.
    #[must_use]
    #[inline]
    pub fn order(self, left: ValueRef<'_>, right: ValueRef<'_>) -> Ordering {
        match (self.direction, left.is_null() || right.is_null()) {
            (Direction::Descending, false) => right.total_order(left),
            _ => left.total_order(right),
        }
    }
}

impl fmt::Display for SortKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = match self.direction {
            Direction::Ascending => "",
            Direction::Descending => "-",
        };
        write!(formatter, "{sign}{}", self.path)
    }
}

/// The order of the rows of `V`: by the named fields, and where these are equal by id.
pub struct Sort<V> {
    named: Vec<SortKey>,
    view: PhantomData<fn(&V)>,
}

impl<V: View> Sort<V> {
    /// In the order of the ids.
    #[must_use]
    pub const fn by_id() -> Self {
        Self { named: Vec::new(), view: PhantomData }
    }

    /// By this field, then by id.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a field that is not sortable.
    pub fn by<K>(field: TypedField<V, K>, direction: Direction) -> Result<Self> {
        Self::by_id().then(field, direction)
    }

    /// Where rows are equal so far, by this field.
    ///
    /// # Errors
    /// As [`by`](Self::by); also for a field that is there already, or one too many.
    pub fn then<K>(self, field: TypedField<V, K>, direction: Direction) -> Result<Self> {
        self.with(SortKey { path: field.path(), direction })
    }

    /// The order that a text like `-price.amount,title` names: `-` for the largest first.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a name that is not a field, with the close ones or else all; for a field that is not
    /// sortable, is named twice, or is one too many.
    pub fn parse(text: &str) -> Result<Self> {
        text.split(',').try_fold(Self::by_id(), |sort, part| {
            let part = part.trim();
            let (name, direction) = match part.strip_prefix('-') {
                Some(name) => (name, Direction::Descending),
                None => (part, Direction::Ascending),
            };
            if name.is_empty() {
                return Err(Error::Invalid("a sort names fields, like `-price.amount,title`".to_owned()));
            }
            let path = V::schema().path(name).map_err(|unknown| match unknown.close.is_empty() {
                true => Error::Invalid(format!("{unknown}; {}", sortable::<V>())),
                false => unknown.into(),
            })?;
            sort.with(SortKey { path, direction })
        })
    }

    /// What rows are compared by, one after another; the last is the id, so that no two rows are equal.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for a view that declares no field `id`.
    pub fn keys(&self) -> Result<Vec<SortKey>> {
        let id = V::schema().field("id").ok_or_else(|| {
            Error::Unsupported(format!("the view `{}` declares no field `id` to sort by", V::NAME))
        })?;
        // Behind the id nothing is left to decide.
        let named = self.named.iter().take_while(|key| key.path != id.whole()).copied();
        let direction = self.named.iter().find(|key| key.path == id.whole()).map(|key| key.direction);
        let last = SortKey { path: id.whole(), direction: direction.unwrap_or(Direction::Ascending) };
        Ok(named.chain([last]).collect())
    }

    fn with(mut self, key: SortKey) -> Result<Self> {
        let SortKey { path, .. } = key;
        match path.value_type() {
            Type::Money if path.field.sortable => {
                return Err(Error::Invalid(format!("`{path}` is money; sort by `{path}.amount`")));
            }
            value_type if !path.field.sortable || !value_type.is_scalar() => {
                return Err(Error::Invalid(format!("`{path}` is not sortable; {}", sortable::<V>())));
            }
            _ => {}
        }
        if self.named.iter().any(|named| named.path == path) {
            return Err(Error::Invalid(format!("`{path}` is named twice in one sort")));
        }
        if self.named.len() == MAX_FIELDS {
            return Err(Error::Invalid(format!("a sort names at most {MAX_FIELDS} fields")));
        }
        self.named.push(key);
        Ok(self)
    }
}

/// The fields that rows of `V` may be sorted by, in words.
fn sortable<V: View>() -> String {
    let names: Vec<_> = V::schema()
        .paths()
        .filter(|path| {
            path.field.sortable && path.value_type().is_scalar() && path.value_type() != Type::Money
        })
        .map(|path| path.to_string())
        .collect();
    format!("sort by {}", names.join(", "))
}

impl<V: View> Default for Sort<V> {
    fn default() -> Self {
        Self::by_id()
    }
}

impl<V> Clone for Sort<V> {
    fn clone(&self) -> Self {
        Self { named: self.named.clone(), view: PhantomData }
    }
}

impl<V> PartialEq for Sort<V> {
    fn eq(&self, other: &Self) -> bool {
        self.named == other.named
    }
}

impl<V> fmt::Display for Sort<V> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, key) in self.named.iter().enumerate() {
            let comma = if place > 0 { "," } else { "" };
            write!(formatter, "{comma}{key}")?;
        }
        Ok(())
    }
}

impl<V> fmt::Debug for Sort<V> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}
