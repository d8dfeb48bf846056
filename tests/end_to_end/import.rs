//! A file of commands comes out as an independent model says, line by line, however often it is imported.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::support::place::{Place, Ran};
use crate::support::trade::{
    ALICE, BOB, at, bid_line, draft_line, from_now, jsonl, listing, now, order_of, publish_line, time,
};
use crate::support::{market, store};

#[test]
fn a_report_that_cannot_be_written_is_found_out_before_anything_is_imported() {
    let place = Place::new();
    place.write("lines.jsonl", jsonl(&[draft_line(&listing(1), from_now(3_600_000))]));
    for report in ["nowhere/report.json", "."] {
        let refused = place.run(&["import", "lines.jsonl", "--report", report]);
        refused.fails(2, &["--report", report, "nothing was imported"]);
        assert!(!place.store().exists());
    }
}

#[test]
fn an_import_gives_what_the_model_says_and_a_repeat_the_same() {
    let place = Place::new();
    let file = market::file();
    let import = ["import", file.to_str().unwrap(), "--report", "first.json"];
    let first = place.run(&import).ok();
    market::assert_matches_the_model(&place, "first.json");
    assert_summarises(&first, &place, "first.json");
    let before = (journal_head(&place), store::outcomes(&place.store()));

    let second = place.run(&["import", file.to_str().unwrap(), "--report", "second.json"]).ok();
    assert_eq!(market::report(&place, "second.json"), market::report(&place, "first.json"));
    assert_eq!((journal_head(&place), store::outcomes(&place.store())), before, "a repeat writes nothing");
    assert_summarises(&second, &place, "second.json");
    place.run(&["store", "check"]).ok();
}

#[test]
fn a_sale_becomes_the_order_that_the_listing_says() {
    let place = Place::new();
    let sold = "019b8d2c-d29c-72fe-b810-3516b8b9570a";
    assert_eq!(
        order_of(sold),
        "37e62ff3-d4a0-5c92-bf89-ba7d9f475a3c",
        "the ids derive as they are documented"
    );
    place.run(&["import", market::file().to_str().unwrap()]).ok();
    let rows = market::rows(&place, "listings");
    let sales: Vec<_> = rows.iter().filter(|row| row["status"] == "sold").collect();
    assert!(sales.len() > 100, "{}", sales.len());
    let orders = market::rows(&place, "orders");
    let by_id: BTreeMap<_, _> = orders.iter().map(|order| (order["id"].as_str().unwrap(), order)).collect();
    let sold_at: BTreeMap<_, _> = place
        .events()
        .into_iter()
        .filter(|event| event["type"] == "ListingSold")
        .map(|event| (event["id"].as_str().unwrap().to_owned(), time(&event["occurred_at"])))
        .collect();
    for sale in sales {
        let id = sale["id"].as_str().unwrap();
        let order = by_id[order_of(id).as_str()];
        let line =
            json!([{ "sku": id, "description": sale["title"], "quantity": 1, "unit_price": sale["price"] }]);
        assert_eq!((&order["customer"], &order["lines"]), (&sale["leader"], &line));
        assert_eq!(time(&order["placed_at"]), sold_at[id], "placed at the time of the sale");
    }
}

#[test]
fn an_order_of_a_sale_is_found_by_the_line_behind_it() {
    let place = Place::new();
    let (id, start, end) = (listing(1), from_now(-3_600_000), from_now(-60_000));
    let order = order_of(&id);
    let lines = [
        at(draft_line(&id, end), start),
        at(publish_line(&id), start),
        at(bid_line(&id, ALICE, 3_000), start),
        at(json!({ "command": "close_listing", "listing": id }), end),
        at(json!({ "command": "pay_order", "order": order }), end),
        at(json!({ "command": "pay_order", "order": order_of(&listing(2)) }), end),
    ];
    place.write("sale.jsonl", jsonl(&lines));
    place.run(&["import", "sale.jsonl", "--report", "report.json"]).ok();
    let report = market::report(&place, "report.json");
    assert_eq!(report["refusals"], json!([{ "line": 6, "code": "not_found" }]));
    assert_eq!((&report["accepted"], &report["orders_from_sales"]), (&json!(5), &json!(1)));
    assert_eq!(market::rows(&place, "orders")[0]["status"], "paid");
}

