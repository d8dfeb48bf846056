//! Cursors: a place between two rows, as a text that holds no secret and cannot be passed off.
//!
//! A cursor names the last row by the values that it was sorted by, not by a count of rows: rows that come or go
//! on other pages neither repeat nor hide any.

use std::fmt;

use uuid::Uuid;

use super::base64url;
use super::sort::SortKey;
use crate::specification::{Decimal, Type, Value};
use crate::{Error, Fingerprint, Money, Result, Timestamp};

/// The longest text that is looked at: rows may be sorted by several texts, each as long as any that a service takes. Who
/// takes cursors from strangers bounds them sooner.
const MAX_TEXT_BYTES: usize = 8 * 1024 * 1024;

/// The first byte of every cursor: how the rest is laid out.
const LAYOUT: u8 = 1;

/// How many bytes of a digest are kept.
const DIGEST_BYTES: usize = 8;

/// An opaque place in the rows of one query: it belongs to that filter and that order.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Cursor(String);

impl Cursor {
    /// The place behind the row with these values, in the query with this fingerprint.
    pub(super) fn seal(query: Fingerprint, values: &[Value]) -> Self {
        let mut bytes = vec![LAYOUT];
        bytes.extend_from_slice(&query.0[..DIGEST_BYTES]);
        values.iter().for_each(|value| write(value, &mut bytes));
        let checksum = Fingerprint::of(&bytes);
        bytes.extend_from_slice(&checksum.0[..DIGEST_BYTES]);
        Self(base64url::encode(&bytes))
    }

