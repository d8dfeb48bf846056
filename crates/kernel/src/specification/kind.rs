//! From Rust types to kinds of fields: what makes a comparison with the wrong type fail to compile.

use std::marker::PhantomData;
use std::sync::Arc;

use uuid::Uuid;

use super::candidate::{Candidate, Elements, Scalars};
use super::decimal::Decimal;
use super::field::Type;
use super::value::{Value, ValueRef};
use crate::{Currency, Id, Money, Timestamp};

/// A kind of field, at compile time; [`Type`] is the same at run time.
pub trait Kind: 'static {
    /// The same at run time.
    const TYPE: Type;

    /// The kind that its values are [operands](Operand) of; itself but for [`Searchable`].
    type Base: Kind;
}

/// A kind whose values compare.
pub trait ScalarKind: Kind {}

/// A kind whose values are text.
pub trait TextKind: ScalarKind {}

macro_rules! kinds {
    ($($(#[$meta:meta])* $name:ident $(<$parameter:ident: $bound:ident>)? = $type:expr, [$($marker:ident)*];)+) => {$(
        $(#[$meta])*
        #[derive(Debug)]
        pub struct $name$(<$parameter>(PhantomData<fn() -> $parameter>))?;

        impl$(<$parameter: $bound + 'static>)? Kind for $name$(<$parameter>)? {
            const TYPE: Type = $type;
            type Base = Self;
        }

        kinds!(@markers $name $(<$parameter: $bound>)? [$($marker)*]);
    )+};
    (@markers $name:ident [$($marker:ident)*]) => { $(impl $marker for $name {})* };
    (@markers $name:ident <$parameter:ident: $bound:ident> []) => {};
    (@markers $name:ident <$parameter:ident: $bound:ident> [$first:ident $($marker:ident)*]) => {
        impl<$parameter: $bound + 'static> $first for $name<$parameter> {}
        kinds!(@markers $name <$parameter: $bound> [$($marker)*]);
    };
}

kinds! {
    /// True or false.
    Boolean = Type::Boolean, [ScalarKind];
    /// Whole numbers.
    Integer = Type::Integer, [ScalarKind];
    /// Exact decimal numbers.
    Number = Type::Decimal, [ScalarKind];
    /// Text.
    Text = Type::Text, [ScalarKind TextKind];
    /// Points in time.
    Time = Type::Time, [ScalarKind];
    /// Amounts of money.
    Cash = Type::Money, [ScalarKind];
    /// Ids of one kind of thing.
    Identity<I: Id> = Type::Uuid, [ScalarKind];
    /// UUIDs of nothing in particular.
    AnyIdentity = Type::Uuid, [ScalarKind];
    /// The values of an enum.
    Choice<E: Enumeration> = Type::Enum(E::NAMES), [ScalarKind TextKind];
    /// Collections of candidates.
    Many<E: Candidate> = Type::Elements(E::schema), [];
    /// Collections of plain values.
    ListOf<K: Kind> = Type::Scalars(&K::TYPE), [];
    /// Objects that are there or not.
    Presence = Type::Object, [];
}

/// A kind whose fields answer `search` too.
#[derive(Debug)]
pub struct Searchable<K>(PhantomData<fn() -> K>);

impl Kind for Searchable<Text> {
    const TYPE: Type = Type::Text;
    type Base = Text;
}

impl ScalarKind for Searchable<Text> {}
impl TextKind for Searchable<Text> {}

/// An enum whose values have stable names. Implemented by [`enumeration!`](crate::enumeration).
pub trait Enumeration: Copy + Send + Sync + 'static {
    /// All names, in the order of declaration.
    const NAMES: &'static [&'static str];

    /// The name of this value.
    fn name(self) -> &'static str;

    /// The value with this name.
    fn named(name: &str) -> Option<Self>;
}

