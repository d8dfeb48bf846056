//! Listings, bids and orders to trade with, over HTTP and on the command line.

use portolan_kernel::{Clock as _, Timestamp};
use portolan_runtime::SystemClock;
use serde_json::{Value, json};
use uuid::Uuid;

use super::place::Place;

pub(crate) const SELLER: &str = "00000000-0000-4000-8000-00000000005e";
pub(crate) const ALICE: &str = "00000000-0000-4000-8000-0000000000a1";
pub(crate) const BOB: &str = "00000000-0000-4000-8000-0000000000b0";

/// The listing number `n`.
pub(crate) fn listing(n: u64) -> String {
    format!("00000000-0000-4000-8000-1111{n:08x}")
}

/// The order number `n`.
pub(crate) fn order(n: u64) -> String {
    format!("00000000-0000-4000-8000-2222{n:08x}")
}

/// An amount in euro cents.
pub(crate) fn eur(amount: i64) -> Value {
    json!({ "amount": amount, "currency": "EUR" })
}

/// What time it is.
pub(crate) fn now() -> Timestamp {
    SystemClock.now()
}

/// The time so many milliseconds from now; negative: before.
pub(crate) fn from_now(milliseconds: i64) -> Timestamp {
    Timestamp::from_micros(now().as_micros() + milliseconds * 1_000)
}

/// A time in a row or an event.
#[track_caller]
pub(crate) fn time(value: &Value) -> Timestamp {
    value.as_str().and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("no time: {value}"))
}

/// The milliseconds from one time to another.
pub(crate) fn between(earlier: Timestamp, later: Timestamp) -> i64 {
    (later.as_micros() - earlier.as_micros()) / 1_000
}

/// The body of a draft that ends at this time.
pub(crate) fn draft(id: &str, ends_at: Timestamp) -> Value {
    json!({
        "id": id, "seller": SELLER, "title": "A lamp", "description": "Brass.",
        "asking": eur(1_000), "increment": eur(100), "ends_at": ends_at,
    })
}

/// The body of a bid.
pub(crate) fn bid(bidder: &str, ceiling: i64) -> Value {
    json!({ "bidder": bidder, "ceiling": eur(ceiling) })
}

/// The body of an order of two lines.
pub(crate) fn placement(id: &str) -> Value {
    json!({
        "id": id, "customer": ALICE,
        "lines": [
            { "sku": "A/1", "description": "A lamp", "quantity": 2, "unit_price": eur(1_000) },
            { "sku": "B", "description": "A bulb", "quantity": 1, "unit_price": eur(250) },
        ],
    })
}

/// A draft as a line of a file.
pub(crate) fn draft_line(id: &str, ends_at: Timestamp) -> Value {
    let mut line = draft(id, ends_at);
    let fields = line.as_object_mut().expect("an object");
    fields.remove("id");
    fields.insert("command".to_owned(), "draft_listing".into());
    fields.insert("listing".to_owned(), id.into());
    line
}

/// The publication of a listing as a line of a file.
pub(crate) fn publish_line(id: &str) -> Value {
    json!({ "command": "publish_listing", "listing": id })
}

/// A bid as a line of a file.
pub(crate) fn bid_line(id: &str, bidder: &str, ceiling: i64) -> Value {
    json!({ "command": "place_bid", "listing": id, "bidder": bidder, "ceiling": eur(ceiling) })
}

/// The same line, given at this time.
pub(crate) fn at(mut line: Value, time: Timestamp) -> Value {
    line["at"] = json!(time);
    line
}

/// Lines as a file has them.
pub(crate) fn jsonl(lines: &[Value]) -> String {
    lines.iter().map(|line| format!("{line}\n")).collect()
}

/// The order that the sale of this listing places.
pub(crate) fn order_of(listing: &str) -> String {
    let listing: Uuid = listing.parse().expect("an id");
    Uuid::new_v5(&listing, b"order").to_string()
}

/// A published listing that ended a minute ago, with a bid of Alice's that leads: nobody has closed it.
pub(crate) fn overdue(id: &str) -> Vec<Value> {
    let ended = from_now(-60_000);
    let earlier = from_now(-120_000);
    vec![
        at(draft_line(id, ended), earlier),
        at(publish_line(id), earlier),
        at(bid_line(id, ALICE, 3_000), earlier),
    ]
}

/// A small market: a published listing with two bids, a draft, and an order.
pub(crate) fn small_market() -> Place {
    small_market_in(Place::new())
}

/// The same, in this place.
pub(crate) fn small_market_in(place: Place) -> Place {
    let day = "2026-01-05T08:00:00Z".parse().expect("it is well formed");
    let later = "2026-01-05T09:00:00Z".parse().expect("it is well formed");
    let mut cheap = draft_line(&listing(2), from_now(3_600_000));
    cheap["title"] = "A bulb".into();
    cheap["asking"] = eur(200);
    let mut placed = placement(&order(1));
    let fields = placed.as_object_mut().expect("it is well formed");
    fields.remove("id");
    fields.extend([("command".to_owned(), "place_order".into()), ("order".to_owned(), order(1).into())]);
    place.import(&[
        at(draft_line(&listing(1), from_now(3_600_000)), day),
        at(publish_line(&listing(1)), day),
        at(bid_line(&listing(1), ALICE, 3_000), later),
        at(bid_line(&listing(1), BOB, 2_000), later),
        at(cheap, later),
        at(placed, later),
    ]);
    place
}
