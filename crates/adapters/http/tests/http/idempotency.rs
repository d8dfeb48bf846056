//! `Idempotency-Key`: the same request again gets the first answer again.

use std::sync::Arc;
use std::time::Duration;

use portolan_kernel::Error;
use portolan_testkit::witness::within;
use serde_json::Value;
use tokio::sync::Semaphore;

use crate::support::{ALICE, BOB, Fixture, LISTING, Script, bid, draft};

const KEY: [(&str, &str); 1] = [("idempotency-key", "k-1")];

#[tokio::test]
async fn a_retry_gets_the_first_receipt_and_writes_nothing() {
    let market = Fixture::published().await;
    let bids = format!("/listings/{LISTING}/bids");
    let first = market.post_with(&bids, &KEY, &bid(ALICE, 2000)).await.expect(200);
    market.post(&bids, &bid(BOB, 3000)).await.expect(200);
    let again = market.post_with(&bids, &KEY, &bid(ALICE, 2000)).await.expect(200);
    assert_eq!(first.text, again.text);
    assert_eq!(first.header("portolan-position"), again.header("portolan-position"));
}

#[tokio::test]
async fn a_retry_gets_the_first_refusal_though_it_would_be_accepted_now() {
    let market = Fixture::new();
    let publish = format!("/listings/{LISTING}/publish");
    market.post_with(&publish, &KEY, &Value::Null).await.problem(404, "not_found");
    market.post("/listings", &draft()).await.expect(201);
    market.post_with(&publish, &KEY, &Value::Null).await.problem(404, "not_found");
    market.post_with(&publish, &[("idempotency-key", "k-2")], &Value::Null).await.expect(200);
}

#[tokio::test]
async fn the_key_with_another_request_is_422() {
    let market = Fixture::published().await;
    let bids = format!("/listings/{LISTING}/bids");
    market.post_with(&bids, &KEY, &bid(ALICE, 2000)).await.expect(200);
    market.post_with(&bids, &KEY, &bid(ALICE, 2001)).await.problem(422, "idempotency_key_reused");
    let elsewhere = format!("/listings/{LISTING}/close");
    market.post_with(&elsewhere, &KEY, &Value::Null).await.problem(422, "idempotency_key_reused");
}

#[tokio::test]
async fn an_id_made_here_is_the_same_for_a_retry() {
    let market = Fixture::new();
    let mut nameless = draft();
    nameless.as_object_mut().unwrap().remove("id");
    let first = market.post_with("/listings", &KEY, &nameless).await.expect(201);
    let again = market.post_with("/listings", &KEY, &nameless).await.expect(201);
    assert_eq!(first.header("location"), again.header("location"));
    assert_eq!(first.text, again.text);
}

#[tokio::test]
async fn the_same_request_while_the_first_is_running_is_409() {
    let market = Fixture::published().await;
    let (begun, may) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    market.store.next_commit(Script::Hold { begun: Arc::clone(&begun), may: Arc::clone(&may) });
    let bids = format!("/listings/{LISTING}/bids");
    let body = bid(ALICE, 2000);
    let first = market.post_with(&bids, &KEY, &body);
    let second = async {
        begun.acquire().await.unwrap().forget();
        let second = market.post_with(&bids, &KEY, &body).await;
        may.add_permits(1);
        second
    };
    let (first, second) = within("both answers", async { tokio::join!(first, second) }).await.unwrap();
    first.expect(200);
    second.problem(409, "in_progress");
    assert_eq!(second.header("retry-after"), "1");
}

#[tokio::test]
async fn no_outcome_is_kept_where_there_was_none() {
    let market = Fixture::published().await;
    let bids = format!("/listings/{LISTING}/bids");
    market.store.next_commit(Script::Fail(Error::unavailable("the disk is away")));
    market.post_with(&bids, &KEY, &bid(ALICE, 2000)).await.problem(503, "unavailable");
    market.store.next_commit(Script::Fail(Error::Full("the queue".to_owned())));
    market.post_with(&bids, &KEY, &bid(ALICE, 2000)).await.problem(429, "full");
    let malformed = serde_json::json!({ "bidder": ALICE });
    market.post_with(&bids, &KEY, &malformed).await.problem(400, "malformed");
    market.post_with(&bids, &KEY, &bid(ALICE, 2000)).await.expect(200);
}

#[tokio::test]
async fn an_outcome_is_kept_for_seven_days() {
    let market = Fixture::new();
    let publish = format!("/listings/{LISTING}/publish");
    market.post_with(&publish, &KEY, &Value::Null).await.problem(404, "not_found");
    market.clock.advance(Duration::from_secs(7 * 24 * 60 * 60 - 1));
    let mut late = draft();
    late["ends_at"] = "2026-02-05T00:00:00Z".into();
    market.post("/listings", &late).await.expect(201);
    market.post_with(&publish, &KEY, &Value::Null).await.problem(404, "not_found");
    market.clock.advance(Duration::from_secs(2));
    market.post_with(&publish, &KEY, &Value::Null).await.expect(200);
}

#[tokio::test]
async fn a_key_is_1_to_255_visible_characters() {
    let market = Fixture::new();
    for key in ["", "two words", &"k".repeat(256)] {
        market.post_with("/listings", &[("idempotency-key", key)], &draft()).await.problem(400, "malformed");
    }
    let twice = [("idempotency-key", "a"), ("idempotency-key", "b")];
    market.post_with("/listings", &twice, &draft()).await.problem(400, "malformed");
    market.post_with("/listings", &[("idempotency-key", &"k".repeat(255))], &draft()).await.expect(201);
}
