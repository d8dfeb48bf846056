//! Reads: how new they are, and histories.

use std::time::Duration;

use portolan_kernel::Position;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::support::{ALICE, BOB, Fixture, LISTING, ORDER, bid};

#[tokio::test(start_paused = true)]
async fn a_view_that_is_behind_is_503_stale_after_the_wait() {
    let market = Fixture::published().await;
    let path = format!("/listings/{LISTING}");
    for (headers, waited) in [
        (vec![("portolan-at-least", "2")], 2),
        (vec![("portolan-at-least", "2"), ("prefer", "wait=5")], 5),
        (vec![("portolan-at-least", "2"), ("prefer", "wait=900")], 30),
        (vec![("portolan-at-least", "2"), ("prefer", "wait=0")], 0),
    ] {
        for path in [path.as_str(), "/listings?count=true"] {
            let began = Instant::now();
            let answer = market.get_with(path, &headers).await;
            let problem = answer.problem(503, "stale");
            assert_eq!((&problem["have"], &problem["want"]), (&json!(0), &json!(2)));
            assert_eq!(answer.header("retry-after"), "1");
            assert_eq!(began.elapsed().as_secs(), waited);
        }
    }
    market.get_with(&path, &[("portolan-at-least", "soon")]).await.problem(400, "malformed");
}

#[tokio::test(start_paused = true)]
async fn a_read_waits_until_the_view_has_come_to_its_position() {
    let market = Fixture::published().await;
    let path = format!("/listings/{LISTING}");
    let headers = [("portolan-at-least", "2")];
    let filled = async {
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(market.catch_up().await, Position(2));
    };
    let (answer, ()) = tokio::join!(market.get_with(&path, &headers), filled);
    assert_eq!(answer.expect(200).json()["status"], "published");
}

#[tokio::test]
async fn a_history_is_public_and_comes_in_parts() {
    let market = Fixture::published().await;
    let path = format!("/listings/{LISTING}");
    market.post(&format!("{path}/bids"), &bid(ALICE, 2000)).await.expect(200);
    market.post(&format!("{path}/bids"), &bid(BOB, 3000)).await.expect(200);
    let names = |answer: &Value| -> Vec<String> {
        let items = answer["items"].as_array().unwrap().iter();
        items.map(|item| item["type"].as_str().unwrap().to_owned()).collect()
    };
    let whole = market.get(&format!("{path}/events")).await.expect(200).json();
    assert_eq!(
        names(&whole),
        ["ListingDrafted", "ListingPublished", "BidPlaced", "BidPlaced", "LeaderOutbid"]
    );
    assert_eq!(whole["next"], Value::Null);
    let first = market.get(&format!("{path}/events?limit=3")).await.expect(200);
    assert_eq!(first.header("link"), format!("<{path}/events?limit=3&after=3>; rel=\"next\""));
    assert_eq!((names(&first.json()).len(), &first.json()["next"]), (3, &json!(3)));
    let rest = market.get(&format!("{path}/events?limit=3&after=3")).await.expect(200);
    assert_eq!((names(&rest.json()).len(), &rest.json()["next"]), (2, &Value::Null));
    assert!(!rest.headers.contains_key("link"));
    let beyond = market.get(&format!("{path}/events?after=99")).await.expect(200).json();
    assert_eq!(beyond["items"], json!([]));
    // A listing's history is no order's.
    market.get(&format!("/orders/{LISTING}/events")).await.problem(404, "not_found");
    for wrong in ["limit=0", "limit=201", "after=x"] {
        market.get(&format!("{path}/events?{wrong}")).await.problem(400, "invalid");
    }
}

#[tokio::test]
async fn an_order_has_a_history_too() {
    let market = Fixture::ordered().await;
    let history = market.get(&format!("/orders/{ORDER}/events")).await.expect(200).json();
    assert_eq!(history["items"][0]["type"], "OrderPlaced");
    assert_eq!(history["items"][0]["version"], 1);
}

#[tokio::test]
async fn a_head_request_says_what_a_get_would() {
    let market = Fixture::published().await;
    market.catch_up().await;
    let answer = market.send("HEAD", &format!("/listings/{LISTING}"), &[], &Value::Null).await.expect(200);
    assert_eq!((answer.header("etag"), &*answer.text), ("\"2\"", ""));
}
