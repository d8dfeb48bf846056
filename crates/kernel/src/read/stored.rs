//! Views that a store keeps by their declared fields, and makes rows of again.

use std::sync::Arc;

use uuid::Uuid;

use super::view::View;
use crate::specification::{
    AnyIdentity, Boolean, Candidate, Cash, Choice, Decimal, Embedded, Enumeration, Field, Identity, Integer,
    Kind, ListOf, Many, Number, Presence, Text, Time, TypedField, Value, ValueRef,
};
use crate::{Currency, Error, Id, Money, Result, Timestamp};

/// A view whose rows can be made again from the values of their declared fields: what a store needs that keeps a view
/// outside of memory.
///
/// ```
/// use portolan_kernel::specification::Value;
/// use portolan_kernel::{Result, StoredRow, StoredView, View, candidate};
///
/// #[derive(Debug, Clone, PartialEq)]
/// pub struct Parcel {
///     pub id: uuid::Uuid,
///     pub label: Option<String>,
///     pub stops: Vec<Stop>,
/// }
///
/// #[derive(Debug, Clone, PartialEq)]
/// pub struct Stop {
///     pub city: String,
/// }
///
/// candidate! {
///     /// The fields of a [`Parcel`].
///     pub mod fields: Parcel { id: uuid::Uuid [sortable], label: Option<String> [], stops: Vec<Stop> [] }
/// }
/// candidate! {
///     /// The fields of a [`Stop`].
///     pub mod stop_fields: Stop { city: String [] }
/// }
///
/// impl View for Parcel {
///     const NAME: &'static str = "parcels";
///     type Id = uuid::Uuid;
///     fn id(&self) -> uuid::Uuid { self.id }
/// }
///
/// impl StoredView for Parcel {
///     fn stored_id(id: &uuid::Uuid) -> Value { Value::Uuid(*id) }
///
///     fn restore(row: &mut dyn StoredRow) -> Result<Self> {
///         Ok(Self {
///             id: row.take(fields::id())?,
///             label: row.take(fields::label())?,
///             stops: row.take_each(fields::stops(), |stop| Ok(Stop { city: stop.take(stop_fields::city())? }))?,
///         })
///     }
/// }
/// # fn main() {}
/// ```
pub trait StoredView: View {
    /// The value that the field `id` of the row with this id has.
    fn stored_id(id: &Self::Id) -> Value;

    /// The row with these values: equal to the one that was kept.
    ///
    /// # Errors
    /// Those of [`StoredRow`].
    fn restore(row: &mut dyn StoredRow) -> Result<Self>;
}

/// The values of one row, or of an element of one of its collections, as a store has kept them. Each is taken by its typed
/// handle, soonest where they are taken in the order of their declaration.
///
/// # Errors
/// All methods answer [`Error::Unavailable`] for a value that is not there, or not of its field's type.
pub trait StoredRow {
    /// The value of this field, where it is no collection.
    fn give(&mut self, field: &'static Field) -> Result<ValueRef<'_>>;

    /// Hands over each value of a collection of plain values, in order.
    fn give_scalars(
        &mut self,
        field: &'static Field,
        take: &mut dyn FnMut(ValueRef<'_>) -> Result<()>,
    ) -> Result<()>;

    /// Hands over each element of a collection, in order.
    fn give_elements(
        &mut self,
        field: &'static Field,
        take: &mut dyn FnMut(&mut dyn StoredRow) -> Result<()>,
    ) -> Result<()>;
}

impl dyn StoredRow + '_ {
    /// The value of this field.
    ///
    /// # Errors
    /// Those of [`StoredRow`].
    pub fn take<C, K: Kind, T: Restored<K::Base>>(&mut self, field: TypedField<C, K>) -> Result<T> {
        let field = field.path().field;
        restored(field, self.give(field)?)
    }

    /// A collection of plain values.
    ///
    /// # Errors
    /// Those of [`StoredRow`].
    pub fn take_list<C, K: Kind, T: Restored<K>>(
        &mut self,
        collection: TypedField<C, ListOf<K>>,
    ) -> Result<Vec<T>> {
        let field = collection.path().field;
        let mut values = Vec::new();
        self.give_scalars(field, &mut |value| {
            values.push(restored(field, value)?);
            Ok(())
        })?;
        Ok(values)
    }

    /// A collection of elements, each made by `restore`.
    ///
    /// # Errors
    /// Those of [`StoredRow`], and of `restore`.
    pub fn take_each<C, E: Candidate, T>(
        &mut self,
        collection: TypedField<C, Many<E>>,
        mut restore: impl FnMut(&mut dyn StoredRow) -> Result<T>,
    ) -> Result<Vec<T>> {
        let mut elements = Vec::new();
        self.give_elements(collection.path().field, &mut |element| {
            elements.push(restore(element)?);
            Ok(())
        })?;
        Ok(elements)
    }
}

fn restored<K, T: Restored<K>>(field: &Field, value: ValueRef<'_>) -> Result<T> {
    T::restored(value).ok_or_else(|| unreadable(field))
}

/// That a stored value is not what its field declares.
fn unreadable(field: &Field) -> Error {
    Error::unavailable(format!("`{}` of a stored row does not read; make the view anew", field.name))
}

/// A Rust type that a value of a field of kind `K` is read back as.
#[diagnostic::on_unimplemented(
    message = "a field of kind `{K}` is not read back as `{Self}`",
    note = "it is read back as the type that it was declared with"
)]
pub trait Restored<K>: Sized {
    /// What the value was; `None` where it is not of this type.
    fn restored(value: ValueRef<'_>) -> Option<Self>;
}

macro_rules! restored {
    ($($type:ty: $kind:ty = $pattern:pat => $value:expr;)+) => {$(
        impl Restored<$kind> for $type {
            fn restored(value: ValueRef<'_>) -> Option<Self> {
                match value {
                    $pattern => $value,
                    _ => None,
                }
            }
        }
    )+};
}

restored! {
    bool: Boolean = ValueRef::Boolean(value) => Some(value);
    i64: Integer = ValueRef::Integer(value) => Some(value);
    i32: Integer = ValueRef::Integer(value) => value.try_into().ok();
    u32: Integer = ValueRef::Integer(value) => value.try_into().ok();
    Decimal: Number = ValueRef::Decimal(value) => Some(value);
    String: Text = ValueRef::Text(value) => Some(value.to_owned());
    Box<str>: Text = ValueRef::Text(value) => Some(value.into());
    Arc<str>: Text = ValueRef::Text(value) => Some(value.into());
    Currency: Text = ValueRef::Text(value) => value.parse().ok();
    Uuid: AnyIdentity = ValueRef::Uuid(value) => Some(value);
    Timestamp: Time = ValueRef::Time(value) => Some(value);
    Money: Cash = ValueRef::Money(value) => Some(value);
    Embedded: Presence = ValueRef::Object => Some(Self);
}

impl<I: Id> Restored<Identity<I>> for I {
    fn restored(value: ValueRef<'_>) -> Option<Self> {
        match value {
            ValueRef::Uuid(uuid) => Some(I::from_uuid(uuid)),
            _ => None,
        }
    }
}

impl<E: Enumeration> Restored<Choice<E>> for E {
    fn restored(value: ValueRef<'_>) -> Option<Self> {
        match value {
            ValueRef::Text(name) => E::named(name),
            _ => None,
        }
    }
}

impl<K, T: Restored<K>> Restored<K> for Option<T> {
    fn restored(value: ValueRef<'_>) -> Option<Self> {
        match value {
            ValueRef::Null => Some(None),
            value => T::restored(value).map(Some),
        }
    }
}
