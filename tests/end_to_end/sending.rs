//! `send`: one command, its receipt or its refusal.

use serde_json::{Value, json};

use crate::support::market;
use crate::support::place::Place;
use crate::support::trade::{at, draft_line, from_now, listing, order_of, overdue, publish_line};

#[test]
fn send_prints_the_receipt_or_the_refusal_and_its_status_says_which() {
    let place = Place::new();
    let send = |command: &Value| place.run(&["send", &command.to_string()]);
    let draft = draft_line(&listing(1), from_now(3_600_000));
    let accepted = send(&draft).ok();
    assert_eq!(accepted.rows(), [json!({ "id": listing(1), "version": 1, "position": 1 })]);
    let refused = send(&draft).status(1);
    let refusal = &refused.rows()[0];
    assert_eq!((&refusal["code"], &refusal["details"]["id"]), (&json!("already_exists"), &json!(listing(1))));
    assert!(refusal["message"].as_str().is_some_and(|message| !message.is_empty()));
    assert_eq!(refused.stderr, "", "a refusal is an answer");
    let unknown = send(&json!({ "command": "publish_listing", "listing": listing(9) })).status(1);
    assert_eq!(unknown.rows()[0]["code"], "not_found");
    send(&json!({ "command": "paint_listing" })).fails(2, &["paint_listing", "publish_listing"]);
    send(&at(publish_line(&listing(1)), from_now(0))).fails(2, &["at"]);
    let published = place.run_with_stdin(&["send", "-"], &publish_line(&listing(1)).to_string()).ok();
    assert_eq!(published.rows()[0]["version"], 2);
}

#[test]
fn send_with_an_id_answers_the_first_outcome_again() {
    let place = Place::new();
    let mut draft = draft_line(&listing(1), from_now(3_600_000));
    draft["command_id"] = "00000000-0000-4000-8000-00000000c0de".into();
    let first = place.run(&["send", &draft.to_string()]).ok();
    assert_eq!(place.run(&["send", &draft.to_string()]).ok().stdout, first.stdout);
    draft["title"] = "Another lamp".into();
    place.run(&["send", &draft.to_string()]).status(1);
    assert_eq!(place.events().len(), 1);
}

#[test]
fn send_waits_for_the_order_that_its_sale_causes() {
    let place = Place::new();
    place.import(&overdue(&listing(1)));
    place.run(&["send", &json!({ "command": "close_listing", "listing": listing(1) }).to_string()]).ok();
    let orders = market::rows(&place, "orders");
    assert_eq!((orders.len(), &orders[0]["id"]), (1, &json!(order_of(&listing(1)))));
}
