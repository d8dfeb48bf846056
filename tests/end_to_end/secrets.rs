//! A bid's ceiling and a listing's reserve are told to nobody but the journal.

use serde_json::{Value, json};

use crate::support::http::Answer;
use crate::support::place::Place;
use crate::support::server::Server;
use crate::support::stream::EventStream;
use crate::support::trade::{
    ALICE, BOB, at, bid, bid_line, draft, draft_line, eur, from_now, listing, publish_line,
};
use crate::support::wait;

/// Amounts that occur nowhere but as secrets.
const RESERVE: i64 = 77_712_345;
const CEILINGS: [i64; 4] = [88_812_345, 88_823_456, 88_834_567, 88_845_678];

#[track_caller]
fn assert_silent(what: &str, text: &str) {
    for secret in CEILINGS.iter().chain([&RESERVE]) {
        for written in [secret.to_string(), format!("{}.{:02}", secret / 100, secret % 100)] {
            assert!(!text.contains(&written), "{what} holds {written}: {text}");
        }
    }
}

/// As much is logged as there is.
fn verbose(place: &Place) -> Server {
    let mut command = place.command(&["serve", "--listen", "127.0.0.1:0"]);
    command.env("PORTOLAN_LOG", "trace");
    Server::spawn(command)
}

#[test]
fn no_answer_stream_metric_or_log_of_a_server_holds_a_ceiling_or_a_reserve() {
    let place = Place::new();
    let server = verbose(&place);
    let client = server.client();
    let stream = EventStream::open(&server.address, None);
    let mut answers: Vec<Answer> = Vec::new();
    let path = format!("/listings/{}", listing(1));
    let mut secretive = draft(&listing(1), from_now(3_600_000));
    secretive["reserve"] = eur(RESERVE);
    answers.push(client.post("/listings", &secretive).expect(201));
    answers.push(client.post("/listings", &secretive).expect(409));
    answers.push(client.post(&format!("{path}/publish"), &Value::Null).expect(200));
    let bids = format!("{path}/bids");
    // The reserve is not met, so that the price does not show it.
    let low = |bidder, ceiling| client.post(&bids, &bid(bidder, ceiling));
    answers.push(low(ALICE, 60_000).expect(200));
    answers.push(low(BOB, 55_555).expect(200));

    // A second listing without a reserve, led by a ceiling that no second one shows.
    let other = format!("/listings/{}", listing(2));
    client.post("/listings", &draft(&listing(2), from_now(3_600_000))).expect(201);
    client.post(&format!("{other}/publish"), &Value::Null).expect(200);
    let bids = format!("{other}/bids");
    let keyed = |key: &str, bidder, ceiling| {
        client.send("POST", &bids, &[("idempotency-key", key)], &bid(bidder, ceiling))
    };
    answers.push(keyed("first", ALICE, CEILINGS[1]).expect(200));
    answers.push(keyed("first", ALICE, CEILINGS[1]).expect(200));
    answers.push(keyed("first", ALICE, CEILINGS[2]).expect(422));
    answers.push(keyed("raised", ALICE, CEILINGS[3]).expect(200));
    answers.push(keyed("outbid", BOB, 5_000).expect(200));
    let mut odd = bid(BOB, CEILINGS[0]);
    odd["ceiling"]["currency"] = "XQZ".into();
    answers.push(client.post(&bids, &odd).expect(400));
    let mut wordy = bid(BOB, 0);
    wordy["ceiling"] = json!(CEILINGS[0].to_string());
    answers.push(client.post(&bids, &wordy).expect(400));

    let position = answers[9].header("portolan-position").to_owned();
    let seen = [("portolan-at-least", position.as_str())];
    for page in [
        &path,
        &other,
        &format!("{path}/events"),
        &format!("{other}/events"),
        "/listings",
        "/totals",
        "/orders",
    ] {
        answers.push(client.get_with(page, &seen).expect(200));
    }
    answers.extend(["/metrics", "/health/ready", "/openapi.json"].map(|page| client.get(page).expect(200)));
    for answer in &answers {
        // What one offers oneself may be said again; all of these answers are to others, or say nothing of it.
        assert_silent("an answer", &format!("{answer:?}"));
    }
    for _ in 0..9 {
        assert_silent("the stream", &stream.next().unwrap().data.to_string());
    }
    // The journal has them: the amounts did get there.
    let journal = place.run(&["events", "--json"]).ok().stdout;
    assert!(journal.contains(&RESERVE.to_string()) && journal.contains(&CEILINGS[3].to_string()));
    server.signal("TERM");
    let said = wait::until("the log is there", || {
        let said = server.said();
        said.contains("ending").then_some(said)
    });
    assert!(said.contains("TRACE") || said.contains("DEBUG"), "it logs all it can");
    assert_silent("the log", &said);
}

#[test]
fn the_command_line_holds_neither() {
    let place = Place::new();
    let mut secretive = draft_line(&listing(1), from_now(-60_000));
    secretive["reserve"] = eur(RESERVE);
    let earlier = from_now(-120_000);
    let lines = [
        at(secretive, earlier),
        at(publish_line(&listing(1)), earlier),
        at(bid_line(&listing(1), ALICE, 60_000), earlier),
        at(draft_line(&listing(2), from_now(-60_000)), earlier),
        at(publish_line(&listing(2)), earlier),
        at(bid_line(&listing(2), ALICE, CEILINGS[1]), earlier),
        at(bid_line(&listing(2), BOB, 2_000), earlier),
    ];
    place.write("lines.jsonl", lines.map(|line| format!("{line}\n")).concat());
    let run = |arguments: &[&str]| {
        let output = place.command(arguments).env("PORTOLAN_LOG", "trace").output().unwrap();
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
    };
    assert_silent("import", &run(&["import", "lines.jsonl"]));
    for id in [listing(1), listing(2)] {
        let close = json!({ "command": "close_listing", "listing": id }).to_string();
        assert_silent("send", &run(&["send", &close]));
    }
    for view in ["listings", "orders", "customers", "totals"] {
        assert_silent(view, &run(&["query", view, "--json"]));
        assert_silent(view, &run(&["query", view]));
    }
    // Closed below its reserve, and sold at the second ceiling and not at the first.
    let rows = run(&["query", "listings", "--json"]);
    assert!(rows.contains("unsold") && rows.contains("\"sold\"") && rows.contains("2000"), "{rows}");
    for arguments in [&["store", "check"][..], &["store", "info"], &["subscriptions", "list"], &["describe"]]
    {
        assert_silent(arguments[0], &run(arguments));
    }
}
