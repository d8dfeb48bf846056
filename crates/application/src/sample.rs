//! The sample of 5,000 commands, against what an independent model of the rules made of it.

use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;

use portolan_domain::{ListingId, OrderId, listing, order};
use portolan_kernel::{CommandError, Envelope, Process, Replayed, Specification, Timestamp, View};
use serde::Deserialize;

use crate::processes::OrderForSale;
use crate::projections::{CustomerProjector, ListingProjector, OrderProjector, TotalsProjector};
use crate::testing::{Fixture, given, project};
use crate::totals::MarketTotals;
use crate::wire::{CommandLine, registry};

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

#[test]
fn the_views_show_what_the_aggregates_hold() {
    let Imported { market, .. } = import(&data("market.jsonl"));
    let events = market.events();

    let listings = project(&ListingProjector, &events);
    for (id, row) in &listings {
        let state = market.listing(*id).unwrap();
        assert_eq!(
            (row.seller, &row.title, &row.description, row.status, row.asking, row.ends_at),
            (
                state.seller(),
                state.title(),
                state.description(),
                state.status(),
                state.asking(),
                state.ends_at()
            ),
        );
        assert_eq!(
            (row.price, row.next_minimum, row.leader, row.bids),
            (state.price(), state.next_minimum(), state.leader(), state.bids().len() as i64),
        );
    }
    let orders = project(&OrderProjector, &events);
    for (id, row) in &orders {
        let state = market.order(*id).unwrap();
        assert_eq!(
            (row.customer, row.status, row.placed_at, row.items, row.total),
            (state.customer(), state.status(), state.placed_at(), state.items(), state.total()),
        );
        assert_eq!(row.lines, state.lines().iter().map(Into::into).collect::<Vec<_>>());
        assert_eq!(row.address, state.address().map(Into::into));
        assert_eq!(row.tracking.as_ref(), state.tracking());
    }

    // The sums, from the rows instead of the events.
    let customers = project(&CustomerProjector, &events);
    let buyers: HashSet<_> = orders.values().map(|order| order.customer).collect();
    assert_eq!(customers.len(), buyers.len());
    for (id, row) in customers {
        let of = |status| orders.values().filter(move |order| order.customer == id && order.status == status);
        let counts = &row.orders;
        assert_eq!(
            [counts.pending, counts.paid, counts.shipped, counts.delivered, counts.cancelled],
            order::Status::ALL.map(|status| of(status).count() as i64),
        );
        let mut spent = BTreeMap::new();
        for order in
            [order::Status::Paid, order::Status::Shipped, order::Status::Delivered].into_iter().flat_map(of)
        {
            *spent.entry(order.total.currency).or_default() += order.total.amount;
        }
        spent.retain(|_, amount: &mut i64| *amount != 0);
        assert_eq!(
            row.spent.iter().map(|spent| (spent.currency, spent.amount)).collect::<BTreeMap<_, _>>(),
            spent
        );
        let last = orders.values().filter(|order| order.customer == id).map(|order| order.placed_at).max();
        assert_eq!(Some(row.last_order_at), last);
    }
    let totals = project(&TotalsProjector, &events);
    let sum = |of: fn(&MarketTotals) -> i64| totals.values().map(of).sum::<i64>();
    let sold = listings.values().filter(|listing| listing.status == listing::Status::Sold);
    assert_eq!(
        sum(|day| day.sold_value.amount),
        sold.clone().map(|listing| listing.price.amount).sum::<i64>()
    );
    assert_eq!(sum(|day| day.listings_sold), sold.count() as i64);
    assert_eq!(sum(|day| day.orders_placed), orders.len() as i64);
    let published = listings.values().filter(|listing| listing.published_at.is_some());
    assert_eq!(sum(|day| day.listings_published), published.count() as i64);
    let shipped = orders.values().filter(|order| order.tracking.is_some());
    assert_eq!(sum(|day| day.orders_shipped), shipped.count() as i64);
}

/// One of the specifications that the independent model has answered.
#[derive(Deserialize)]
struct Asked {
    view: String,
    text: String,
    json: serde_json::Value,
    count: usize,
    /// At most the first 200, sorted.
    ids: Vec<String>,
}

/// The specification from both forms, and the ids of the rows that it selects.
fn selected<V: View>(asked: &Asked, rows: &BTreeMap<V::Id, V>) -> Vec<String> {
    let specification = Specification::<V>::parse(&asked.text).unwrap_or_else(|error| panic!("{error}"));
    let from_json = Specification::<V>::from_json(&asked.json).unwrap_or_else(|error| panic!("{error}"));
    let selects = |specification: &Specification<V>| {
        let rows = rows.iter().filter(|(_, row)| specification.is_satisfied_by(row));
        rows.map(|(id, _)| id.to_string()).collect::<Vec<_>>()
    };
    let ids = selects(&specification);
    assert_eq!(selects(&from_json), ids, "{}", asked.text);
    assert_eq!(selects(&specification.clone().normalised()), ids, "{}", asked.text);
    assert_eq!(Specification::parse(&specification.to_string()), Ok(specification), "{}", asked.text);
    ids
}

#[test]
fn specifications_select_what_the_independent_model_says() {
    let asked: Vec<Asked> = serde_json::from_str(&data("specifications.json")).unwrap();
    let Imported { market, orders_from_sales, .. } = import(&data("market.jsonl"));
    let events = market.events();
    let listings = project(&ListingProjector, &events);
    let mut orders = project(&OrderProjector, &events);
    orders.retain(|id, _| !orders_from_sales.contains(id));
    assert_eq!(asked.len(), 200);
    for asked in asked {
        let ids = match asked.view.as_str() {
            "listing" => selected(&asked, &listings),
            _ => selected(&asked, &orders),
        };
        assert_eq!(ids.len(), asked.count, "{}", asked.text);
        assert_eq!(ids.into_iter().take(200).collect::<Vec<_>>(), asked.ids, "{}", asked.text);
    }
}

#[test]
fn replaying_the_journal_gives_the_states() {
    let Imported { market, .. } = import(&data("market.jsonl"));
    let mut histories: BTreeMap<_, Vec<Envelope>> = BTreeMap::new();
    for row in market.rows() {
        histories.entry((row.aggregate_type.clone(), row.aggregate_id)).or_default().push(row);
    }
    let registry = registry();
    for ((aggregate_type, id), history) in histories {
        let aggregate_type = registry.get(&aggregate_type).unwrap();
        let Replayed { state: replayed, version } =
            aggregate_type.replay(Replayed::default(), &history).unwrap();
        let stored = market.stored(aggregate_type.name(), id);
        assert_eq!(aggregate_type.difference(&stored.state, &replayed.unwrap()), None);
        assert_eq!(version, stored.version);
        let document = aggregate_type.encode_state(&stored.state).unwrap();
        let read = aggregate_type.decode_state(document.schema_version, &document.json).unwrap();
        assert_eq!(aggregate_type.difference(&stored.state, &read), None);
    }
}
