//! Time passes: listings close by themselves, sales become orders, and what other programs commit is seen.

use std::time::{Duration, Instant};

use portolan_kernel::Timestamp;
use serde_json::{Value, json};

use crate::support::market;
use crate::support::place::Place;
use crate::support::server::Server;
use crate::support::stream::EventStream;
use crate::support::trade::{
    ALICE, BOB, at, between, bid, bid_line, draft, draft_line, eur, from_now, listing, now, order_of,
    overdue, publish_line, time,
};
use crate::support::wait::{self, Stalls};

/// A listing closes within this many milliseconds of its end.
const PROMISE_MS: i64 = 1_000;

/// How many turns one after another it takes at the most until something is done and seen, each of which a busy
/// machine may hold up.
const STALLS: u32 = 4;

/// How many deadlines are in hand at one time.
const AT_ONCE: usize = 4;

/// What a running server sees of other programs' commits, it sees within this.
const SEEN: Duration = Duration::from_millis(200);

#[test]
fn a_listing_that_ends_closes_by_itself_and_its_sale_becomes_one_order() {
    let place = Place::new();
    let server = Server::start(&place);
    let stalls = Stalls::watch();
    let client = server.client();
    let stream = EventStream::open(&server.address, None);
    let (sold, unsold, end) = (listing(1), listing(2), from_now(1_500));
    for id in [&sold, &unsold] {
        client.post("/listings", &draft(id, end)).expect(201);
        client.post(&format!("/listings/{id}/publish"), &Value::Null).expect(200);
    }
    client.post(&format!("/listings/{sold}/bids"), &bid(ALICE, 5_000)).expect(200);
    client.post(&format!("/listings/{sold}/bids"), &bid(BOB, 4_000)).expect(200);

    let order = stream.next_named("OrderPlaced");
    assert_eq!(order.data["id"], json!(order_of(&sold)));
    let events = place.events();
    assert_in_time(closing(&events, &sold), end, &stalls);
    let sale = closing(&events, &sold);
    assert_eq!((&sale["type"], &sale["data"]["winner"]), (&json!("ListingSold"), &json!(ALICE)));
    let closed = wait::until("the other listing closes", || {
        place
            .events()
            .into_iter()
            .find(|event| event["id"] == json!(unsold) && event["type"] == "ListingUnsold")
    });
    assert_in_time(&closed, end, &stalls);
    assert_one_order(&place, &sold, 4_000);
    let row = client
        .get_with(&format!("/orders/{}", order_of(&sold)), &[("portolan-at-least", &order.id.to_string())]);
    assert_eq!(row.expect(200).json()["placed_at"], sale["occurred_at"], "placed at the time of the sale");
}

#[test]
fn what_ended_while_nothing_ran_closes_at_the_start_in_the_order_of_the_ends() {
    let place = Place::new();
    // The later number ended first.
    let ids: Vec<_> = (1..=20).map(listing).collect();
    let (base, earlier) = (from_now(-60_000).as_micros(), from_now(-120_000));
    let lines = ids.iter().zip(1..).flat_map(|(id, n)| {
        let end = Timestamp::from_micros(base - 1_000_000 * n);
        [
            at(draft_line(id, end), earlier),
            at(publish_line(id), earlier),
            at(bid_line(id, ALICE, 3_000), earlier),
        ]
    });
    place.import(&lines.collect::<Vec<_>>());
    assert!(closings(&place).is_empty(), "an import runs no deadlines");
    let started = now();
    let stalls = Stalls::watch();
    let _server = Server::start(&place);
    let up = now();
    wait::until("all of them close", || (closings(&place).len() == ids.len()).then_some(()));
    let closings = closings(&place);
    // They start in the order of their ends, a few at once: none comes out far from its place.
    let earliest_first: Vec<_> = ids.iter().rev().collect();
    for (place, event) in closings.iter().enumerate() {
        let due = earliest_first.iter().position(|id| event["id"] == **id).unwrap();
        assert!(place.abs_diff(due) < 2 * AT_ONCE, "number {due} by its end came out as number {place}");
    }
    for event in &closings {
        assert!(time(&event["occurred_at"]) >= started, "it has the time at which it was closed: {event}");
        assert_soon(event, up, &stalls);
    }
    wait::until("each sale becomes an order", || {
        (market::rows(&place, "orders").len() == ids.len()).then_some(())
    });
}

#[test]
fn a_restart_sells_nothing_twice() {
    let place = Place::new();
    place.import(&overdue(&listing(1)));
    let server = Server::start(&place);
    wait::until("the order is placed", || (market::rows(&place, "orders").len() == 1).then_some(()));
    server.kill();
    let before = place.events();
    let server = Server::start(&place);
    // What happens behind this has been seen by every process by the time that the next sale is an order.
    place.import(&overdue(&listing(2)));
    wait::until("the second order is placed", || (market::rows(&place, "orders").len() == 2).then_some(()));
    server.end();
    assert_one_order(&place, &listing(1), 1_000);
    assert_one_order(&place, &listing(2), 1_000);
    assert_eq!(place.events()[..before.len()], before);
}