/// Gives the values of an enum their stable names, and makes it a type that fields can have.
///
/// ```
/// #[derive(Clone, Copy)]
/// pub enum Colour { Red, Green }
/// portolan_kernel::enumeration!(Colour { Red = "red", Green = "green" });
/// assert_eq!(portolan_kernel::Enumeration::name(Colour::Green), "green");
/// ```
#[macro_export]
macro_rules! enumeration {
    ($name:ident { $($variant:ident = $text:literal),+ $(,)? }) => {
        impl $crate::specification::Enumeration for $name {
            const NAMES: &'static [&'static str] = &[$($text),+];

            fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $text),+
                }
            }

            fn named(name: &str) -> Option<Self> {
                match name {
                    $($text => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }

        impl $crate::specification::FieldType for $name {
            type Kind = $crate::specification::Choice<Self>;

            fn value(&self) -> $crate::specification::ValueRef<'_> {
                $crate::specification::ValueRef::Text($crate::specification::Enumeration::name(*self))
            }
        }
    };
}

/// A Rust type that a candidate's field can have.
#[diagnostic::on_unimplemented(
    message = "a candidate's field cannot have the type `{Self}`",
    note = "fields are bool, i64, Decimal, text, ids, `Timestamp`, `Money`, enums (`enumeration!`), an `Option` of these, and `Vec`s of candidates (`candidate!`)"
)]
pub trait FieldType {
    /// The kind of its values.
    type Kind: Kind;

    /// Whether it may hold nothing.
    const NULLABLE: bool = false;

    /// What it holds.
    fn value(&self) -> ValueRef<'_>;
}

macro_rules! field_types {
    ($($type:ty: $kind:ty = |$value:ident| $read:expr;)+) => {$(
        impl FieldType for $type {
            type Kind = $kind;

            #[inline]
            fn value(&self) -> ValueRef<'_> {
                let $value = self;
                $read
            }
        }
    )+};
}

field_types! {
    bool: Boolean = |value| ValueRef::Boolean(*value);
    i64: Integer = |value| ValueRef::Integer(*value);
    i32: Integer = |value| ValueRef::Integer(i64::from(*value));
    u32: Integer = |value| ValueRef::Integer(i64::from(*value));
    Decimal: Number = |value| ValueRef::Decimal(*value);
    str: Text = |value| ValueRef::Text(value);
    String: Text = |value| ValueRef::Text(value);
    Box<str>: Text = |value| ValueRef::Text(value);
    Arc<str>: Text = |value| ValueRef::Text(value);
    Uuid: AnyIdentity = |value| ValueRef::Uuid(*value);
    Timestamp: Time = |value| ValueRef::Time(*value);
    Money: Cash = |value| ValueRef::Money(*value);
    Embedded: Presence = |_value| ValueRef::Object;
    Vec<String>: ListOf<Text> = |value| ValueRef::Scalars(value);
    Vec<Box<str>>: ListOf<Text> = |value| ValueRef::Scalars(value);
    Vec<Arc<str>>: ListOf<Text> = |value| ValueRef::Scalars(value);
    Vec<i64>: ListOf<Integer> = |value| ValueRef::Scalars(value);
    Vec<Uuid>: ListOf<AnyIdentity> = |value| ValueRef::Scalars(value);
}

impl<I: Id> FieldType for I {
    type Kind = Identity<I>;

    #[inline]
    fn value(&self) -> ValueRef<'_> {
        ValueRef::Uuid(self.uuid())
    }
}

impl<T: FieldType> FieldType for Option<T> {
    type Kind = T::Kind;
    const NULLABLE: bool = true;

    #[inline]
    fn value(&self) -> ValueRef<'_> {
        self.as_ref().map_or(ValueRef::Null, T::value)
    }
}

/// That an embedded object is there: the type of a field that answers `is null`, beside the fields of its parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Embedded;

macro_rules! elements {
    ($($collection:ty),+) => {$(
        impl<E: Candidate> FieldType for $collection {
            type Kind = Many<E>;

            #[inline]
            fn value(&self) -> ValueRef<'_> {
                ValueRef::Elements(self)
            }
        }

        impl<E: Candidate> Elements for $collection {
            fn len(&self) -> usize {
                let elements: &[E] = self.as_ref();
                elements.len()
            }

            #[inline]
            fn get(&self, index: usize) -> Option<&dyn Candidate> {
                let elements: &[E] = self.as_ref();
                elements.get(index).map(|element| element as &dyn Candidate)
            }
        }
    )+};
}

elements!(Vec<E>, Box<[E]>, Arc<[E]>);

