//! Why a counter says no.

use portolan_kernel::DomainError;
use serde_json::{Map, Value, json};
use uuid::Uuid;

/// Why a counter says no.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The number would leave `i64`.
    #[error("{count} and {by} more is beyond what a counter holds")]
    Overflow {
        /// How far it has counted.
        count: i64,
        /// By how much it was to go on.
        by: i64,
    },
    /// The one place is taken.
    #[error("the place is taken by {by}")]
    PlaceTaken {
        /// By whom.
        by: Uuid,
    },
    /// There is a line of this key.
    #[error("there is a line `{key}` already")]
    LineExists {
        /// The key.
        key: String,
    },
    /// There is no line of this key.
    #[error("there is no line `{key}`")]
    NoLine {
        /// The key.
        key: String,
    },
    /// A new order names every line once.
    #[error("the new order does not name each of the {lines} lines once")]
    NotAnOrder {
        /// How many lines there are.
        lines: usize,
    },
}

impl DomainError for Refused {
    fn code(&self) -> &'static str {
        match self {
            Self::Overflow { .. } => "overflow",
            Self::PlaceTaken { .. } => "place_taken",
            Self::LineExists { .. } => "line_exists",
            Self::NoLine { .. } => "no_line",
            Self::NotAnOrder { .. } => "not_an_order",
        }
    }

    fn details(&self) -> Map<String, Value> {
        let details = match self {
            Self::Overflow { count, by } => vec![("count", json!(count)), ("by", json!(by))],
            Self::PlaceTaken { by } => vec![("by", json!(by))],
            Self::LineExists { key } | Self::NoLine { key } => vec![("key", json!(key))],
            Self::NotAnOrder { lines } => vec![("lines", json!(lines))],
        };
        details.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }
}
