//! The SQL of each operator, for a reviewer to see change.

use portolan_kernel::{Query, Sort};

use super::super::layout::Layout;
use super::super::translate::Translator;
use super::super::translate::keyset::Order;
use crate::parcel::Parcel;
use crate::parcels::{numbered_parcel, parsed};

/// Each specification with its condition, and the way by which an index leads to its rows.
fn conditions(texts: &[&str]) -> String {
    let layout = Layout::of::<Parcel>("parcels").unwrap();
    let mut shown = String::new();
    for text in texts {
        let tree = parsed(text).normalised().tree().unwrap().clone();
        shown = format!("{shown}{text}\n");
        match Translator::new(&layout).condition(&tree) {
            None => shown += "  everything, and the rest in memory\n",
            Some(condition) => {
                let residual = if condition.is_exact { "" } else { "\n  and the rest in memory" };
                shown = format!("{shown}  {}{residual}\n", condition.sql.text().unwrap());
            }
        }
        if let Some(way) = Translator::new(&layout).way(&tree) {
            shown = format!("{shown}  way: {}\n", way.sql.text().unwrap());
        }
    }
    shown
}

#[test]
fn comparisons() {
    insta::assert_snapshot!(conditions(&[
        "weight = 5",
        "weight != 5",
        "weight < 5",
        "weight >= 5",
        "fragile = true",
        "stage = \"sent\"",
        "volume = 1.5",
        "volume != 1.5",
        "volume < 1.5",
        "label = \"lamp\"",
        "label > \"lamp\"",
        "id = \"019b8d2b-8c00-7b5e-a48a-cec88aeb3bdc\"",
        "sent_at < \"2026-01-05T08:00:00Z\"",
        "label is null",
        "label is not null",
        "weight is null",
        "address is null",
    ]));
}

#[test]
fn money() {
    insta::assert_snapshot!(conditions(&[
        "postage = \"12.50 EUR\"",
        "postage != \"12.50 EUR\"",
        "postage < \"12.50 EUR\"",
        "postage in [\"12.50 EUR\", \"3 USD\", null]",
        "postage is null",
        "postage.amount > 5",
        "postage.currency = \"EUR\"",
    ]));
}

#[test]
fn lists() {
    insta::assert_snapshot!(conditions(&[
        "weight in []",
        "weight in [1, 2]",
        "weight not in [1, 2]",
        "weight in [null, 1, 2]",
        "label in [\"a\", \"b\"]",
        "label in [\"a\", \"b\", null]",
        "label in [null]",
        "label not in [\"a\", \"b\", null]",
    ]));
}

#[test]
fn parts_of_texts() {
    insta::assert_snapshot!(conditions(&[
        "label contains \"100%\"",
        "label starts with \"la\"",
        "label starts with \"\"",
        "label ends with \"mp\"",
        "label ends with \"\"",
        "label ~ \"^a\"",
        "label search \"Lamp, desk!\"",
        "label search \"\"",
        "tags contains \"blue\"",
    ]));
}

#[test]
fn elements() {
    insta::assert_snapshot!(conditions(&[
        "stops any (city = \"Turku\")",
        "stops any (city = \"Turku\" and toll is null)",
        "stops any (city search \"a b\")",
        "stops all (toll > \"1 EUR\")",
        "not stops any (city = \"Turku\")",
        "stops any (city ~ \"a\" and toll is null)",
        "stops all (city ~ \"a\" or toll is null)",
    ]));
}

#[test]
fn combinations() {
    insta::assert_snapshot!(conditions(&[
        "true",
        "false",
        "weight = 1 and fragile = true",
        "weight = 1 or fragile = true",
        "not (weight = 1 and label = \"a\")",
        "weight = 1 and label ~ \"a\"",
        "weight = 1 or label ~ \"a\"",
        "not (weight = 1 or label ~ \"a\")",
        "not (weight = 1 and label ~ \"a\")",
    ]));
}

#[test]
fn places_in_an_order() {
    let layout = Layout::of::<Parcel>("parcels").unwrap();
    let full = crate::parcel::Parcel { label: Some("lamp".to_owned()), sent_at: None, ..numbered_parcel(1) };
    let mut shown = String::new();
    for sort in ["id", "-weight", "weight,id", "label", "-label", "sent_at", "-sent_at,weight"] {
        let query = Query::<Parcel>::default().sort(Sort::parse(sort).unwrap());
        let first = query.checked().unwrap();
        let continued =
            query.clone().page(portolan_kernel::PageRequest::default().after(first.cursor_behind(&full)));
        let checked = continued.checked().unwrap();
        let order = Order::new(&layout, &checked.keys, true).unwrap();
        let mut text = super::super::statement::Statement::default();
        order.push(&mut text);
        shown = format!("{shown}{sort}\n {}\n", text.text().unwrap());
        for behind in order.behind(checked.after.as_deref()) {
            shown = format!("{shown}  {}\n", behind.unwrap().text().unwrap());
        }
    }
    insta::assert_snapshot!(shown);
}
