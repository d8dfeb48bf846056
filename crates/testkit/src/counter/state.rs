//! The state of a counter: what its events make of it.

use portolan_kernel::{Aggregate, Money, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{CounterId, Event};

/// A counter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counter {
    /// Its id.
    pub id: CounterId,
    /// How far it has counted.
    pub count: i64,
    /// A text; any characters but U+0000.
    pub text: String,
    /// Some money.
    pub price: Option<Money>,
    /// A time.
    pub moment: Timestamp,
    /// Who has its one place.
    pub place_taken_by: Option<Uuid>,
    /// Its lines, in their order.
    pub lines: Vec<Line>,
}

/// A line of a counter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// Unlike the key of every other line of its counter, code point by code point.
    pub key: String,
    /// How many.
    pub quantity: i64,
    /// At which price.
    pub price: Money,
}

impl Aggregate for Counter {
    const TYPE: &'static str = "counter";
    type Id = CounterId;
    type Event = Event;

    fn create(event: &Event) -> Option<Self> {
        match event {
            Event::Opened(opened) => Some(Self::begun(opened)),
            _ => None,
        }
    }

    fn apply(&mut self, event: &Event) {
        match event {
            Event::Opened(opened) => *self = Self::begun(opened),
            Event::Incremented(incremented) => self.count = self.count.saturating_add(incremented.by),
            Event::TextSet(set) => self.text.clone_from(&set.text),
            Event::PriceSet(set) => self.price = set.price,
            Event::MomentSet(set) => self.moment = set.moment,
            Event::LineAdded(added) => self.lines.push(added.line.clone()),
            Event::LineRemoved(removed) => self.lines.retain(|line| line.key != removed.key),
            Event::LinesReordered(reordered) => self.lines.sort_by_key(|line| {
                reordered.keys.iter().position(|key| *key == line.key).unwrap_or(usize::MAX)
            }),
            Event::PlaceTaken(taken) => self.place_taken_by = Some(taken.by),
        }
    }

    fn id(&self) -> CounterId {
        self.id
    }
}
