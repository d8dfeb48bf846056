//! What a column can hold, and how a field becomes one.

use std::borrow::Cow;
use std::sync::Arc;

use portolan_kernel::{Currency, Id, Timestamp, Version};
use uuid::Uuid;

use crate::DbUuid;

/// What kind of value a column holds; each engine has its own type for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A whole number of 64 bits.
    Integer,
    /// Text, compared by code point.
    Text,
    /// An id, in the engine's best form.
    Uuid,
}

/// The value of a column on its way to or from an engine.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Value<'a> {
    /// None.
    Null,
    /// A whole number.
    Integer(i64),
    /// Text.
    Text(Cow<'a, str>),
    /// An id.
    Uuid(DbUuid),
}

/// A field that is kept in one column. `Marker` only keeps the implementations for ids, for options and for all other
/// types apart; it is never named.
///
/// A type of words, such as a status, gets it by [`word_column!`](crate::word_column).
pub trait Column<Marker = Plain>: Sized {
    /// What the column holds.
    const KIND: Kind;
    /// Whether it may be empty.
    const NULLABLE: bool = false;

    /// The field as a value of that kind.
    fn value(&self) -> Value<'_>;

    /// The field again; `None` for a value that [`value`](Self::value) never gave.
    fn read(value: Value<'_>) -> Option<Self>;
}

/// Marks types that name their column themselves.
#[derive(Debug)]
pub enum Plain {}

/// Marks ids.
#[derive(Debug)]
pub enum AnId {}

/// Marks options.
#[derive(Debug)]
pub struct Maybe<Marker>(Marker);

impl<I: Id> Column<AnId> for I {
    const KIND: Kind = Kind::Uuid;

    fn value(&self) -> Value<'_> {
        Value::Uuid(DbUuid(self.uuid()))
    }

    fn read(value: Value<'_>) -> Option<Self> {
        Uuid::read(value).map(I::from_uuid)
    }
}

impl<Marker, T: Column<Marker>> Column<Maybe<Marker>> for Option<T> {
    const KIND: Kind = T::KIND;
    const NULLABLE: bool = true;

    fn value(&self) -> Value<'_> {
        self.as_ref().map_or(Value::Null, T::value)
    }

    fn read(value: Value<'_>) -> Option<Self> {
        match value {
            Value::Null => Some(None),
            value => T::read(value).map(Some),
        }
    }
}

impl Column for Uuid {
    const KIND: Kind = Kind::Uuid;

    fn value(&self) -> Value<'_> {
        Value::Uuid(DbUuid(*self))
    }

    fn read(value: Value<'_>) -> Option<Self> {
        match value {
            Value::Uuid(id) => Some(id.0),
            _ => None,
        }
    }
}

/// Numbers that fit, or are kept by their bits.
macro_rules! integers {
    ($($type:ty: $write:expr, $read:expr;)+) => {$(
        impl Column for $type {
            const KIND: Kind = Kind::Integer;

            fn value(&self) -> Value<'_> {
                let write: fn($type) -> i64 = $write;
                Value::Integer(write(*self))
            }

            fn read(value: Value<'_>) -> Option<Self> {
                let read: fn(i64) -> Option<$type> = $read;
                match value {
                    Value::Integer(number) => read(number),
                    _ => None,
                }
            }
        }
    )+};
}

integers! {
    i64: |number| number, Some;
    // The order of numbers beyond the half is lost in the column, the number itself is not.
    u64: u64::cast_signed, |number| Some(number.cast_unsigned());
    u32: i64::from, |number| number.try_into().ok();
    bool: i64::from, |number| (0..=1).contains(&number).then_some(number == 1);
    Timestamp: Timestamp::as_micros, |micros| Some(Timestamp::from_micros(micros));
    Version: |version| version.get().cast_signed(), |number| Some(Version(number.cast_unsigned()));
}

impl Column for String {
    const KIND: Kind = Kind::Text;

    fn value(&self) -> Value<'_> {
        Value::Text(Cow::Borrowed(self))
    }

    fn read(value: Value<'_>) -> Option<Self> {
        match value {
            Value::Text(text) => Some(text.into_owned()),
            _ => None,
        }
    }
}

impl Column for Arc<str> {
    const KIND: Kind = Kind::Text;

    fn value(&self) -> Value<'_> {
        Value::Text(Cow::Borrowed(self))
    }

    fn read(value: Value<'_>) -> Option<Self> {
        match value {
            Value::Text(text) => Some(text.into()),
            _ => None,
        }
    }
}

impl Column for Currency {
    const KIND: Kind = Kind::Text;

    fn value(&self) -> Value<'_> {
        Value::Text(Cow::Borrowed(self.code()))
    }

    fn read(value: Value<'_>) -> Option<Self> {
        match value {
            Value::Text(code) => code.parse().ok(),
            _ => None,
        }
    }
}

/// Keeps types of a few words in columns of text: those that have `as_str` and `FromStr`.
///
/// ```
/// # use std::str::FromStr;
/// #[derive(Debug, PartialEq)]
/// enum Light { On, Off }
///
/// impl Light {
///     fn as_str(&self) -> &'static str {
///         match self { Self::On => "on", Self::Off => "off" }
///     }
/// }
///
/// impl FromStr for Light {
///     type Err = ();
///     fn from_str(word: &str) -> Result<Self, ()> {
///         match word { "on" => Ok(Self::On), "off" => Ok(Self::Off), _ => Err(()) }
///     }
/// }
///
/// portolan_diesel::word_column!(Light);
///
/// use portolan_diesel::rows::Column as _;
/// assert_eq!(Light::read(Light::On.value()), Some(Light::On));
/// ```
#[macro_export]
macro_rules! word_column {
    ($($type:ty),+ $(,)?) => {$(
        impl $crate::rows::Column for $type {
            const KIND: $crate::rows::Kind = $crate::rows::Kind::Text;

            fn value(&self) -> $crate::rows::Value<'_> {
                $crate::rows::Value::Text(::std::borrow::Cow::Borrowed(self.as_str()))
            }

            fn read(value: $crate::rows::Value<'_>) -> ::std::option::Option<Self> {
                match value {
                    $crate::rows::Value::Text(word) => word.parse().ok(),
                    _ => ::std::option::Option::None,
                }
            }
        }
    )+};
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_back<M, T: Column<M> + PartialEq + std::fmt::Debug>(fields: impl IntoIterator<Item = T>) {
        for field in fields {
            assert_eq!(T::read(field.value()).as_ref(), Some(&field));
        }
    }

    #[test]
    fn every_field_comes_back_from_its_column() {
        read_back([i64::MIN, -1, 0, i64::MAX]);
        read_back([0, u64::MAX]);
        read_back([0, u32::MAX]);
        read_back([true, false]);
        read_back([None, Some("a".to_owned())]);
        read_back([Timestamp::from_micros(-7)]);
        read_back([Version(7)]);
        read_back([Uuid::from_u128(7)]);
        read_back(["EUR".parse::<Currency>().unwrap()]);
    }

    #[test]
    fn what_no_field_gave_is_not_read() {
        assert_eq!(u32::read(Value::Integer(-1)), None);
        assert_eq!(bool::read(Value::Integer(2)), None);
        assert_eq!(i64::read(Value::Null), None);
        assert_eq!(Currency::read(Value::Text("no currency".into())), None);
        assert_eq!(String::read(Value::Integer(1)), None);
    }
}
