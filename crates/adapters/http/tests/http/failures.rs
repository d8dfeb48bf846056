//! What a store can do to a request, and what a bug can.

use portolan_domain::{Listing, ListingId};
use portolan_kernel::{AggregateKey, Error};
use serde_json::json;

use crate::support::{ALICE, Answer, Fixture, LISTING, Script, bid};

async fn bid_with(script: Script) -> (Fixture, Answer) {
    let market = Fixture::published().await;
    market.store.next_commit(script);
    let answer = market.post(&format!("/listings/{LISTING}/bids"), &bid(ALICE, 2000)).await;
    (market, answer)
}

#[tokio::test]
async fn a_full_queue_is_429_with_retry_after() {
    let (_, answer) = bid_with(Script::Fail(Error::Full("the queue of the writer".to_owned()))).await;
    answer.problem(429, "full");
    assert_eq!(answer.header("retry-after"), "1");
}

#[tokio::test]
async fn an_unavailable_store_is_503_with_retry_after_and_keeps_its_words_for_the_operator() {
    let (_, answer) = bid_with(Script::Fail(Error::unavailable("disk /var/lib/x is gone"))).await;
    answer.problem(503, "unavailable");
    assert_eq!(answer.header("retry-after"), "1");
    assert!(!answer.text.contains("/var/lib"));
}

#[tokio::test]
async fn an_unknown_outcome_says_so() {
    let (_, answer) = bid_with(Script::Fail(Error::outcome_unknown("the connection broke"))).await;
    assert_eq!(answer.problem(503, "unavailable")["outcome_unknown"], true);
}

#[tokio::test(start_paused = true)]
async fn a_conflict_that_does_not_end_is_409() {
    let market = Fixture::published().await;
    let id: ListingId = LISTING.parse().unwrap();
    for _ in 0..20 {
        let key = AggregateKey::of::<Listing>(id);
        let conflict =
            Error::conflict(key, Some(portolan_kernel::Version(2)), Some(portolan_kernel::Version(3)));
        market.store.next_commit(Script::Fail(conflict));
    }
    let answer = market.post(&format!("/listings/{LISTING}/bids"), &bid(ALICE, 2000)).await;
    let problem = answer.problem(409, "conflict");
    assert_eq!((&problem["expected"], &problem["actual"]), (&json!(2), &json!(3)));
}

#[tokio::test]
async fn a_panic_is_500_with_a_trace_id_and_nothing_of_the_inside_and_the_next_request_works() {
    let (market, answer) = bid_with(Script::Panic).await;
    let problem = answer.problem(500, "internal");
    assert_eq!(problem["trace_id"].as_str().unwrap().len(), 32);
    assert!(!answer.text.contains("secret"));
    market.post(&format!("/listings/{LISTING}/bids"), &bid(ALICE, 2000)).await.expect(200);
}

#[tokio::test]
async fn a_bug_is_500_under_the_trace_id_that_the_caller_gave() {
    let market = Fixture::published().await;
    market.store.next_commit(Script::Fail(Error::Invalid("row 7 of table x is odd".to_owned())));
    let traceparent = [("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")];
    let answer =
        market.post_with(&format!("/listings/{LISTING}/bids"), &traceparent, &bid(ALICE, 2000)).await;
    assert_eq!(answer.problem(500, "internal")["trace_id"], "4bf92f3577b34da6a3ce929d0e0e4736");
    assert!(!answer.text.contains("table"));
}

#[tokio::test]
async fn a_history_that_cannot_be_read_is_503() {
    let market = Fixture::published().await;
    market.store.next_read_of_the_journal(Error::unavailable("away"));
    market.get(&format!("/listings/{LISTING}/events")).await.problem(503, "unavailable");
}
