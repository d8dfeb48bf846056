//! What can happen to a counter.

use portolan_kernel::{Money, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::state::Line;
use super::{Counter, CounterId};

/// What can happen to a counter. Each variant holds what its payload in the journal holds.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "each variant has the name of its payload, which says it")]
pub enum Event {
    Opened(Opened),
    Incremented(Incremented),
    TextSet(TextSet),
    PriceSet(PriceSet),
    MomentSet(MomentSet),
    LineAdded(LineAdded),
    LineRemoved(LineRemoved),
    LinesReordered(LinesReordered),
    PlaceTaken(PlaceTaken),
}

/// It began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Opened {
    /// Its id.
    pub id: CounterId,
    /// Where it starts.
    pub count: i64,
    /// Its text.
    pub text: String,
    /// Its price; it may have none.
    pub price: Option<Money>,
    /// Its time.
    pub moment: Timestamp,
}

impl Opened {
    /// A counter at 0 with this text, no price, and the time 0.
    pub fn named(id: CounterId, text: impl Into<String>) -> Self {
        Self { id, count: 0, text: text.into(), price: None, moment: Timestamp::from_micros(0) }
    }
}

/// It counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Incremented {
    /// By how much; may be negative.
    pub by: i64,
}

/// It has another text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TextSet {
    /// The text.
    pub text: String,
}

/// It has another price, or none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PriceSet {
    /// The price.
    pub price: Option<Money>,
}

/// It has another time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MomentSet {
    /// The time.
    pub moment: Timestamp,
}

/// It has one more line, behind the others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LineAdded {
    /// The line.
    pub line: Line,
}

/// It has one line less; the others keep their order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LineRemoved {
    /// The key of the line.
    pub key: String,
}

/// Its lines are in another order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinesReordered {
    /// The keys of all its lines, in their order now.
    pub keys: Vec<String>,
}

/// Somebody has its one place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlaceTaken {
    /// Who.
    pub by: Uuid,
}

impl Counter {
    pub(super) fn begun(opened: &Opened) -> Self {
        Self {
            id: opened.id,
            count: opened.count,
            text: opened.text.clone(),
            price: opened.price,
            moment: opened.moment,
            place_taken_by: None,
            lines: Vec::new(),
        }
    }
}
