//! The life of a listing and of an order, route by route.

use serde_json::{Value, json};

use crate::support::{ALICE, BOB, Fixture, LISTING, ORDER, SELLER, address, bid, draft, eur, order};

#[tokio::test]
async fn a_listing_is_drafted_revised_published_bid_on_and_closed() {
    let market = Fixture::new();
    let drafted = market.post("/listings", &draft()).await.expect(201);
    assert_eq!(drafted.json(), json!({ "id": LISTING, "version": 1, "position": 1 }));
    assert_eq!(drafted.header("location"), format!("/listings/{LISTING}"));
    assert_eq!(drafted.header("portolan-position"), "1");
    assert_eq!(drafted.header("etag"), "\"1\"");
    let path = format!("/listings/{LISTING}");
    let revision = json!({ "title": "A brass lamp" });
    market.send("PATCH", &path, &[], &revision).await.expect(200);
    market.post(&format!("{path}/publish"), &Value::Null).await.expect(200);
    market.post(&format!("{path}/bids"), &bid(ALICE, 3000)).await.expect(200);
    let outbid = market.post(&format!("{path}/bids"), &bid(BOB, 4000)).await.expect(200);
    assert_eq!(outbid.json(), json!({ "id": LISTING, "version": 6, "position": 6 }));
    assert_eq!(outbid.header("portolan-position"), "6");
    market.clock.advance(std::time::Duration::from_secs(60 * 60));
    market.post(&format!("{path}/close"), &json!({})).await.expect(200);
    market.catch_up().await;
    let row = market.get(&path).await.expect(200);
    assert_eq!(row.header("etag"), "\"7\"");
    let expected = json!({
        "id": LISTING, "seller": SELLER, "title": "A brass lamp", "description": "Brass.", "status": "sold",
        "asking": eur(1000), "price": eur(3000), "next_minimum": null, "leader": BOB, "bids": 2,
        "ends_at": "2026-01-05T11:42:23.612654Z", "published_at": "2026-01-05T10:42:23.612654Z",
    });
    assert_eq!(row.json(), expected);
}

#[tokio::test]
async fn a_bid_is_retracted_and_a_listing_withdrawn() {
    let market = Fixture::new();
    let mut long = draft();
    long["ends_at"] = "2026-01-07T11:42:23Z".into();
    market.post("/listings", &long).await.expect(201);
    let path = format!("/listings/{LISTING}");
    market.post(&format!("{path}/publish"), &Value::Null).await.expect(200);
    market.post(&format!("{path}/bids"), &bid(ALICE, 3000)).await.expect(200);
    market.send("DELETE", &format!("{path}/bids/{ALICE}"), &[], &Value::Null).await.expect(200);
    market.post(&format!("{path}/withdraw"), &Value::Null).await.expect(200);
    market.catch_up().await;
    let row = market.get(&path).await.json();
    assert_eq!(
        (&row["status"], &row["bids"], &row["leader"]),
        (&json!("withdrawn"), &json!(0), &Value::Null)
    );
}

#[tokio::test]
async fn an_order_is_placed_changed_paid_shipped_and_delivered() {
    let market = Fixture::new();
    let placed = market.post("/orders", &order()).await.expect(201);
    assert_eq!(placed.header("location"), format!("/orders/{ORDER}"));
    let path = format!("/orders/{ORDER}");
    // A sku is any text; in a path it is escaped.
    let line = format!("{path}/lines/A%2F1");
    market.send("PATCH", &line, &[], &json!({ "quantity": 3 })).await.expect(200);
    market.send("DELETE", &format!("{path}/lines/B"), &[], &Value::Null).await.expect(200);
    market.send("PUT", &format!("{path}/address"), &[], &address()).await.expect(200);
    market.post(&format!("{path}/pay"), &Value::Null).await.expect(200);
    market.post(&format!("{path}/ship"), &json!({ "tracking": "T1" })).await.expect(200);
    market.post(&format!("{path}/deliver"), &Value::Null).await.expect(200);
    market.catch_up().await;
    let expected = json!({
        "id": ORDER, "customer": ALICE, "status": "delivered", "placed_at": "2026-01-05T10:42:23.612654Z",
        "items": 3, "total": eur(3000), "tracking": "T1", "address": address(),
        "lines": [{ "sku": "A/1", "description": "A lamp", "quantity": 3, "unit_price": eur(1000) }],
    });
    assert_eq!(market.get(&path).await.expect(200).json(), expected);
    let customer = market.get(&format!("/customers/{ALICE}")).await.expect(200).json();
    assert_eq!((&customer["orders"]["delivered"], &customer["spent"]), (&json!(1), &json!([eur(3000)])));
    let totals = market.get("/totals").await.expect(200).json();
    assert_eq!(totals["items"][0]["id"], "2026-01-05/EUR");
    assert_eq!(totals["items"][0]["orders_shipped"], 1);
}

#[tokio::test]
async fn an_order_is_cancelled() {
    let market = Fixture::ordered().await;
    market.post(&format!("/orders/{ORDER}/cancel"), &Value::Null).await.expect(200);
    market.catch_up().await;
    assert_eq!(market.get(&format!("/orders/{ORDER}")).await.json()["status"], "cancelled");
}

#[tokio::test]
async fn an_id_that_is_not_given_is_made() {
    let market = Fixture::new();
    let mut nameless = draft();
    nameless.as_object_mut().unwrap().remove("id");
    let first = market.post("/listings", &nameless).await.expect(201);
    let second = market.post("/listings", &nameless).await.expect(201);
    assert_ne!(first.header("location"), second.header("location"));
    market.catch_up().await;
    market.get(first.header("location")).await.expect(200);
}

#[tokio::test]
async fn a_trace_goes_on_into_the_journal() {
    let market = Fixture::new();
    let traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    market.post_with("/listings", &[("traceparent", traceparent)], &draft()).await.expect(201);
    assert_eq!(market.store.last_metadata().await.traceparent.as_deref(), Some(traceparent));
}
