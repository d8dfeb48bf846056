//! The sample of 5,000 commands, against what an independent model of the rules made of it.

use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;

use portolan_domain::{ListingId, OrderId};
use portolan_kernel::{CommandError, Process, Timestamp};
use serde::Deserialize;

use crate::processes::OrderForSale;
use crate::testing::{Fixture, given};
use crate::wire::CommandLine;

#[derive(Deserialize)]
struct Expected {
    commands: usize,
    accepted: usize,
    refused: BTreeMap<String, usize>,
    refusals: Vec<Refused>,
    listings: BTreeMap<String, ExpectedListing>,
    orders: BTreeMap<String, ExpectedOrder>,
    orders_from_sales: usize,
}

#[derive(Deserialize, Debug, PartialEq)]
struct Refused {
    line: usize,
    code: String,
}

#[derive(Deserialize, Debug, PartialEq)]
#[serde(deny_unknown_fields)]
struct ExpectedListing {
    status: String,
    price: i64,
    currency: String,
    leader: Option<String>,
    bids: usize,
    next_minimum: Option<i64>,
    title: String,
}

#[derive(Deserialize, Debug, PartialEq)]
#[serde(deny_unknown_fields)]
struct ExpectedOrder {
    status: String,
    customer: String,
    items: i64,
    total: i64,
    currency: String,
    skus: Vec<String>,
    tracking: Option<String>,
}

fn data(name: &str) -> String {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/data").join(name);
    std::fs::read_to_string(file).unwrap()
}

struct Imported {
    market: Fixture,
    refusals: Vec<Refused>,
    orders_from_sales: HashSet<OrderId>,
}

/// Runs every line at its time, and after each the orders that its sales make.
fn import(lines: &str) -> Imported {
    let market = given([]);
    let (mut refusals, mut orders_from_sales, mut seen) = (Vec::new(), HashSet::new(), 0);
    for (index, line) in lines.lines().enumerate() {
        let CommandLine { command, at, command_id } = CommandLine::parse(line.as_bytes()).unwrap();
        assert_eq!(command_id, None);
        let at: Timestamp = at.unwrap();
        match market.send(&command, at) {
            Ok(_) => {}
            Err(CommandError::Refused(refusal)) => {
                refusals.push(Refused { line: index + 1, code: refusal.code.into_owned() });
            }
            Err(failed) => panic!("line {}: {failed}", index + 1),
        }
        let events = market.events_after(seen);
        seen += events.len() as u64;
        for placement in events.iter().flat_map(|event| OrderForSale.react(event)) {
            orders_from_sales.insert(placement.order);
            market.send(&placement.into(), at).unwrap();
        }
    }
    Imported { market, refusals, orders_from_sales }
}

#[test]
fn the_sample_comes_out_as_the_independent_model_says() {
    let expected: Expected = serde_json::from_str(&data("market.expected.json")).unwrap();
    let Imported { market, refusals, orders_from_sales } = import(&data("market.jsonl"));

    assert_eq!(refusals, expected.refusals);
    assert_eq!(expected.commands - refusals.len(), expected.accepted);
    assert_eq!(expected.refused.values().sum::<usize>(), refusals.len());
    assert_eq!(orders_from_sales.len(), expected.orders_from_sales);

    let keys: HashSet<_> = market.events().iter().map(|event| event.event.key()).collect();
    let of_type = |name: &str| keys.iter().filter(|key| key.aggregate_type == name).count();
    assert_eq!(of_type("listing"), expected.listings.len());
    // The model lists the orders that were placed by hand.
    assert_eq!(of_type("order"), expected.orders.len() + expected.orders_from_sales);

    for (id, listing) in &expected.listings {
        let id: ListingId = id.parse().unwrap();
        let state = market.listing(id).unwrap();
        let got = ExpectedListing {
            status: state.status().to_string(),
            price: state.price().amount,
            currency: state.price().currency.to_string(),
            leader: state.leader().map(|leader| leader.to_string()),
            bids: state.bids().len(),
            next_minimum: state.next_minimum().map(|money| money.amount),
            title: state.title().to_string(),
        };
        assert_eq!(&got, listing, "{id}");
    }
    for (id, order) in &expected.orders {
        let id: OrderId = id.parse().unwrap();
        let state = market.order(id).unwrap();
        let got = ExpectedOrder {
            status: state.status().to_string(),
            customer: state.customer().to_string(),
            items: state.items(),
            total: state.total().amount,
            currency: state.total().currency.to_string(),
            skus: state.lines().iter().map(|line| line.sku.to_string()).collect(),
            tracking: state.tracking().map(ToString::to_string),
        };
        assert_eq!(&got, order, "{id}");
    }
}
