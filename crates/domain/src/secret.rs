//! What may be stored but not shown.

use std::fmt;

/// A value that is kept and compared but never printed: a bid's ceiling, a listing's reserve.
///
/// Reading it takes [`expose`](Self::expose), so that every place that does can be found.
///
/// ```
/// use portolan_domain::Secret;
/// assert_eq!(format!("{:?}", Secret::new(42)), "***");
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Secret<T>(T);

impl<T> Secret<T> {
    /// This value, from now on unprintable.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value: for a rule that compares it, or for the journal and the write tables, which are the operator's.
    pub const fn expose(&self) -> &T {
        &self.0
    }
}

impl<T> From<T> for Secret<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

impl<T> fmt::Debug for Secret<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("***")
    }
}
