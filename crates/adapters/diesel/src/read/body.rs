//! A whole row as bytes: what one column answers for all of its fields and collections.
//!
//! The columns and tables of a view are there to be asked, its bodies to be read. A row that is read whole costs one value
//! in place of one for each column, and no further statement for its collections.
//!
//! A body is the row's number, its version, and its values in the order of the declared fields. Each value begins with a byte
//! that tells what follows, so that it can be passed over by one who does not want it.

use std::sync::Arc;

use portolan_kernel::specification::{Decimal, Field, Type, ValueRef};
use portolan_kernel::{Candidate, Error, Money, Result, StoredRow, StoredView, Timestamp, Version};
use uuid::Uuid;

use super::layout::BODY;
use super::rows::Kept;

/// What is written into the declaration of a view, so that it is made anew by a program that writes bodies otherwise.
pub(super) const FORMAT: &str = "bodies 1\n";

/// What follows: nothing.
const NULL: u8 = 0;
const FALSE: u8 = 1;
const TRUE: u8 = 2;
const OBJECT: u8 = 3;
/// Eight bytes, the lowest first.
const INTEGER: u8 = 4;
/// The same, of a time's microseconds.
const TIME: u8 = 5;
/// Eight bytes of the mantissa, and one of the scale.
const DECIMAL: u8 = 6;
/// Sixteen bytes.
const UUID: u8 = 7;
/// Eight bytes of the amount, and three of the currency's code.
const MONEY: u8 = 8;
/// How many bytes, in four of them, and the text.
const TEXT: u8 = 9;
/// How many bytes, in four of them, and in these one value behind the other.
const SCALARS: u8 = 10;
/// The same, of elements: each a list of its values.
const ELEMENTS: u8 = 11;
const ELEMENT: u8 = 12;

/// How many bytes of a row without long texts there are, about.
const USUAL_BYTES: usize = 256;

/// The body of this row.
///
/// # Errors
/// [`Error::Invalid`] for a text or a collection of four gigabytes.
pub(super) fn of<V: Candidate>(number: i64, version: Version, view: &V) -> Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(USUAL_BYTES);
    bytes.extend(number.to_le_bytes());
    bytes.extend(version.get().to_le_bytes());
    put_row(&mut bytes, V::schema().fields, view)?;
    Ok(bytes)
}

/// The row of this body.
///
/// # Errors
/// [`Error::Unavailable`] where it is the body of no such row.
pub(super) fn restored<V: StoredView>(bytes: &[u8]) -> Result<Kept<V>> {
    let begun = number(bytes).and_then(|(of, rest)| Some((of, number(rest)?)));
    let (number, (version, values)) = begun.ok_or_else(|| unreadable(BODY))?;
    let view = V::restore(&mut Values::new(values))?;
    Ok(Kept { number, version: Version(version.cast_unsigned()), view: Arc::new(view) })
}

fn put_row(bytes: &mut Vec<u8>, fields: &[Field], row: &dyn Candidate) -> Result<()> {
    fields.iter().try_for_each(|field| put(bytes, field.field_type, row.value(field.index)))
}

fn put(bytes: &mut Vec<u8>, field_type: Type, value: ValueRef<'_>) -> Result<()> {
    match value {
        ValueRef::Null => bytes.push(NULL),
        ValueRef::Boolean(value) => bytes.push(if value { TRUE } else { FALSE }),
        ValueRef::Object => bytes.push(OBJECT),
        ValueRef::Integer(value) => {
            bytes.push(INTEGER);
            bytes.extend(value.to_le_bytes());
        }
        ValueRef::Time(value) => {
            bytes.push(TIME);
            bytes.extend(value.as_micros().to_le_bytes());
        }
        ValueRef::Decimal(value) => {
            bytes.push(DECIMAL);
            bytes.extend(value.mantissa().to_le_bytes());
            bytes.push(value.scale());
        }
        ValueRef::Uuid(value) => {
            bytes.push(UUID);
            bytes.extend(value.as_bytes());
        }
        ValueRef::Money(value) => {
            bytes.push(MONEY);
            bytes.extend(value.amount.to_le_bytes());
            bytes.extend(value.currency.code().as_bytes());
        }
        ValueRef::Text(value) => {
            bytes.push(TEXT);
            put_long(bytes, |bytes| {
                bytes.extend(value.as_bytes());
                Ok(())
            })?;
        }
        ValueRef::Scalars(values) => {
            let of = match field_type {
                Type::Scalars(of) => *of,
                other => other,
            };
            bytes.push(SCALARS);
            put_long(bytes, |bytes| {
                (0..values.len()).try_for_each(|place| put(bytes, of, values.get(place)))
            })?;
        }
        ValueRef::Elements(elements) => {
            let fields = match field_type {
                Type::Elements(of) => of().fields,
                _ => &[],
            };
            bytes.push(ELEMENTS);
            put_long(bytes, |bytes| {
                (0..elements.len()).filter_map(|place| elements.get(place)).try_for_each(|element| {
                    bytes.push(ELEMENT);
                    put_long(bytes, |bytes| put_row(bytes, fields, element))
                })
            })?;
        }
    }
    Ok(())
}

