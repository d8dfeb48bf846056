//! The stored shape of everything, pinned: a change of shape must show, because old journals are read for ever.
//!
//! `PORTOLAN_BLESS=1 cargo test -p portolan-application golden` writes the files anew; look at the difference.

use std::path::PathBuf;

use portolan_domain::{Listing, Order, listing, order};
use portolan_kernel::{Aggregate, Codec, Encoded, Error, Position, Recorded, Version};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{ListingCodec, MarketEvent, OrderCodec, PublicEvent};
use crate::testing::{address, at, basket, eur, lamp, party};

#[track_caller]
fn pinned(name: &str, shape: &Value) {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/wire").join(name);
    let text = serde_json::to_string_pretty(shape).unwrap() + "\n";
    if std::env::var_os("PORTOLAN_BLESS").is_some() {
        std::fs::write(&file, &text).unwrap();
    }
    let golden = std::fs::read_to_string(&file).unwrap();
    assert_eq!(golden, text, "the stored shape has changed: {}", file.display());
}

fn listing_events() -> Vec<listing::Event> {
    use listing::Event::*;
    vec![
        ListingDrafted {
            listing: lamp(),
            seller: party(1),
            title: "a \"lamp\"\n".into(),
            description: "東京 \u{1f3ee}".into(),
            asking: eur(10),
            increment: eur(1),
            reserve: Some(eur(777_771).into()),
            ends_at: at(172_800),
        },
        ListingRevised { title: "a lamp".into(), description: "".into() },
        ListingPublished { price: eur(10), next_minimum: eur(10), ends_at: at(172_800) },
        BidPlaced {
            bidder: party(2),
            ceiling: eur(777_772).into(),
            number: 1,
            price: eur(10),
            leader: party(2),
            bids: 1,
            next_minimum: eur(11),
        },
        LeaderOutbid { previous: party(2), leader: party(3), price: eur(30) },
        BidRetracted { bidder: party(2), price: eur(10), leader: None, bids: 0, next_minimum: eur(10) },
        BidRetracted {
            bidder: party(2),
            price: eur(9),
            leader: Some(party(3)),
            bids: 1,
            next_minimum: eur(10),
        },
        ListingSold { winner: party(3), price: eur(30), title: "a lamp".into(), bids: 2 },
        ListingUnsold { price: eur(10), bids: 0 },
        ListingWithdrawn { price: eur(10), bids: 0 },
    ]
}

fn order_events() -> Vec<order::Event> {
    use order::Event::*;
    let (customer, total) = (party(2), eur(25));
    let line = |sku: &str, quantity| order::Line {
        sku: sku.into(),
        description: "Ærø \\ \"x\"".into(),
        quantity,
        unit_price: eur(5),
    };
    let placed = |address| OrderPlaced {
        order: basket(),
        customer,
        lines: [line("lamp", 4), line("vase", 1)].into(),
        address,
        items: 5,
        total,
        placed_at: at(0),
    };
    vec![
        placed(None),
        placed(Some(address("Berlin", "DE"))),
        OrderLineChanged { sku: "lamp".into(), quantity: 3, items: 4, total: eur(20) },
        OrderLineRemoved { sku: "vase".into(), items: 3, total: eur(15) },
        OrderAddressSet { address: address("Porto", "PT") },
        OrderPaid { customer, total },
        OrderShipped { customer, total, tracking: "T1".into() },
        OrderDelivered { customer, total },
        OrderCancelled { customer, total, was: order::Status::Paid },
    ]
}

/// Encodes each, reads it back, and answers the shapes in order.
fn shapes<A: Aggregate>(codec: &impl Codec<A>, events: &[A::Event]) -> Vec<Value> {
    let shape = |event: &A::Event| {
        let Encoded { name, schema_version, json } = codec.encode_event(event).unwrap();
        assert_eq!(&codec.decode_event(name, schema_version, &json).unwrap(), event);
        json!({"type": name, "schema_version": schema_version, "payload": parsed(&json)})
    };
    events.iter().map(shape).collect()
}