    /// The values of the row that the place is behind, one for each key.
    ///
    /// # Errors
    /// [`Error::Invalid`] where it was changed or cut off, or is of a query with another fingerprint.
    pub(super) fn open(&self, query: Fingerprint, keys: &[SortKey]) -> Result<Vec<Value>> {
        let damaged = || Error::Invalid("this cursor is damaged; start at the first page".to_owned());
        if self.0.len() > MAX_TEXT_BYTES {
            return Err(damaged());
        }
        let bytes = base64url::decode(&self.0).ok_or_else(damaged)?;
        let body_bytes = bytes.len().checked_sub(DIGEST_BYTES).ok_or_else(damaged)?;
        let (body, checksum) = bytes.split_at(body_bytes);
        if Fingerprint::of(body).0[..DIGEST_BYTES] != *checksum {
            return Err(damaged());
        }
        let mut rest = body.strip_prefix(&[LAYOUT]).ok_or_else(damaged)?;
        let of = take::<DIGEST_BYTES>(&mut rest).ok_or_else(damaged)?;
        if query.0[..DIGEST_BYTES] != of {
            return Err(Error::Invalid(
                "this cursor is of a query with another filter or sort; start at its first page".to_owned(),
            ));
        }
        let values: Option<Vec<Value>> = keys.iter().map(|_| read(&mut rest)).collect();
        let values = values.filter(|_| rest.is_empty()).ok_or_else(damaged)?;
        let fits = keys.iter().zip(&values).all(|(key, value)| has_type(value, key.path.value_type()));
        if fits { Ok(values) } else { Err(damaged()) }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Any text may claim to be a cursor; the query that it is used with looks at it.
impl From<String> for Cursor {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<&str> for Cursor {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

fn write(value: &Value, bytes: &mut Vec<u8>) {
    match value {
        Value::Null => bytes.push(0),
        Value::Boolean(value) => bytes.extend([1, u8::from(*value)]),
        Value::Integer(value) => tagged(2, &value.to_be_bytes(), bytes),
        Value::Decimal(value) => {
            tagged(3, &value.mantissa().to_be_bytes(), bytes);
            bytes.push(value.scale());
        }
        Value::Text(value) => {
            tagged(4, &(value.len() as u64).to_be_bytes(), bytes);
            bytes.extend_from_slice(value.as_bytes());
        }
        Value::Uuid(value) => tagged(5, value.as_bytes(), bytes),
        Value::Time(value) => tagged(6, &value.as_micros().to_be_bytes(), bytes),
        Value::Money(value) => {
            tagged(7, &value.amount.to_be_bytes(), bytes);
            bytes.extend_from_slice(value.currency.code().as_bytes());
        }
    }
}

fn tagged(tag: u8, content: &[u8], bytes: &mut Vec<u8>) {
    bytes.push(tag);
    bytes.extend_from_slice(content);
}

fn read(rest: &mut &[u8]) -> Option<Value> {
    let [tag] = take(rest)?;
    Some(match tag {
        0 => Value::Null,
        1 => Value::Boolean(take::<1>(rest)? == [1]),
        2 => Value::Integer(i64::from_be_bytes(take(rest)?)),
        3 => {
            let mantissa = i64::from_be_bytes(take(rest)?);
            let [scale] = take(rest)?;
            Value::Decimal(Decimal::new(mantissa, scale)?)
        }
        4 => {
            let length = usize::try_from(u64::from_be_bytes(take(rest)?)).ok()?;
            let (text, behind) = rest.split_at_checked(length)?;
            *rest = behind;
            Value::Text(std::str::from_utf8(text).ok()?.into())
        }
        5 => Value::Uuid(Uuid::from_bytes(take(rest)?)),
        6 => Value::Time(Timestamp::from_micros(i64::from_be_bytes(take(rest)?))),
        7 => {
            let amount = i64::from_be_bytes(take(rest)?);
            let code: [u8; 3] = take(rest)?;
            Value::Money(Money::new(amount, std::str::from_utf8(&code).ok()?.parse().ok()?))
        }
        _ => return None,
    })
}

fn take<const COUNT: usize>(rest: &mut &[u8]) -> Option<[u8; COUNT]> {
    let (taken, behind) = rest.split_first_chunk()?;
    *rest = behind;
    Some(*taken)
}

const fn has_type(value: &Value, value_type: Type) -> bool {
    matches!(
        (value, value_type),
        (Value::Null, _)
            | (Value::Boolean(_), Type::Boolean)
            | (Value::Integer(_), Type::Integer)
            | (Value::Decimal(_), Type::Decimal)
            | (Value::Text(_), Type::Text | Type::Enum(_))
            | (Value::Uuid(_), Type::Uuid)
            | (Value::Time(_), Type::Time)
            | (Value::Money(_), Type::Money)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::sort::Direction;
    use crate::specification::Field;

    const fn field(index: u16, field_type: Type) -> Field {
        Field { name: "field", index, field_type, nullable: false, sortable: true, searchable: false }
    }

    static TITLE: Field = field(0, Type::Text);
    static WEIGHT: Field = field(1, Type::Integer);

    fn keys() -> [SortKey; 2] {
        [&TITLE, &WEIGHT].map(|field| SortKey { path: field.whole(), direction: Direction::Ascending })
    }

    fn sealed() -> (Fingerprint, Cursor, Vec<Value>) {
        let (query, values) =
            (Fingerprint::of(b"a query"), vec![Value::Text("lamp".into()), Value::Integer(-7)]);
        (query, Cursor::seal(query, &values), values)
    }

    fn is_refused(cursor: &Cursor, query: Fingerprint) -> bool {
        matches!(cursor.open(query, &keys()), Err(Error::Invalid(_)))
    }

    #[test]
    fn one_flipped_bit_is_refused_wherever_it_is() {
        let (query, cursor, values) = sealed();
        assert_eq!(cursor.open(query, &keys()).ok(), Some(values));
        let bytes = base64url::decode(cursor.as_str()).unwrap_or_default();
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(is_refused(&Cursor(base64url::encode(&flipped)), query), "bit {bit} of the bytes");
        }
        for bit in 0..cursor.0.len() * 8 {
            let mut flipped = cursor.0.clone().into_bytes();
            flipped[bit / 8] ^= 1 << (bit % 8);
            if let Ok(flipped) = String::from_utf8(flipped) {
                assert!(is_refused(&Cursor(flipped), query), "bit {bit} of the text");
            }
        }
    }

    #[test]
    fn a_row_is_a_place_however_long_its_texts_are() {
        let query = Fingerprint::of(b"a query");
        let values = vec![Value::Text("\u{6f22}".repeat(1024 * 1024).into()), Value::Null];
        assert_eq!(Cursor::seal(query, &values).open(query, &keys()).ok(), Some(values));
    }

    #[test]
    fn one_that_is_cut_off_or_of_another_query_is_refused() {
        let (query, cursor, _) = sealed();
        for length in 0..cursor.0.len() {
            assert!(is_refused(&Cursor(cursor.0[..length].to_owned()), query), "the first {length} of it");
        }
        assert!(is_refused(&Cursor(format!("{cursor}A")), query));
        assert!(is_refused(&cursor, Fingerprint::of(b"another query")));
        assert!(is_refused(&Cursor("A".repeat(MAX_TEXT_BYTES + 1)), query));
    }
}
