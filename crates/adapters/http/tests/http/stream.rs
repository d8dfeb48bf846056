//! The stream of events.

use axum::body::{Body, BodyDataStream};
use axum::http::Request;
use futures_util::StreamExt;
use portolan_testkit::witness::within;
use serde_json::Value;
use tower::ServiceExt;

use crate::support::{ALICE, Fixture, LISTING, bid};

struct Stream {
    parts: BodyDataStream,
    text: String,
}

impl Stream {
    async fn open(market: &Fixture, last_event_id: Option<&str>) -> Self {
        let mut request = Request::get("/events");
        if let Some(id) = last_event_id {
            request = request.header("last-event-id", id);
        }
        let response = market.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        let mut stream = Self { parts: response.into_body().into_data_stream(), text: String::new() };
        assert!(stream.block().await.unwrap().contains("retry: "));
        stream
    }

    /// The next block of lines; `None` at the end of the stream.
    async fn block(&mut self) -> Option<String> {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let block = block.to_owned();
                self.text = rest.to_owned();
                return Some(block);
            }
            let part = within("a part of the stream", self.parts.next()).await.unwrap()?;
            self.text += std::str::from_utf8(&part.unwrap()).unwrap();
        }
    }

    async fn event(&mut self) -> (String, String, Value) {
        let block = self.block().await.unwrap();
        let mut lines = block.lines();
        let mut field = |name: &str| lines.next().unwrap().strip_prefix(name).unwrap().to_owned();
        let (id, name, data) = (field("id: "), field("event: "), field("data: "));
        (id, name, serde_json::from_str(&data).unwrap())
    }
}

#[tokio::test]
async fn a_stream_shows_what_happens_from_now_on_without_secrets() {
    let market = Fixture::published().await;
    let mut stream = Stream::open(&market, None).await;
    let bids = format!("/listings/{LISTING}/bids");
    let body = bid(ALICE, 987_654);
    let (placed, event) = tokio::join!(market.post(&bids, &body), stream.event());
    placed.expect(200);
    let (id, name, data) = event;
    assert_eq!((&*id, &*name), ("3", "BidPlaced"));
    assert_eq!((&data["position"], &data["id"]), (&Value::from(3), &Value::from(LISTING)));
    assert!(!data.to_string().contains("987654"));
}

#[tokio::test]
async fn a_stream_resumes_behind_the_last_event_that_the_client_has() {
    let market = Fixture::published().await;
    let mut stream = Stream::open(&market, Some("1")).await;
    assert_eq!(stream.event().await.1, "ListingPublished");
    let mut stream = Stream::open(&market, Some("0")).await;
    assert_eq!(stream.event().await.1, "ListingDrafted");
    assert_eq!(stream.event().await.0, "2");
}

#[tokio::test]
async fn an_id_that_is_no_position_is_400() {
    let market = Fixture::new();
    market.get_with("/events", &[("last-event-id", "x")]).await.problem(400, "malformed");
}

#[tokio::test]
async fn a_stream_ends_with_the_service() {
    let market = Fixture::new();
    let mut stream = Stream::open(&market, None).await;
    let (end, ()) = tokio::join!(stream.block(), async { market.shutdown.begin() });
    assert_eq!(end, None);
}

#[tokio::test(start_paused = true)]
async fn an_idle_stream_says_that_it_lives() {
    let market = Fixture::new();
    let mut stream = Stream::open(&market, None).await;
    // The clock of this test goes as fast as everybody waits.
    let part = tokio::time::timeout(std::time::Duration::from_secs(16), stream.parts.next()).await;
    assert_eq!(part.unwrap().unwrap().unwrap(), ":\n\n");
}

#[tokio::test]
async fn a_client_that_takes_nothing_makes_nobody_read_for_it() {
    let market = Fixture::published().await;
    let bids = format!("/listings/{LISTING}/bids");
    for raise in 0..200 {
        market.post(&bids, &bid(ALICE, 2000 + raise)).await.expect(200);
    }
    let mut stream = Stream::open(&market, Some("0")).await;
    // Only what is asked for is read: the first part is one batch, not the whole journal.
    let part = within("a part", stream.parts.next()).await.unwrap().unwrap().unwrap();
    let events = std::str::from_utf8(&part).unwrap().matches("\nevent: ").count();
    assert!(events < 100, "{events} events at once");
}

#[tokio::test]
async fn a_part_of_large_events_ends_early_and_the_next_goes_on() {
    let market = Fixture::published().await;
    let id = "00000000-0000-4000-8000-00000000f00d";
    let draft = serde_json::json!({ "id": id, "seller": ALICE, "title": "A lamp", "description": "",
        "asking": { "amount": 1, "currency": "EUR" }, "increment": { "amount": 1, "currency": "EUR" },
        "ends_at": "2030-01-01T00:00:00Z" });
    market.post("/listings", &draft).await.expect(201);
    let text = "x".repeat(4_000);
    for number in 0..60 {
        let revised = serde_json::json!({ "title": format!("Lamp {number}"), "description": text });
        market.send("PATCH", &format!("/listings/{id}"), &[], &revised).await.expect(200);
    }
    let mut stream = Stream::open(&market, Some("3")).await;
    let mut came = String::new();
    while !came.contains("Lamp 59") {
        let part = within("a part", stream.parts.next()).await.unwrap().unwrap().unwrap();
        assert!(part.len() < 70_000, "{} bytes at once", part.len());
        came += std::str::from_utf8(&part).unwrap();
    }
    let ids: Vec<_> = came.lines().filter_map(|line| line.strip_prefix("id: ")).collect();
    assert_eq!(ids, (4..=63).map(|position| position.to_string()).collect::<Vec<_>>());
}
