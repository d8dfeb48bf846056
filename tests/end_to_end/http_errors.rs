//! Every row of the table of errors, from the running server.

use serde_json::{Value, json};

use crate::support::http::{Answer, Client, RawClient};
use crate::support::place::Place;
use crate::support::server::Server;
use crate::support::store::{self, Hold};
use crate::support::trade::{ALICE, BOB, SELLER, bid, draft, eur, from_now, listing, order, placement};
use crate::support::wait;

/// A server with a published listing and a placed order, both number 1.
fn market() -> (Place, Server, Client) {
    let place = Place::new();
    let (server, client) = market_at(&place, &[]);
    (place, server, client)
}

fn market_at(place: &Place, arguments: &[&str]) -> (Server, Client) {
    let server = Server::start_with(place, arguments);
    let client = server.client();
    client.post("/listings", &draft(&listing(1), from_now(3_600_000))).expect(201);
    client.post(&format!("/listings/{}/publish", listing(1)), &Value::Null).expect(200);
    client.post("/orders", &placement(&order(1))).expect(201);
    (server, client)
}

fn post_text(client: &Client, path: &str, media_type: &str, body: &str) -> Answer {
    client.text("POST", path, &[("content-type", media_type)], body).expect("an answer")
}

#[test]
fn what_cannot_be_understood_is_400_and_says_where() {
    let (_place, _server, client) = market();
    let text = post_text(&client, "/listings", "application/json", "{\n  nothing");
    let problem = text.problem(400, "malformed");
    assert_eq!((&problem["line"], &problem["column"]), (&json!(2), &json!(3)));

    let mut unknown = draft(&listing(2), from_now(3_600_000));
    unknown["colour"] = "red".into();
    let problem = client.post("/listings", &unknown).problem(400, "malformed");
    assert!(problem["detail"].as_str().unwrap().contains("colour"), "{problem}");
    let mut wrong = placement(&order(2));
    wrong["lines"][1]["quantity"] = "many".into();
    let problem = client.post("/orders", &wrong).problem(400, "malformed");
    assert_eq!(problem["pointer"], "/lines/1/quantity");
    let mut dated = bid(ALICE, 2_000);
    dated["at"] = "2026-01-05T08:00:00Z".into();
    client.post(&format!("/listings/{}/bids", listing(1)), &dated).problem(400, "malformed");
    client.get("/listings/not-an-id").problem(400, "malformed");
}

#[test]
fn a_question_that_has_no_answer_is_400_and_says_why() {
    let (_place, _server, client) = market();
    for query in [
        "colour=red",
        "limit=0",
        "limit=201",
        "limit=ten",
        "sort=colour",
        "sort=description",
        "after=not-a-cursor",
        "count=perhaps",
        "filter=colour",
    ] {
        let answer = client.get(&format!("/listings?{query}"));
        let code = answer.json()["code"].as_str().unwrap_or_default().to_owned();
        assert!(["invalid", "malformed"].contains(&code.as_str()), "{query}: {}", answer.text);
        answer.problem(400, &code);
    }
    let problem = client.get("/orders?limit=1000").problem(400, "invalid");
    assert_eq!(problem["limit"], 200, "it names the limit");
}

#[test]
fn a_cursor_of_another_question_or_one_that_was_touched_is_400() {
    let (_place, _server, client) = market();
    for n in 2..5 {
        client.post("/listings", &draft(&listing(n), from_now(3_600_000))).expect(201);
    }
    let at_least = [("portolan-at-least", "6")];
    let page = client.get_with("/listings?limit=2&sort=title", &at_least).expect(200);
    let cursor = page.json()["next"].as_str().unwrap().to_owned();
    assert!(page.header("link").contains(&cursor) && page.header("link").ends_with("rel=\"next\""));
    client.get(&format!("/listings?limit=2&sort=title&after={cursor}")).expect(200);
    client.get(&format!("/listings?limit=2&sort=-title&after={cursor}")).problem(400, "invalid");
    let (start, end) = cursor.split_at(cursor.len() / 2);
    let letter = if end.starts_with('A') { "B" } else { "A" };
    let touched = format!("{start}{letter}{}", &end[1..]);
    client.get(&format!("/listings?limit=2&sort=title&after={touched}")).problem(400, "invalid");
}

#[test]
fn what_is_not_there_is_404() {
    let (_place, _server, client) = market();
    for path in [
        format!("/listings/{}", listing(9)),
        format!("/orders/{}", order(9)),
        format!("/listings/{}/events", listing(9)),
        format!("/customers/{BOB}"),
        "/nothing".to_owned(),
    ] {
        client.get(&path).problem(404, "not_found");
    }
    client.post(&format!("/listings/{}/publish", listing(9)), &Value::Null).problem(404, "not_found");
    client.send("PUT", "/listings", &[], &json!({})).problem(405, "method_not_allowed");
}

#[test]
fn what_is_there_already_is_409() {
    let (_place, _server, client) = market();
    let again = client.post("/listings", &draft(&listing(1), from_now(3_600_000)));
    assert_eq!(again.problem(409, "already_exists")["id"], listing(1));
    client.post("/orders", &placement(&order(1))).problem(409, "already_exists");
}

#[test]
fn a_refusal_is_422_with_its_numbers() {
    let (_place, _server, client) = market();
    let bids = format!("/listings/{}/bids", listing(1));
    let problem = client.post(&bids, &bid(ALICE, 900)).problem(422, "too_low");
    assert_eq!((&problem["offered"], &problem["next_minimum"]), (&eur(900), &eur(1_000)));
    client.post(&bids, &bid(SELLER, 2_000)).problem(422, "own_listing");
    let pay = format!("/orders/{}/pay", order(1));
    client.post(&pay, &Value::Null).expect(200);
    client.post(&pay, &Value::Null).problem(422, "not_pending");
    let ship = client.post(&format!("/orders/{}/ship", order(1)), &json!({ "tracking": "T1" }));
    ship.problem(422, "no_address");
}

