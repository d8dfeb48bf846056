//! Health and metrics.

use std::sync::atomic::Ordering;

use serde_json::{Value, json};

use crate::support::{ALICE, Fixture, LISTING, bid};

#[tokio::test]
async fn the_process_lives_and_is_ready_when_every_part_is() {
    let market = Fixture::published().await;
    assert_eq!(market.get("/health/live").await.expect(200).json(), json!({ "status": "live" }));
    let ready = market.get("/health/ready").await.expect(200).json();
    let expected = json!({
        "status": "ready", "head": 2,
        "parts": [
            { "name": "journal", "state": "running", "ready": true, "position": 2, "lag": 0 },
            { "name": "listings", "state": "catching_up", "ready": true, "position": 1, "lag": 1 },
        ],
    });
    assert_eq!(ready, expected);
    market.is_ready.store(false, Ordering::SeqCst);
    assert_eq!(market.get("/health/ready").await.expect(503).json()["status"], "not_ready");
}

#[tokio::test]
async fn a_journal_that_cannot_be_read_and_an_end_make_unready() {
    let market = Fixture::new();
    market.store.next_read_of_the_journal(portolan_kernel::Error::unavailable("away"));
    let body = market.get("/health/ready").await.expect(503).json();
    assert_eq!((&body["head"], &body["parts"][0]["state"]), (&Value::Null, &json!("unavailable")));
    market.shutdown.begin();
    assert_eq!(market.get("/health/ready").await.expect(503).json()["status"], "ending");
}

#[tokio::test]
async fn requests_and_commands_are_counted_by_template_and_code() {
    let market = Fixture::published().await;
    market.post(&format!("/listings/{LISTING}/bids"), &bid(ALICE, 1)).await.problem(422, "too_low");
    market.send("BREW", "/nowhere/at/all", &[], &Value::Null).await.problem(404, "not_found");
    let page = market.get("/metrics").await.expect(200);
    assert!(page.header("content-type").starts_with("application/openmetrics-text"));
    for line in [
        "portolan_http_requests_total{method=\"POST\",route=\"/listings/{id}/bids\",status=\"422\"} 1",
        "portolan_http_requests_total{method=\"other\",route=\"none\",status=\"404\"} 1",
        "portolan_http_request_duration_seconds_count{method=\"POST\",route=\"/listings\"} 1",
        "portolan_commands_total{command=\"place_bid\",outcome=\"too_low\"} 1",
        "portolan_commands_total{command=\"draft_listing\",outcome=\"accepted\"} 1",
        "portolan_journal_head 2",
        "portolan_position{part=\"listings\"} 1",
        "portolan_lag{part=\"listings\"} 1",
        "portolan_commands_waiting 3",
    ] {
        assert!(page.text.lines().any(|found| found == line), "{line} is not in\n{}", page.text);
    }
    assert!(page.text.ends_with("# EOF\n"));
    assert!(!page.text.contains(LISTING) && !page.text.contains("nowhere"));
}

#[tokio::test]
async fn every_answer_forbids_guessing_its_type() {
    let market = Fixture::new();
    for path in ["/health/live", "/nowhere", "/docs", "/openapi.json", "/listings"] {
        assert_eq!(market.get(path).await.header("x-content-type-options"), "nosniff");
    }
}