/// The states on the way through a history, encoded and read back.
fn states<A: Aggregate>(codec: &impl Codec<A>, events: &[A::Event]) -> Vec<Value> {
    let mut state = A::create(&events[0]).unwrap();
    let mut shapes = Vec::new();
    for event in events {
        state.apply(event);
        let Encoded { name, schema_version, json } = codec.encode_state(&state).unwrap();
        assert_eq!(name, "");
        assert_eq!(codec.decode_state(schema_version, &json).unwrap(), state);
        shapes.push(json!({"schema_version": schema_version, "document": parsed(&json)}));
    }
    shapes
}

fn parsed(json: &str) -> Value {
    serde_json::from_str(json).unwrap()
}

#[test]
fn the_stored_shape_of_listings_is_pinned() {
    let events = listing_events();
    assert!(listing::Event::NAMES.iter().all(|name| events.iter().any(|event| event.name() == *name)));
    let states: Vec<_> = states::<Listing>(&ListingCodec, &events[..4]);
    pinned("listing.json", &json!({"events": shapes::<Listing>(&ListingCodec, &events), "states": states}));
}

#[test]
fn the_stored_shape_of_orders_is_pinned() {
    let events = order_events();
    assert!(order::Event::NAMES.iter().all(|name| events.iter().any(|event| event.name() == *name)));
    let states: Vec<_> = states::<Order>(&OrderCodec, &events[1..7]);
    pinned("order.json", &json!({"events": shapes::<Order>(&OrderCodec, &events), "states": states}));
}

#[test]
fn the_public_shape_is_pinned_and_holds_no_ceiling_and_no_reserve() {
    let listings = listing_events().into_iter().map(|event| MarketEvent::Listing(lamp(), event));
    let orders = order_events().into_iter().map(|event| MarketEvent::Order(basket(), event));
    let removals = [MarketEvent::ListingRemoved(lamp()), MarketEvent::OrderRemoved(basket())];
    let events = listings.chain(orders).chain(removals);
    let shapes: Vec<_> = events
        .map(|event| {
            let recorded = Recorded {
                position: Position(7),
                event_id: Uuid::from_u128(9),
                aggregate_id: event.key().id,
                version: Version(3),
                occurred_at: at(0),
                recorded_at: at(1),
                metadata: "{}".into(),
                event,
            };
            serde_json::to_value(PublicEvent::of(&recorded)).unwrap()
        })
        .collect();
    let text = json!(shapes).to_string();
    assert!(!text.contains("77777") && !text.contains("ceiling") && !text.contains("reserve"));
    pinned("public.json", &json!(shapes));
}

#[test]
fn an_unknown_schema_version_or_event_is_refused_by_name() {
    let Encoded { name, schema_version, json } = ListingCodec.encode_event(&listing_events()[3]).unwrap();
    let refused = |result: Result<listing::Event, Error>| match result {
        Err(Error::Invalid(message)) => message,
        other => panic!("{other:?}"),
    };
    assert!(refused(ListingCodec.decode_event(name, 0, &json)).contains("schema version 0 of BidPlaced"));
    assert!(refused(ListingCodec.decode_event(name, 2, &json)).contains("schema version 2 of BidPlaced"));
    assert!(refused(ListingCodec.decode_event("BidEaten", schema_version, &json)).contains("`BidEaten`"));
    let state = Listing::create(&listing_events()[0]).unwrap();
    let document = ListingCodec.encode_state(&state).unwrap().json;
    assert!(ListingCodec.decode_state(2, &document).is_err());
    assert!(OrderCodec.decode_state(2, "{}").is_err());
    assert!(OrderCodec.decode_event("OrderPaid", 2, "{}").is_err());
}

#[test]
fn a_payload_that_does_not_parse_is_refused_without_its_content() {
    for payload in
        ["", "{}", r#"{"ceiling": "777772"}"#, r#"{"ceiling": {"amount": 777772, "currency": "XXY"}}"#]
    {
        let error = ListingCodec.decode_event("BidPlaced", 1, payload).unwrap_err();
        assert!(!error.to_string().contains("77777"), "{error}");
    }
    let Encoded { json, .. } = ListingCodec.encode_event(&listing_events()[8]).unwrap();
    let more = json.replacen('{', r#"{"more": 1, "#, 1);
    assert!(ListingCodec.decode_event("ListingUnsold", 1, &more).is_err());
}
