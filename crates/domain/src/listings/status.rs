//! Where a listing is in its life.

use std::fmt;
use std::str::FromStr;

use portolan_kernel::Enumeration;

/// Draft, then published, then sold or unsold; a draft or a published one can be withdrawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// Being written; nobody sees it.
    Draft,
    /// Open for bids until its end.
    Published,
    /// Closed with a buyer.
    Sold,
    /// Closed without one.
    Unsold,
    /// Taken back by the seller.
    Withdrawn,
}

impl Status {
    /// Every status, in the order of a listing's life.
    pub const ALL: [Self; 5] = [Self::Draft, Self::Published, Self::Sold, Self::Unsold, Self::Withdrawn];

    /// The stable name, in lower case.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.name()
    }
}

portolan_kernel::enumeration!(Status {
    Draft = "draft",
    Published = "published",
    Sold = "sold",
    Unsold = "unsold",
    Withdrawn = "withdrawn",
});

impl fmt::Display for Status {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// A text that names no status of a listing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not the status of a listing")]
pub struct UnknownStatus(pub String);

impl FromStr for Status {
    type Err = UnknownStatus;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|status| status.as_str() == text)
            .ok_or_else(|| UnknownStatus(text.chars().take(32).collect()))
    }
}