/// How many bytes there are, and then these.
fn put_long(bytes: &mut Vec<u8>, put: impl FnOnce(&mut Vec<u8>) -> Result<()>) -> Result<()> {
    let length_at = bytes.len();
    bytes.extend([0; 4]);
    let from = bytes.len();
    put(bytes)?;
    let length = u32::try_from(bytes.len() - from)
        .map_err(|_| Error::Invalid("a row of a view has a value of four gigabytes".to_owned()))?;
    if let Some(at) = bytes.get_mut(length_at..from) {
        at.copy_from_slice(&length.to_le_bytes());
    }
    Ok(())
}

/// The values of a body, and how far they were read.
pub(super) struct Values<'b> {
    bytes: &'b [u8],
    /// What is left behind the value that was read last, and the field that it begins with.
    rest: &'b [u8],
    next: usize,
}

impl<'b> Values<'b> {
    /// These values, of all fields.
    pub(super) const fn new(bytes: &'b [u8]) -> Self {
        Self { bytes, rest: bytes, next: 0 }
    }

    /// What the body has of the field.
    fn value(&mut self, field: &Field) -> Option<Read<'b>> {
        let index = usize::from(field.index);
        if index < self.next {
            (self.rest, self.next) = (self.bytes, 0);
        }
        while self.next < index {
            self.rest = read(self.rest)?.1;
            self.next += 1;
        }
        let (value, rest) = read(self.rest)?;
        (self.rest, self.next) = (rest, index + 1);
        Some(value)
    }
}

impl StoredRow for Values<'_> {
    fn give(&mut self, field: &'static Field) -> Result<ValueRef<'_>> {
        let value = self.value(field).and_then(Read::single);
        value.ok_or_else(|| unreadable(field.name))
    }

    fn give_scalars(
        &mut self,
        field: &'static Field,
        take: &mut dyn FnMut(ValueRef<'_>) -> Result<()>,
    ) -> Result<()> {
        let Some(Read::Scalars(mut rest)) = self.value(field) else { return Err(unreadable(field.name)) };
        while !rest.is_empty() {
            let next = read(rest).and_then(|(value, behind)| Some((value.single()?, behind)));
            let (value, behind) = next.ok_or_else(|| unreadable(field.name))?;
            take(value)?;
            rest = behind;
        }
        Ok(())
    }

    fn give_elements(
        &mut self,
        field: &'static Field,
        take: &mut dyn FnMut(&mut dyn StoredRow) -> Result<()>,
    ) -> Result<()> {
        let Some(Read::Elements(mut rest)) = self.value(field) else { return Err(unreadable(field.name)) };
        while !rest.is_empty() {
            let Some((Read::Element(element), behind)) = read(rest) else {
                return Err(unreadable(field.name));
            };
            take(&mut Values::new(element))?;
            rest = behind;
        }
        Ok(())
    }
}

/// What was read of a body.
enum Read<'b> {
    Value(ValueRef<'b>),
    Scalars(&'b [u8]),
    Elements(&'b [u8]),
    Element(&'b [u8]),
}

impl<'b> Read<'b> {
    fn single(self) -> Option<ValueRef<'b>> {
        match self {
            Self::Value(value) => Some(value),
            Self::Scalars(_) | Self::Elements(_) | Self::Element(_) => None,
        }
    }
}

/// The first value of these bytes, and those behind it; `None` where they are no body.
fn read(bytes: &[u8]) -> Option<(Read<'_>, &[u8])> {
    let (tag, rest) = bytes.split_first()?;
    let value = match *tag {
        NULL => ValueRef::Null,
        FALSE => ValueRef::Boolean(false),
        TRUE => ValueRef::Boolean(true),
        OBJECT => ValueRef::Object,
        INTEGER => {
            let (integer, rest) = number(rest)?;
            return Some((Read::Value(ValueRef::Integer(integer)), rest));
        }
        TIME => {
            let (micros, rest) = number(rest)?;
            return Some((Read::Value(ValueRef::Time(Timestamp::from_micros(micros))), rest));
        }
        DECIMAL => {
            let (mantissa, rest) = number(rest)?;
            let (scale, rest) = rest.split_first()?;
            return Some((Read::Value(ValueRef::Decimal(Decimal::new(mantissa, *scale)?)), rest));
        }
        UUID => {
            let (uuid, rest) = rest.split_first_chunk()?;
            return Some((Read::Value(ValueRef::Uuid(Uuid::from_bytes(*uuid))), rest));
        }
        MONEY => {
            let (amount, rest) = number(rest)?;
            let (code, rest) = rest.split_first_chunk::<3>()?;
            let currency = std::str::from_utf8(code).ok()?.parse().ok()?;
            return Some((Read::Value(ValueRef::Money(Money::new(amount, currency))), rest));
        }
        tag => {
            let (length, rest) = rest.split_first_chunk()?;
            let (long, rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
            let read = match tag {
                TEXT => Read::Value(ValueRef::Text(std::str::from_utf8(long).ok()?)),
                SCALARS => Read::Scalars(long),
                ELEMENTS => Read::Elements(long),
                ELEMENT => Read::Element(long),
                _ => return None,
            };
            return Some((read, rest));
        }
    };
    Some((Read::Value(value), rest))
}

fn number(bytes: &[u8]) -> Option<(i64, &[u8])> {
    let (number, rest) = bytes.split_first_chunk()?;
    Some((i64::from_le_bytes(*number), rest))
}

/// That a row, or this field of it, was not kept by this program.
fn unreadable(what: &str) -> Error {
    Error::unavailable(format!("`{what}` of a stored row does not read; make the view anew"))
}
