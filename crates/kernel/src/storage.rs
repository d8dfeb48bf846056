//! The ways in which a store keeps aggregates.

use std::fmt;
use std::str::FromStr;

use crate::Error;

/// How a store keeps the state of aggregates. It is decided when a store is made, and written in it.
///
/// The same history gives the same aggregates in each: a state is what the events make of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Storage {
    /// Taken apart as the store takes it apart: in SQL in rows, by a mapper of each type.
    #[default]
    Relational,
    /// As one JSON document each, by the codec of each type. It needs no mapper, and writes a state whole.
    Document,
    /// By their events alone, with a snapshot from time to time. It needs no mapper, and writes the least.
    Events,
}

impl Storage {
    /// Every way, by its name in a URL and in a store.
    pub const WORDS: [(&'static str, Self); 3] =
        [("relational", Self::Relational), ("document", Self::Document), ("events", Self::Events)];

    /// Its name in a URL and in a store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Relational => "relational",
            Self::Document => "document",
            Self::Events => "events",
        }
    }
}

impl fmt::Display for Storage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl FromStr for Storage {
    type Err = Error;

    fn from_str(word: &str) -> Result<Self, Error> {
        let found = Self::WORDS.into_iter().find(|(known, _)| *known == word);
        found.map(|(_, storage)| storage).ok_or_else(|| {
            Error::Invalid(format!("`{word}` is no way to keep aggregates that is known here"))
        })
    }
}