#[test]
fn a_line_that_is_no_command_stops_the_import_and_says_which() {
    let end = from_now(3_600_000);
    let good = draft_line(&listing(1), end).to_string();
    let mut unknown_field = draft_line(&listing(2), end);
    unknown_field["colour"] = "red".into();
    let mut missing_field = draft_line(&listing(2), end);
    missing_field.as_object_mut().unwrap().remove("title");
    let mut wrong_type = draft_line(&listing(2), end);
    wrong_type["title"] = json!(7);
    let mut unknown_currency = draft_line(&listing(2), end);
    unknown_currency["asking"]["currency"] = "XQZ".into();
    let cases: [(String, &str); 7] = [
        ("{\"command\": ".to_owned(), "line 3"),
        ("[]".to_owned(), "line 3"),
        (json!({ "command": "paint_listing", "listing": listing(2) }).to_string(), "paint_listing"),
        (unknown_field.to_string(), "colour"),
        (missing_field.to_string(), "title"),
        (wrong_type.to_string(), "title"),
        (unknown_currency.to_string(), "XQZ"),
    ];
    for (bad, word) in cases {
        let place = Place::new();
        // The empty line is skipped, and counted.
        place.write("bad.jsonl", format!("{good}\n\n{bad}\n{}\n", publish_line(&listing(1))));
        let stopped = place.run(&["import", "bad.jsonl", "--report", "report.json"]);
        stopped.fails(1, &["line 3", word]);
        assert!(!place.path("report.json").exists(), "an import that stopped has no report");
        let rows = market::rows(&place, "listings");
        assert_eq!(rows.len(), 1, "what was accepted before stays");
        assert_eq!(rows[0]["status"], "draft", "what comes behind does not run");
        assert_keeps_going(&bad);
    }
}

fn assert_keeps_going(bad: &str) {
    let place = Place::new();
    let good = draft_line(&listing(1), from_now(3_600_000));
    place.write("bad.jsonl", format!("{good}\n{bad}\n{}\n", publish_line(&listing(1))));
    place.run(&["import", "bad.jsonl", "--keep-going", "--report", "report.json"]).ok();
    let report = market::report(&place, "report.json");
    assert_eq!(report["refused"], json!({ "malformed": 1 }));
    assert_eq!(report["refusals"], json!([{ "line": 2, "code": "malformed" }]));
    assert_eq!((&report["commands"], &report["accepted"]), (&json!(3), &json!(2)));
}

#[test]
fn a_line_that_is_no_text_or_too_long_is_malformed() {
    let place = Place::new();
    let good = draft_line(&listing(1), from_now(3_600_000)).to_string();
    let long = "x".repeat(2 << 20);
    let bytes = [good.as_bytes(), b"\n\xff\xfe\n", long.as_bytes(), b"\n"].concat();
    place.write("hostile.jsonl", bytes);
    place.run(&["import", "hostile.jsonl"]).fails(1, &["line 2", "UTF-8"]);
    place.run(&["import", "hostile.jsonl", "--keep-going", "--report", "report.json"]).ok();
    let report = market::report(&place, "report.json");
    assert_eq!(report["refused"], json!({ "malformed": 2 }));
}

#[test]
fn an_import_reads_from_stdin() {
    let place = Place::new();
    let lines = [draft_line(&listing(1), from_now(3_600_000)), publish_line(&listing(1))];
    // The last line needs no end.
    let text = jsonl(&lines);
    place.run_with_stdin(&["import", "-", "--report", "report.json"], text.trim_end()).ok();
    assert_eq!(market::report(&place, "report.json")["accepted"], 2);
    assert_eq!(market::rows(&place, "listings")[0]["status"], "published");
}

