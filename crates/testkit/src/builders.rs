//! Short ways to the things that tests are made of.

use portolan_kernel::{Money, Timestamp};
use uuid::Uuid;

use crate::counter::{
    CounterId, Event, Incremented, Line, LineAdded, LineRemoved, LinesReordered, MomentSet, Opened,
    PlaceTaken, PriceSet, TextSet,
};

/// The id of the counter that is called so; the same in every run.
#[must_use]
pub fn counter_id(name: &str) -> CounterId {
    CounterId::derived(Uuid::NAMESPACE_OID, name)
}

/// The first event of the counter that is called so: at 0, with its name as its text.
#[must_use]
pub fn opened(name: &str) -> Event {
    Event::Opened(Opened::named(counter_id(name), name))
}

/// A line of this key.
#[must_use]
pub fn line(key: &str) -> Line {
    Line { key: key.to_owned(), quantity: 1, price: euro(250) }
}

/// The event that adds a line of this key.
#[must_use]
pub fn line_added(key: &str) -> Event {
    Event::LineAdded(LineAdded { line: line(key) })
}

/// The event that counts on.
#[must_use]
pub const fn incremented(by: i64) -> Event {
    Event::Incremented(Incremented { by })
}

/// This many cents.
#[must_use]
pub fn euro(cents: i64) -> Money {
    money(cents, "EUR")
}

/// This many minor units.
///
/// # Panics
/// Where ISO 4217 does not list the currency.
#[must_use]
pub fn money(amount: i64, currency: &str) -> Money {
    #[expect(clippy::expect_used, reason = "tests give the code of a currency that there is")]
    Money::new(amount, currency.parse().expect("a currency of ISO 4217"))
}

/// A history in which each kind of event occurs, and every field ends with a value of its own.
#[must_use]
pub fn history_of_everything(id: CounterId) -> Vec<Event> {
    vec![
        Event::Opened(Opened { price: Some(euro(1)), ..Opened::named(id, "of everything") }),
        incremented(41),
        incremented(-83),
        Event::TextSet(TextSet { text: "Zw\u{f6}lf Boxk\u{e4}mpfer".to_owned() }),
        Event::PriceSet(PriceSet { price: Some(money(-1005, "KWD")) }),
        Event::MomentSet(MomentSet { moment: Timestamp::from_micros(1_767_609_743_000_001) }),
        line_added("z"),
        line_added("m"),
        Event::LineAdded(LineAdded { line: Line { key: "a".into(), quantity: -7, price: money(7, "JPY") } }),
        line_added("b"),
        Event::LineRemoved(LineRemoved { key: "m".to_owned() }),
        Event::LinesReordered(LinesReordered { keys: ["b", "z", "a"].map(str::to_owned).to_vec() }),
        Event::PlaceTaken(PlaceTaken { by: Uuid::from_u128(0x5eed) }),
    ]
}
