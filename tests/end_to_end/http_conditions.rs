//! Requests that say what they take for granted: entity tags, idempotency keys, positions, resumed streams.

use serde_json::{Value, json};

use crate::support::http::Client;
use crate::support::place::Place;
use crate::support::server::Server;
use crate::support::store::{self, Hold};
use crate::support::stream::EventStream;
use crate::support::trade::{ALICE, BOB, bid, draft, from_now, listing, order, placement};
use crate::support::wait;

fn market() -> (Place, Server, Client) {
    let place = Place::new();
    let server = Server::start(&place);
    let client = server.client();
    client.post("/listings", &draft(&listing(1), from_now(3_600_000))).expect(201);
    client.post(&format!("/listings/{}/publish", listing(1)), &Value::Null).expect(200);
    (place, server, client)
}

/// A draft for which the server makes the id.
fn nameless() -> Value {
    let mut body = draft("", "2030-01-01T00:00:00Z".parse().unwrap());
    body.as_object_mut().unwrap().remove("id");
    body
}

#[test]
fn a_write_at_a_stale_version_is_412_and_at_the_present_one_it_is_done() {
    let (_place, _server, client) = market();
    let path = format!("/listings/{}", listing(1));
    let row = client.get_with(&path, &[("portolan-at-least", "2")]).expect(200);
    assert_eq!(row.header("etag"), "\"2\"");
    let bids = format!("{path}/bids");
    let at = |tag: &str, ceiling| client.send("POST", &bids, &[("if-match", tag)], &bid(ALICE, ceiling));
    let problem = at("\"1\"", 2_000).problem(412, "precondition_failed");
    assert_eq!((&problem["expected"], &problem["actual"]), (&json!(1), &json!(2)));
    let written = at("\"2\"", 2_000).expect(200);
    assert_eq!(written.json(), json!({ "id": listing(1), "version": 3, "position": 3 }));
    assert_eq!(written.header("portolan-position"), "3");
    at("\"2\"", 3_000).problem(412, "precondition_failed");
    at("*", 3_000).expect(200);
    at("three", 4_000).problem(400, "malformed");
}

#[test]
fn a_row_that_the_caller_has_is_304() {
    let (_place, _server, client) = market();
    let path = format!("/listings/{}", listing(1));
    let read = |tag: &str| client.get_with(&path, &[("if-none-match", tag), ("portolan-at-least", "2")]);
    let unchanged = read("\"2\"").expect(304);
    assert_eq!((unchanged.text.as_str(), unchanged.header("etag")), ("", "\"2\""));
    read("\"1\"").expect(200);
    read("\"1\", W/\"2\"").expect(304);
    client.post(&format!("{path}/bids"), &bid(ALICE, 2_000)).expect(200);
    let changed =
        client.get_with(&path, &[("if-none-match", "\"2\""), ("portolan-at-least", "3")]).expect(200);
    assert_eq!(changed.header("etag"), "\"3\"");
}

#[test]
fn a_read_at_the_position_of_a_write_sees_it() {
    let (_place, _server, client) = market();
    for raise in 0..50 {
        let written =
            client.post(&format!("/listings/{}/bids", listing(1)), &bid(ALICE, 2_000 + raise)).expect(200);
        let position = written.header("portolan-position").to_owned();
        let headers = [("portolan-at-least", position.as_str()), ("prefer", "wait=30")];
        let row = client.get_with(&format!("/listings/{}", listing(1)), &headers).expect(200);
        assert_eq!(row.header("etag"), format!("\"{}\"", written.json()["version"]));
        let page = client.get_with("/listings?count=true", &headers).expect(200).json();
        assert!(page["position"].as_u64().unwrap() >= position.parse().unwrap(), "{page}");
        assert_eq!(page["count"], 1);
    }
}

#[test]
fn a_repeated_key_gets_the_first_answer_receipt_or_refusal() {
    let (place, server, client) = market();
    let bids = format!("/listings/{}/bids", listing(1));
    let send = |client: &Client, key: &str, bidder, ceiling| {
        client.send("POST", &bids, &[("idempotency-key", key)], &bid(bidder, ceiling))
    };
    let first = send(&client, "alice", ALICE, 2_000).expect(200);
    assert_eq!(send(&client, "alice", ALICE, 2_000).expect(200).json(), first.json());
    let refused = send(&client, "bob", BOB, 1_050);
    refused.problem(422, "too_low");
    send(&client, "raised", ALICE, 9_000).expect(200);
    assert_eq!(
        send(&client, "bob", BOB, 1_050).json(),
        refused.json(),
        "the numbers are those of the first time"
    );
    let drafted = client.send("POST", "/listings", &[("idempotency-key", "draft")], &nameless()).expect(201);
    let retried = client.send("POST", "/listings", &[("idempotency-key", "draft")], &nameless()).expect(201);
    assert_eq!((retried.header("location"), retried.json()), (drafted.header("location"), drafted.json()));
    let other = client.send("POST", "/listings", &[("idempotency-key", "another")], &nameless()).expect(201);
    assert_ne!(other.header("location"), drafted.header("location"));

    server.kill();
    let server = Server::start(&place);
    assert_eq!(send(&server.client(), "alice", ALICE, 2_000).expect(200).json(), first.json());
    assert_eq!(send(&server.client(), "bob", BOB, 1_050).json(), refused.json());
    let events = place.events();
    let of_alice = events.iter().filter(|event| event["type"] == "BidPlaced").count();
    assert_eq!(of_alice, 2, "each was done once");
}

