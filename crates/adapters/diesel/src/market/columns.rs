//! What columns of both aggregates have in common.

use std::str::FromStr;

use portolan_kernel::{Currency, Version};

use super::Fault;

/// A column whose text is one of a few words, or a code.
pub(super) fn parsed<T: FromStr>(column: &'static str, text: &str) -> Result<T, Fault> {
    text.parse().map_err(|_| Fault::unreadable(format!("`{column}`")))
}

/// A currency's column.
pub(super) fn currency(table: &'static str, code: &str) -> Result<Currency, Fault> {
    code.parse().map_err(|_| Fault::unreadable(format!("`currency` in `{table}`")))
}

/// A version as a column has it.
pub(super) const fn column_of(version: Version) -> i64 {
    version.get().cast_signed()
}

/// A version from its column.
pub(super) const fn version(column: i64) -> Version {
    Version(column.cast_unsigned())
}
