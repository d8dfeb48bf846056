//! Conditional requests: `If-Match`, `If-None-Match`.

use serde_json::{Value, json};

use crate::support::{ALICE, Fixture, LISTING, bid, draft};

#[tokio::test]
async fn a_stale_version_is_412_and_changes_nothing() {
    let market = Fixture::published().await;
    let bids = format!("/listings/{LISTING}/bids");
    let stale = market.post_with(&bids, &[("if-match", "\"1\"")], &bid(ALICE, 2000)).await;
    let problem = stale.problem(412, "precondition_failed");
    assert_eq!((&problem["expected"], &problem["actual"]), (&json!(1), &json!(2)));
    market.post_with(&bids, &[("if-match", "\"2\"")], &bid(ALICE, 2000)).await.expect(200);
    market.post_with(&bids, &[("if-match", "*")], &bid(ALICE, 2500)).await.expect(200);
}

#[tokio::test]
async fn a_tag_that_no_version_has_is_412_and_one_that_is_no_tag_is_400() {
    let market = Fixture::published().await;
    let path = format!("/listings/{LISTING}/bids");
    for tag in ["W/\"2\"", "\"two\""] {
        market
            .post_with(&path, &[("if-match", tag)], &bid(ALICE, 2000))
            .await
            .problem(412, "precondition_failed");
    }
    for wrong in ["2", "\"2\", \"3\""] {
        market.post_with(&path, &[("if-match", wrong)], &bid(ALICE, 2000)).await.problem(400, "malformed");
    }
}

#[tokio::test]
async fn what_is_yet_to_be_made_is_at_no_version() {
    let market = Fixture::new();
    market
        .post_with("/listings", &[("if-match", "\"1\"")], &draft())
        .await
        .problem(412, "precondition_failed");
    let missing = format!("/listings/{LISTING}/publish");
    market.post_with(&missing, &[("if-match", "\"1\"")], &Value::Null).await.problem(404, "not_found");
}

#[tokio::test]
async fn a_row_that_the_caller_has_is_304() {
    let market = Fixture::published().await;
    market.catch_up().await;
    let path = format!("/listings/{LISTING}");
    for known in ["\"2\"", "W/\"2\"", "\"1\", \"2\"", "*"] {
        let answer = market.get_with(&path, &[("if-none-match", known)]).await.expect(304);
        assert_eq!((answer.header("etag"), &*answer.text), ("\"2\"", ""));
    }
    market.get_with(&path, &[("if-none-match", "\"1\"")]).await.expect(200);
    market.get_with(&path, &[("if-none-match", "2")]).await.problem(400, "malformed");
}

#[tokio::test]
async fn a_retry_with_a_key_gets_its_first_answer_though_the_version_has_moved_on() {
    let market = Fixture::published().await;
    let bids = format!("/listings/{LISTING}/bids");
    let headers = [("if-match", "\"2\""), ("idempotency-key", "k")];
    let first = market.post_with(&bids, &headers, &bid(ALICE, 2000)).await.expect(200);
    let again = market.post_with(&bids, &headers, &bid(ALICE, 2000)).await.expect(200);
    assert_eq!(first.text, again.text);
}
