//! Values: what a specification compares with, and what a row shows of a field.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use uuid::Uuid;

use super::candidate::{Elements, Scalars};
use super::decimal::Decimal;
use crate::{Money, Timestamp};

/// A value that a specification holds. It travels to a store as a bound parameter, never inside a query's text.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Value {
    /// Nothing.
    Null,
    /// True or false.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// An exact decimal number.
    Decimal(Decimal),
    /// A text; also the name of an enum's value.
    Text(Arc<str>),
    /// An id.
    Uuid(Uuid),
    /// A point in time.
    Time(Timestamp),
    /// Minor units of a currency.
    Money(Money),
}

impl Value {
    /// The same value, borrowed.
    #[must_use]
    pub fn borrowed(&self) -> ValueRef<'_> {
        match self {
            Self::Null => ValueRef::Null,
            Self::Boolean(value) => ValueRef::Boolean(*value),
            Self::Integer(value) => ValueRef::Integer(*value),
            Self::Decimal(value) => ValueRef::Decimal(*value),
            Self::Text(value) => ValueRef::Text(value),
            Self::Uuid(value) => ValueRef::Uuid(*value),
            Self::Time(value) => ValueRef::Time(*value),
            Self::Money(value) => ValueRef::Money(*value),
        }
    }
}

impl fmt::Display for Value {
    /// The value as it stands in the text form, apart from the quotes around what needs them.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => formatter.write_str("null"),
            Self::Boolean(value) => fmt::Display::fmt(value, formatter),
            Self::Integer(value) => fmt::Display::fmt(value, formatter),
            Self::Decimal(value) => fmt::Display::fmt(value, formatter),
            Self::Text(value) => formatter.write_str(value),
            Self::Uuid(value) => fmt::Display::fmt(value, formatter),
            Self::Time(value) => fmt::Display::fmt(value, formatter),
            Self::Money(value) => fmt::Display::fmt(value, formatter),
        }
    }
}

/// What a row shows of a field: borrowed from the row, so that looking costs no allocation.
#[derive(Clone, Copy)]
pub enum ValueRef<'a> {
    /// Nothing.
    Null,
    /// True or false.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// An exact decimal number.
    Decimal(Decimal),
    /// A text; also the name of an enum's value.
    Text(&'a str),
    /// An id.
    Uuid(Uuid),
    /// A point in time.
    Time(Timestamp),
    /// Minor units of a currency.
    Money(Money),
    /// A collection of plain values.
    Scalars(&'a dyn Scalars),
    /// A collection of candidates of their own.
    Elements(&'a dyn Elements),
    /// An embedded object, of which only its presence is seen here; its parts are fields of their own.
    Object,
}

impl ValueRef<'_> {
    /// Whether this is nothing.
    #[must_use]
    pub const fn is_null(self) -> bool {
        matches!(self, Self::Null)
    }

    /// The value for keeps; `None` for collections and objects, which are no values.
    #[must_use]
    pub fn owned(self) -> Option<Value> {
        Some(match self {
            Self::Null => Value::Null,
            Self::Boolean(value) => Value::Boolean(value),
            Self::Integer(value) => Value::Integer(value),
            Self::Decimal(value) => Value::Decimal(value),
            Self::Text(value) => Value::Text(value.into()),
            Self::Uuid(value) => Value::Uuid(value),
            Self::Time(value) => Value::Time(value),
            Self::Money(value) => Value::Money(value),
            Self::Scalars(_) | Self::Elements(_) | Self::Object => return None,
        })
    }

    /// How two values of one type compare: text by code point, money only within a currency. `None` where
    /// either is null, and across currencies and types.
    #[must_use]
    #[inline]
    pub fn compare(self, other: ValueRef<'_>) -> Option<Ordering> {
        match (self, other) {
            (Self::Boolean(left), ValueRef::Boolean(right)) => Some(left.cmp(&right)),
            (Self::Integer(left), ValueRef::Integer(right)) => Some(left.cmp(&right)),
            (Self::Decimal(left), ValueRef::Decimal(right)) => Some(left.cmp(&right)),
            // The order of UTF-8 bytes is the order of code points.
            (Self::Text(left), ValueRef::Text(right)) => Some(left.cmp(right)),
            (Self::Uuid(left), ValueRef::Uuid(right)) => Some(left.cmp(&right)),
            (Self::Time(left), ValueRef::Time(right)) => Some(left.cmp(&right)),
            (Self::Money(left), ValueRef::Money(right)) => left.partial_cmp(&right),
            _ => None,
        }
    }

    /// Whether two values are the same, null included; never across types.
    #[must_use]
    #[inline]
    pub fn same(self, other: ValueRef<'_>) -> bool {
        match (self, other) {
            (Self::Null, ValueRef::Null) => true,
            (Self::Text(left), ValueRef::Text(right)) => left == right,
            (Self::Uuid(left), ValueRef::Uuid(right)) => left == right,
            _ => self.compare(other) == Some(Ordering::Equal),
        }
    }

    /// A total order for sorting and searching: values of one type as they compare, money by currency and then
    /// amount, types among themselves in the order of their declaration here, null last.
    #[must_use]
    pub fn total_order(self, other: ValueRef<'_>) -> Ordering {
        match (self, other) {
            (Self::Money(left), ValueRef::Money(right)) => {
                left.currency.cmp(&right.currency).then(left.amount.cmp(&right.amount))
            }
            _ => self.compare(other).unwrap_or_else(|| self.rank().cmp(&other.rank())),
        }
    }

    const fn rank(self) -> u8 {
        match self {
            Self::Boolean(_) => 0,
            Self::Integer(_) => 1,
            Self::Decimal(_) => 2,
            Self::Text(_) => 3,
            Self::Uuid(_) => 4,
            Self::Time(_) => 5,
            Self::Money(_) => 6,
            Self::Scalars(_) => 7,
            Self::Elements(_) => 8,
            Self::Object => 9,
            Self::Null => 10,
        }
    }
}

impl fmt::Debug for ValueRef<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scalars(values) => {
                formatter.debug_list().entries((0..values.len()).map(|index| values.get(index))).finish()
            }
            Self::Elements(elements) => write!(formatter, "[{} elements]", elements.len()),
            Self::Object => formatter.write_str("{..}"),
            scalar => match scalar.owned() {
                Some(value) => fmt::Debug::fmt(&value, formatter),
                None => formatter.write_str("null"),
            },
        }
    }
}