#[test]
fn a_line_that_occurs_twice_is_two_commands_and_one_with_an_id_is_one() {
    let place = Place::new();
    let id = "00000000-0000-4000-8000-00000000c0de";
    let mut named = bid_line(&listing(1), BOB, 5_000);
    named["command_id"] = id.into();
    let lines = [
        draft_line(&listing(1), from_now(3_600_000)),
        publish_line(&listing(1)),
        publish_line(&listing(1)),
        bid_line(&listing(1), ALICE, 3_000),
        named.clone(),
        named,
    ];
    place.write("twice.jsonl", jsonl(&lines));
    place.run(&["import", "twice.jsonl", "--report", "report.json"]).ok();
    let report = market::report(&place, "report.json");
    assert_eq!(report["refusals"], json!([{ "line": 3, "code": "not_draft" }]));
    assert_eq!(report["accepted"], 5, "a repeat of an id is answered as it was the first time");
    let bids = place.events().iter().filter(|event| event["type"] == "BidPlaced").count();
    assert_eq!(bids, 2, "and happens once");
    assert_eq!(
        store::number(
            &place.store(),
            &format!("select count(*) from commands where command_id = x'{}'", id.replace('-', ""))
        ),
        1
    );
}

#[test]
fn a_line_without_a_time_was_given_now_and_one_with_a_time_then() {
    let place = Place::new();
    let before = now();
    let then = "2026-01-05T08:00:00.123456Z";
    let mut dated = draft_line(&listing(2), from_now(3_600_000));
    dated["at"] = then.into();
    place.import(&[draft_line(&listing(1), from_now(3_600_000)), dated]);
    let events = place.events();
    let of = |id: &str| events.iter().find(|event| event["id"] == id).unwrap();
    assert!(time(&of(&listing(1))["occurred_at"]) >= before);
    assert_eq!(of(&listing(2))["occurred_at"], then);
    assert!(time(&of(&listing(2))["recorded_at"]) >= before, "recorded is another time than occurred");
}

#[test]
fn a_process_that_stops_ends_the_import_with_its_name() {
    let place = Place::new();
    let (id, start, end) = (listing(1), from_now(-3_600_000), from_now(-60_000));
    let close = json!({ "command": "close_listing", "listing": id });
    let lines = [
        at(draft_line(&id, end), start),
        at(publish_line(&id), start),
        at(bid_line(&id, ALICE, 3_000), start),
        at(close, end),
    ];
    place.write("sale.jsonl", jsonl(&lines));
    place.run(&["import", "sale.jsonl", "--processes", "off", "--report", "report.json"]).ok();
    assert_eq!(market::report(&place, "report.json")["orders_from_sales"], 0);
    let spoilt =
        store::alter(&place.store(), "update journal set payload = '{}' where event_type = 'ListingSold'");
    assert_eq!(spoilt, 1);
    let stopped = place.run(&["import", "sale.jsonl"]).status(1);
    // Before it are the attempts, as logs.
    let last = stopped.stderr.lines().last().unwrap();
    assert!(last.starts_with("portolan: ") && last.contains("order_for_sale"), "{last}");
}

/// The summary counts every code of the report, each on a line of its own.
fn assert_summarises(ran: &Ran, place: &Place, report: &str) {
    let report = market::report(place, report);
    let said: Vec<_> = ran.stdout.lines().skip(1).filter_map(|line| line.trim().split_once("  ")).collect();
    let counted: Vec<_> = report["refused"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(code, count)| (count.to_string(), code))
        .collect();
    assert_eq!(said.len(), counted.len(), "{}", ran.stdout);
    for (count, code) in &counted {
        assert!(said.contains(&(count.as_str(), code.as_str())), "{code}: {}", ran.stdout);
    }
    let first = ran.stdout.lines().next().unwrap();
    assert!(
        first.contains(&report["commands"].to_string()) && first.contains(&report["accepted"].to_string())
    );
}

fn journal_head(place: &Place) -> Value {
    let info = place.run(&["store", "info", "--json"]).ok().rows();
    info[0]["events"].clone()
}
