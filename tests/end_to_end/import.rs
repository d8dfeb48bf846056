//! A file of commands comes out as an independent model says, line by line, however often it is imported.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::support::market;
use crate::support::place::Place;

#[test]
fn an_import_gives_what_the_model_says_and_a_repeat_the_same() {
    let place = Place::new();
    let file = market::file();
    let import = ["import", file.to_str().unwrap(), "--report", "first.json"];
    place.run(&import).ok();
    assert_matches_the_model(&place, "first.json");
    let before = journal_head(&place);

    place.run(&["import", file.to_str().unwrap(), "--report", "second.json"]).ok();
    assert_eq!(market::report(&place, "second.json"), market::report(&place, "first.json"));
    assert_eq!(journal_head(&place), before, "a repeat writes nothing");
}

/// What the store holds is what the model expects, and the report says so.
pub(crate) fn assert_matches_the_model(place: &Place, report: &str) {
    let expected = market::expected();
    let report = market::report(place, report);
    assert_eq!(report["commands"], expected.commands);
    assert_eq!(report["accepted"], expected.accepted);
    assert_eq!(report["refused"], json!(expected.refused));
    assert_eq!(report["orders_from_sales"], expected.orders_from_sales);
    assert_eq!(report["refusals"], Value::from(expected.refusals));
    assert_rows_match_the_model(place);
}

/// Every listing and every order.
pub(crate) fn assert_rows_match_the_model(place: &Place) {
    let expected = market::expected();
    let listings: BTreeMap<_, _> =
        market::rows(place, "listings").iter().map(market::listing_as_expected).collect();
    assert_eq!(listings, expected.listings);
    // The model lists the orders of the file; those of the sales come on top.
    let orders: BTreeMap<_, _> = market::rows(place, "orders").iter().map(market::order_as_expected).collect();
    let (of_the_file, of_sales): (BTreeMap<_, _>, BTreeMap<_, _>) =
        orders.into_iter().partition(|(id, _)| expected.orders.contains_key(id));
    assert_eq!(of_the_file, expected.orders);
    assert_eq!(of_sales.len() as u64, expected.orders_from_sales);
}

fn journal_head(place: &Place) -> Value {
    let info = place.run(&["store", "info", "--json"]).ok().rows();
    info[0]["events"].clone()
}