#[test]
fn a_key_that_was_used_for_something_else_is_422() {
    let (_place, _server, client) = market();
    let key = [("idempotency-key", "once")];
    let bids = format!("/listings/{}/bids", listing(1));
    client.send("POST", &bids, &key, &bid(ALICE, 2_000)).expect(200);
    client.send("POST", &bids, &key, &bid(ALICE, 2_001)).problem(422, "idempotency_key_reused");
    let close = format!("/listings/{}/close", listing(1));
    client.send("POST", &close, &key, &Value::Null).problem(422, "idempotency_key_reused");
    client.send("POST", &bids, &key, &bid(ALICE, 2_000)).expect(200);
    for wrong in ["", "two words", &"k".repeat(256)] {
        client
            .send("POST", &bids, &[("idempotency-key", wrong)], &bid(ALICE, 3_000))
            .problem(400, "malformed");
    }
}

#[test]
fn what_may_go_better_the_next_time_is_not_kept() {
    let (_place, _server, client) = market();
    let bids = format!("/listings/{}/bids", listing(1));
    let key = ("idempotency-key", "again");
    client.send("POST", &bids, &[key], &json!({ "bidder": ALICE })).problem(400, "malformed");
    client
        .send("POST", &bids, &[key, ("if-match", "\"1\"")], &bid(ALICE, 2_000))
        .problem(412, "precondition_failed");
    let done = client.send("POST", &bids, &[key, ("if-match", "\"2\"")], &bid(ALICE, 2_000)).expect(200);
    // The tag has aged since; the outcome has not.
    let again = client.send("POST", &bids, &[key, ("if-match", "\"2\"")], &bid(ALICE, 2_000)).expect(200);
    assert_eq!(again.json(), done.json());
}

#[test]
fn an_outcome_is_kept_as_long_as_it_is_set() {
    let place = Place::new();
    let server = Server::start_with(&place, &["--idempotency-days", "3"]);
    let key = [("idempotency-key", "kept")];
    server.client().send("POST", "/listings", &key, &nameless()).expect(201);
    server.client().post("/orders", &placement(&order(1))).expect(201);
    // From the time of the command, which is a moment before it was recorded.
    let days =
        "select round((kept_until - recorded_at) / 86400000000.0) from commands where kept_until is not null";
    assert_eq!(store::number(&place.store(), &format!("select cast(({days}) as integer)")), 3);
}

#[test]
fn a_key_that_is_still_running_is_409_in_its_process_and_waited_for_in_another() {
    let place = Place::new();
    let url = format!("{}?busy_ms=60000", place.url());
    let server = Server::start_with(&place, &["--write", &url]);
    let other = Server::start_with(&place, &["--write", &url]);
    let key = [("idempotency-key", "both")];
    let send = |client: Client| move || client.send("POST", "/listings", &key, &nameless());
    let held = Hold::of(&place.store());
    let (first, second, elsewhere) = std::thread::scope(|scope| {
        let first = scope.spawn(send(server.client()));
        let second = scope.spawn(send(server.client()));
        let elsewhere = scope.spawn(send(other.client()));
        wait::until("one of the two is told", || (first.is_finished() || second.is_finished()).then_some(()));
        assert!(!elsewhere.is_finished(), "the other process waits");
        drop(held);
        (first.join().unwrap(), second.join().unwrap(), elsewhere.join().unwrap())
    });
    let (told, done) = if first.status == 409 { (first, second) } else { (second, first) };
    told.problem(409, "in_progress");
    let done = done.expect(201);
    let elsewhere = elsewhere.expect(201);
    assert_eq!((elsewhere.header("location"), elsewhere.json()), (done.header("location"), done.json()));
    assert_eq!(place.events().len(), 1);
}

#[test]
fn a_stream_resumes_behind_the_last_event_that_the_client_has() {
    let (place, server, client) = market();
    let from_start = EventStream::open(&server.address, Some(0));
    let (drafted, published) = (from_start.next().unwrap(), from_start.next().unwrap());
    assert_eq!((drafted.id, drafted.name.as_str()), (1, "ListingDrafted"));
    assert_eq!((published.id, published.name.as_str()), (2, "ListingPublished"));
    let from_now_on = EventStream::open(&server.address, None);
    client.post(&format!("/listings/{}/bids", listing(1)), &bid(ALICE, 2_000)).expect(200);
    for stream in [&from_start, &from_now_on] {
        let event = stream.next().unwrap();
        assert_eq!((event.id, event.name.as_str()), (3, "BidPlaced"));
        assert_eq!((&event.data["position"], &event.data["version"]), (&json!(3), &json!(3)));
    }
    server.end();
    assert!(from_start.next().is_none(), "a server that ends ends its streams");
    let server = Server::start(&place);
    let resumed = EventStream::open(&server.address, Some(1));
    let events: Vec<_> =
        [resumed.next(), resumed.next()].into_iter().flatten().map(|event| event.id).collect();
    assert_eq!(events, [2, 3]);
    server.client().get_with("/events", &[("last-event-id", "x")]).problem(400, "malformed");
}