#[test]
fn without_deadlines_nothing_closes_and_without_processes_nothing_is_ordered() {
    let place = Place::new();
    place.import(&overdue(&listing(1)));
    let server = Server::start_with(&place, &["--deadlines", "off"]);
    // Somebody closes it; the order behind it is the witness that processes run and deadlines do not.
    place.import(&overdue(&listing(2)));
    server.client().post(&format!("/listings/{}/close", listing(2)), &Value::Null).expect(200);
    wait::until("the order is placed", || (market::rows(&place, "orders").len() == 1).then_some(()));
    server.end();
    assert_eq!(closings(&place).len(), 1);

    let server = Server::start_with(&place, &["--processes", "off"]);
    wait::until("the deadline closes it", || (closings(&place).len() == 2).then_some(()));
    server.end();
    assert_eq!(market::rows(&place, "orders").len(), 1, "processes were off");
    let server = Server::start(&place);
    wait::until("what was left is done", || (market::rows(&place, "orders").len() == 2).then_some(()));
    server.end();
}

#[test]
fn what_another_program_sends_is_seen_at_once_and_its_deadlines_are_kept() {
    let place = Place::new();
    let server = Server::start(&place);
    let stalls = Stalls::watch();
    let client = server.client();
    let stream = EventStream::open(&server.address, None);
    let (id, end) = (listing(1), from_now(3_000));
    let mut seen = Vec::new();
    for line in [draft_line(&id, end), publish_line(&id), bid_line(&id, ALICE, 3_000)] {
        let sent = place.run(&["send", &line.to_string()]).ok();
        let answered = Instant::now();
        let receipt = &sent.rows()[0];
        let position = receipt["position"].as_u64().unwrap();
        let event = stream.next().unwrap();
        assert_eq!(event.id, position);
        seen.push(event.came.saturating_duration_since(answered));
        let row =
            client.get_with(&format!("/listings/{id}"), &[("portolan-at-least", &position.to_string())]);
        assert_eq!(row.expect(200).header("etag"), format!("\"{}\"", receipt["version"]));
        seen.push(answered.elapsed());
    }
    // The program that was sent with has ended in between, which takes longer than the server has.
    let bound = SEEN + STALLS * stalls.longest();
    assert!(seen.iter().all(|after| *after <= bound), "{seen:?}; promised is {SEEN:?}, allowed {bound:?}");
    stream.next_named("OrderPlaced");
    assert_in_time(closing(&place.events(), &id), end, &stalls);
    assert_one_order(&place, &id, 1_000);
}

/// The event that closed this listing.
#[track_caller]
fn closing<'a>(events: &'a [Value], id: &str) -> &'a Value {
    let closed = |event: &&Value| event["id"] == id && is_closing(event);
    events.iter().find(closed).unwrap_or_else(|| panic!("{id} is not closed"))
}

fn closings(place: &Place) -> Vec<Value> {
    place.events().into_iter().filter(is_closing).collect()
}

fn is_closing(event: &Value) -> bool {
    event["type"] == "ListingSold" || event["type"] == "ListingUnsold"
}

/// It happened not before this time, and was committed within a second of it.
#[track_caller]
fn assert_in_time(event: &Value, due: Timestamp, stalls: &Stalls) {
    assert!(time(&event["occurred_at"]) >= due, "before its time: {event}");
    assert_soon(event, due, stalls);
}

/// It was committed within a second of this time, or before.
#[track_caller]
fn assert_soon(event: &Value, due: Timestamp, stalls: &Stalls) {
    let late = between(due, time(&event["recorded_at"]));
    let stalled = (STALLS * stalls.longest()).as_millis() as i64;
    assert!(
        late <= PROMISE_MS + stalled,
        "{late} ms late; promised are {PROMISE_MS} ms, stalled {stalled} ms"
    );
    println!("closed {late} ms after it was due");
}

/// The sale of this listing has placed exactly one order, as the domain says.
#[track_caller]
fn assert_one_order(place: &Place, id: &str, price: i64) {
    let orders = market::rows(place, "orders");
    let of_this: Vec<_> = orders.iter().filter(|order| order["lines"][0]["sku"] == id).collect();
    assert_eq!(of_this.len(), 1, "{orders:?}");
    let order = of_this[0];
    let line = json!([{ "sku": id, "description": "A lamp", "quantity": 1, "unit_price": eur(price) }]);
    assert_eq!((&order["id"], &order["lines"]), (&json!(order_of(id)), &line));
    assert_eq!((&order["customer"], &order["status"]), (&json!(ALICE), &json!("pending")));
    assert_eq!((&order["address"], &order["total"]), (&Value::Null, &eur(price)));
    let placed = place.events().iter().filter(|event| event["id"] == json!(order_of(id))).count();
    assert_eq!(placed, 1);
}