impl<T: FieldType + Send + Sync> Scalars for Vec<T> {
    fn len(&self) -> usize {
        self.len()
    }

    fn get(&self, index: usize) -> ValueRef<'_> {
        self.as_slice().get(index).map_or(ValueRef::Null, T::value)
    }
}

/// What a computed field may come as: the value itself, or borrowed from the candidate.
pub trait Computed<'a> {
    /// The kind that the field must be declared with.
    type Kind: Kind;

    /// As the candidate shows it.
    fn into_value(self) -> ValueRef<'a>;
}

macro_rules! computed {
    ($($type:ty: $kind:ty = |$value:ident| $read:expr;)+) => {$(
        impl<'a> Computed<'a> for $type {
            type Kind = $kind;

            #[inline]
            fn into_value(self) -> ValueRef<'a> {
                let $value = self;
                $read
            }
        }
    )+};
}

computed! {
    bool: Boolean = |value| ValueRef::Boolean(value);
    i64: Integer = |value| ValueRef::Integer(value);
    Decimal: Number = |value| ValueRef::Decimal(value);
    &'a str: Text = |value| ValueRef::Text(value);
    Uuid: AnyIdentity = |value| ValueRef::Uuid(value);
    Timestamp: Time = |value| ValueRef::Time(value);
    Money: Cash = |value| ValueRef::Money(value);
    Embedded: Presence = |_value| ValueRef::Object;
}

impl<'a, I: Id> Computed<'a> for I {
    type Kind = Identity<I>;

    #[inline]
    fn into_value(self) -> ValueRef<'a> {
        ValueRef::Uuid(self.uuid())
    }
}

impl<'a, T: Computed<'a>> Computed<'a> for Option<T> {
    type Kind = T::Kind;

    #[inline]
    fn into_value(self) -> ValueRef<'a> {
        self.map_or(ValueRef::Null, T::into_value)
    }
}

impl<'a, E: Candidate> Computed<'a> for &'a Vec<E> {
    type Kind = Many<E>;

    #[inline]
    fn into_value(self) -> ValueRef<'a> {
        ValueRef::Elements(self)
    }
}

/// The value of a computed field, of the kind that its declared type `T` has.
#[inline]
pub fn computed<'a, T, C, V>(candidate: &'a C, compute: impl FnOnce(&'a C) -> V) -> ValueRef<'a>
where
    T: FieldType + ?Sized,
    V: Computed<'a, Kind = T::Kind>,
{
    compute(candidate).into_value()
}

/// What a field of kind `K` can be compared with. `None` stands for null.
#[diagnostic::on_unimplemented(
    message = "a field of kind `{K}` cannot be compared with `{Self}`",
    label = "this is not a value of `{K}`",
    note = "a specification compares a field only with values of its own type"
)]
pub trait Operand<K: Kind> {
    /// The value, for keeps.
    fn into_value(self) -> Value;
}

macro_rules! operands {
    ($($type:ty: $kind:ty = |$value:ident| $make:expr;)+) => {$(
        impl Operand<$kind> for $type {
            fn into_value(self) -> Value {
                let $value = self;
                $make
            }
        }
    )+};
}

operands! {
    bool: Boolean = |value| Value::Boolean(value);
    i64: Integer = |value| Value::Integer(value);
    Decimal: Number = |value| Value::Decimal(value);
    &str: Text = |value| Value::Text(value.into());
    String: Text = |value| Value::Text(value.into());
    Arc<str>: Text = |value| Value::Text(value);
    Currency: Text = |value| Value::Text(value.code().into());
    Uuid: AnyIdentity = |value| Value::Uuid(value);
    Timestamp: Time = |value| Value::Time(value);
    Money: Cash = |value| Value::Money(value);
}

impl<I: Id> Operand<Identity<I>> for I {
    fn into_value(self) -> Value {
        Value::Uuid(self.uuid())
    }
}

impl<E: Enumeration> Operand<Choice<E>> for E {
    fn into_value(self) -> Value {
        Value::Text(self.name().into())
    }
}

impl<K: Kind, T: Operand<K>> Operand<K> for Option<T> {
    fn into_value(self) -> Value {
        self.map_or(Value::Null, T::into_value)
    }
}
