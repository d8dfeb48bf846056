//! The market of five thousand commands, and what an independent model says must come of it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;
use serde_json::{Value, json};

use super::place::Place;

/// The commands, one a line.
pub(crate) fn file() -> PathBuf {
    data("market.jsonl")
}

/// What must come of them.
#[derive(Debug, Deserialize)]
pub(crate) struct Expected {
    pub(crate) commands: u64,
    pub(crate) accepted: u64,
    pub(crate) refused: BTreeMap<String, u64>,
    pub(crate) refusals: Vec<Value>,
    pub(crate) listings: BTreeMap<String, Value>,
    pub(crate) orders: BTreeMap<String, Value>,
    pub(crate) orders_from_sales: u64,
}

/// The model's answer.
pub(crate) fn expected() -> Expected {
    let text = std::fs::read_to_string(data("market.expected.json")).expect("the data is there");
    serde_json::from_str(&text).expect("the data parses")
}

fn data(name: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/data")).join(name)
}

/// The report of an import, without the seconds it took.
pub(crate) fn report(place: &Place, name: &str) -> Value {
    let text = std::fs::read_to_string(place.path(name)).expect("the report was written");
    let mut report: Value = serde_json::from_str(&text).expect("the report parses");
    assert!(report.as_object_mut().expect("an object").remove("seconds").is_some());
    report
}

/// Every row of a view, as the program prints it.
pub(crate) fn rows(place: &Place, view: &str) -> Vec<Value> {
    place.run(&["query", view, "--json"]).ok().rows()
}

/// What the expectation says of a listing, taken from its row.
pub(crate) fn listing_as_expected(row: &Value) -> (String, Value) {
    let money = |field: &str| row[field].get("amount").cloned().unwrap_or(Value::Null);
    let expected = json!({
        "status": row["status"], "price": money("price"), "currency": row["price"]["currency"],
        "leader": row["leader"], "bids": row["bids"], "next_minimum": money("next_minimum"), "title": row["title"],
    });
    (row["id"].as_str().expect("an id").to_owned(), expected)
}

/// What the expectation says of an order, taken from its row.
pub(crate) fn order_as_expected(row: &Value) -> (String, Value) {
    let skus: Vec<_> =
        row["lines"].as_array().expect("lines").iter().map(|line| line["sku"].clone()).collect();
    let expected = json!({
        "status": row["status"], "customer": row["customer"], "items": row["items"],
        "total": row["total"]["amount"], "currency": row["total"]["currency"], "skus": skus,
        "tracking": row["tracking"],
    });
    (row["id"].as_str().expect("an id").to_owned(), expected)
}

/// What the store holds is what the model expects, and the report says so.
pub(crate) fn assert_matches_the_model(place: &Place, name: &str) {
    let expected = expected();
    let report = report(place, name);
    assert_eq!(report["commands"], expected.commands);
    assert_eq!(report["accepted"], expected.accepted);
    assert_eq!(report["refused"], json!(expected.refused));
    assert_eq!(report["orders_from_sales"], expected.orders_from_sales);
    assert_eq!(report["refusals"], Value::from(expected.refusals));
    assert_rows_match_the_model(place);
}

/// Every listing and every order.
pub(crate) fn assert_rows_match_the_model(place: &Place) {
    let expected = expected();
    let listings: BTreeMap<_, _> = rows(place, "listings").iter().map(listing_as_expected).collect();
    assert_eq!(listings, expected.listings);
    // The model lists the orders of the file; those of the sales come on top.
    let orders: BTreeMap<_, _> = rows(place, "orders").iter().map(order_as_expected).collect();
    let (of_the_file, of_sales): (BTreeMap<_, _>, BTreeMap<_, _>) =
        orders.into_iter().partition(|(id, _)| expected.orders.contains_key(id));
    assert_eq!(of_the_file, expected.orders);
    assert_eq!(of_sales.len() as u64, expected.orders_from_sales);
}
