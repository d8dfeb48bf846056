//! The order of an import's lines is that of the file, also between a sale and its order.

use serde_json::{Value, json};

use crate::support::market;
use crate::support::place::Place;
use crate::support::trade::{at, jsonl, listing, order_of, overdue};

const SALES: u64 = 60;

/// Listings that have ended with a bid on each.
fn ended() -> Vec<Value> {
    (0..SALES).flat_map(|number| overdue(&listing(number))).collect()
}

fn import(place: &Place, lines: &[Value]) -> Value {
    let file = place.write("commands.jsonl", jsonl(lines));
    place.run(&["import", file.to_str().unwrap(), "--report", "report.json"]).ok();
    market::report(place, "report.json")
}

#[test]
fn an_order_command_before_the_sale_is_not_found_whatever_runs_at_once() {
    let place = Place::new();
    let mut lines = ended();
    for number in 0..SALES {
        let id = listing(number);
        lines.push(now(json!({ "command": "pay_order", "order": order_of(&id) })));
        lines.push(now(json!({ "command": "close_listing", "listing": id })));
    }
    let report = import(&place, &lines);
    assert_eq!(report["refused"], json!({ "not_found": SALES }));
    assert_eq!(report["orders_from_sales"], SALES);
}

#[test]
fn an_order_command_behind_the_sale_finds_its_order() {
    let place = Place::new();
    let mut lines = ended();
    for number in 0..SALES {
        let id = listing(number);
        lines.push(now(json!({ "command": "close_listing", "listing": id })));
        lines.push(now(json!({ "command": "pay_order", "order": order_of(&id) })));
    }
    let report = import(&place, &lines);
    assert_eq!((&report["refused"], &report["orders_from_sales"]), (&json!({}), &json!(SALES)));
}

/// Given now, after every end.
fn now(line: Value) -> Value {
    at(line, crate::support::trade::now())
}