#[test]
fn what_is_too_large_is_413_414_and_431() {
    let (_place, server, client) = market();
    let mut large = draft(&listing(2), from_now(3_600_000));
    large["description"] = "x".repeat(1 << 20).into();
    assert_eq!(client.post("/listings", &large).problem(413, "body_too_large")["limit"], 1 << 20);
    client.get(&format!("/listings?sort={}", "x".repeat(9 << 10))).problem(414, "url_too_long");
    let mut raw = RawClient::connect(&server.address);
    raw.write(
        format!("GET /listings HTTP/1.1\r\nhost: x\r\nx-large: {}\r\n\r\n", "x".repeat(128 << 10)).as_bytes(),
    );
    raw.answer().problem(431, "headers_too_large");
    client.get("/health/live").expect(200);
}

#[test]
fn another_media_type_is_415() {
    let (_place, _server, client) = market();
    let body = draft(&listing(2), from_now(3_600_000)).to_string();
    for media_type in ["text/plain", "application/x-www-form-urlencoded", "application/xml"] {
        post_text(&client, "/listings", media_type, &body).problem(415, "unsupported_media_type");
    }
    post_text(&client, "/listings", "application/json; charset=utf-8", &body).expect(201);
}

#[test]
fn more_commands_than_may_wait_are_429_and_the_store_takes_the_others() {
    let place = Place::new();
    let url = format!("{}?queue=1&group=1&busy_ms=60000", place.url());
    // Nothing else may write: a subscription that saves its checkpoint would take the one place.
    let quiet = ["--write", &url, "--processes", "off", "--deadlines", "off"];
    let (_server, client) = market_at(&place, &quiet);
    let held = Hold::of(&place.store());
    let (full, waiting) = std::thread::scope(|scope| {
        let senders: Vec<_> = (10..20)
            .map(|n| {
                let client = client.clone();
                scope.spawn(move || client.post("/listings", &draft(&listing(n), from_now(3_600_000))))
            })
            .collect();
        // One is being written and one waits; the others are told at once.
        wait::until("the others are told", || {
            (senders.iter().filter(|sender| sender.is_finished()).count() >= 8).then_some(())
        });
        drop(held);
        let answers: Vec<_> = senders.into_iter().map(|sender| sender.join().unwrap()).collect();
        answers.into_iter().partition::<Vec<_>, _>(|answer| answer.status == 429)
    });
    assert_eq!((full.len(), waiting.len()), (8, 2));
    for answer in full {
        answer.problem(429, "full");
        assert!(answer.header("retry-after").parse::<u32>().unwrap() >= 1);
    }
    waiting.into_iter().for_each(|answer| drop(answer.expect(201)));
}

#[test]
fn a_store_that_cannot_write_is_503_and_nothing_is_lost() {
    let place = Place::new();
    let url = format!("{}?busy_ms=100", place.url());
    let (_server, client) = market_at(&place, &["--write", &url]);
    let bids = format!("/listings/{}/bids", listing(1));
    let key = [("idempotency-key", "once")];
    let held = Hold::of(&place.store());
    let answer = client.send("POST", &bids, &key, &bid(ALICE, 2_000));
    let problem = answer.problem(503, "unavailable");
    assert!(answer.header("retry-after").parse::<u32>().unwrap() >= 1);
    assert!(!answer.text.contains("portolan.db"), "nothing of the inside: {problem}");
    client.get("/listings").expect(200);
    drop(held);
    client.send("POST", &bids, &key, &bid(ALICE, 2_000)).expect(200);
}

#[test]
fn a_position_that_is_not_reached_is_503_with_have_and_want() {
    let (_place, _server, client) = market();
    let headers = [("portolan-at-least", "999"), ("prefer", "wait=0")];
    for path in [format!("/listings/{}", listing(1)), "/listings".to_owned(), "/totals".to_owned()] {
        let answer = client.get_with(&path, &headers);
        let problem = answer.problem(503, "stale");
        assert_eq!(problem["want"], 999);
        assert!(problem["have"].as_u64().unwrap() <= 3, "{problem}");
        assert!(answer.header("retry-after").parse::<u32>().unwrap() >= 1);
    }
    client.get_with("/listings", &[("portolan-at-least", "soon")]).problem(400, "malformed");
}

#[test]
fn a_bug_is_500_with_a_trace_id_that_the_log_knows_and_the_next_request_works() {
    let place = Place::new();
    let (server, _) = market_at(&place, &[]);
    server.end();
    assert_eq!(store::alter(&place.store(), "update listings set status = 'painted'"), 1);
    let server = Server::start(&place);
    let client = server.client();
    let traced = [("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")];
    let answer = client.send("POST", &format!("/listings/{}/bids", listing(1)), &traced, &bid(ALICE, 2_000));
    let problem = answer.problem(500, "internal");
    assert_eq!(problem["trace_id"], "4bf92f3577b34da6a3ce929d0e0e4736");
    for inside in ["listings", "status", "row", "painted"] {
        assert!(!problem["detail"].as_str().unwrap().contains(inside), "{problem}");
    }
    wait::until("the log knows it", || {
        server.said().contains("4bf92f3577b34da6a3ce929d0e0e4736").then_some(())
    });
    client.post(&format!("/orders/{}/pay", order(1)), &Value::Null).expect(200);
}
