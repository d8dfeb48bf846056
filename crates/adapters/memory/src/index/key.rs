//! What an index keeps of a value: 32 bits that are equal where values are, or 64 bits in the order of the values.
//!
//! Both lose something, and may: rows that an index finds are tested themselves, and rows with equal keys are put in
//! order by their values.

use std::hash::{BuildHasher, Hash, Hasher};

use portolan_kernel::specification::ValueRef;

/// Equal for equal values, null included.
pub(super) fn hash(value: ValueRef<'_>, hasher: &impl BuildHasher) -> u32 {
    let mut state = hasher.build_hasher();
    match value {
        ValueRef::Boolean(value) => value.hash(&mut state),
        ValueRef::Integer(value) => value.hash(&mut state),
        ValueRef::Text(value) => value.hash(&mut state),
        ValueRef::Uuid(value) => value.hash(&mut state),
        ValueRef::Time(value) => value.as_micros().hash(&mut state),
        ValueRef::Money(value) => (value.amount, value.currency.code()).hash(&mut state),
        // Numbers that are equal may be written in several ways; they and what is no value share one key.
        ValueRef::Decimal(_) | ValueRef::Scalars(_) | ValueRef::Elements(_) | ValueRef::Object => {
            1_u8.hash(&mut state)
        }
        ValueRef::Null => 0_u8.hash(&mut state),
    }
    // The lower half of a hash is as good as all of it.
    state.finish() as u32
}

/// Never falls where values of one type rise; `None` for null. Money counts by its amount alone: it compares only
/// within a currency.
pub(super) fn order(value: ValueRef<'_>) -> Option<u64> {
    Some(match value {
        ValueRef::Null => return None,
        ValueRef::Boolean(value) => u64::from(value),
        ValueRef::Integer(value) => rising(value),
        ValueRef::Money(value) => rising(value.amount),
        ValueRef::Time(value) => rising(value.as_micros()),
        ValueRef::Text(text) => prefix(text.as_bytes(), 0),
        ValueRef::Uuid(value) => prefix(value.as_bytes(), 0),
        ValueRef::Decimal(_) | ValueRef::Scalars(_) | ValueRef::Elements(_) | ValueRef::Object => 0,
    })
}

/// The largest key of a text that starts with this.
pub(super) fn last_with_start(start: &str) -> u64 {
    prefix(start.as_bytes(), u8::MAX)
}

const fn rising(value: i64) -> u64 {
    value.cast_unsigned() ^ (1 << 63)
}

fn prefix(bytes: &[u8], padding: u8) -> u64 {
    let mut first = [padding; 8];
    let length = bytes.len().min(8);
    first[..length].copy_from_slice(&bytes[..length]);
    u64::from_be_bytes(first)
}
