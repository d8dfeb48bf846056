//! A market in memory behind the router, and requests to it.

mod answer;
mod socket;
mod store;
mod views;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use portolan_application::{Market, Views, projections, wire};
use portolan_http::{Health, Http, Limits, Part, Shutdown, router};
use portolan_kernel::{Journal, Position, WriteSide};
use portolan_runtime::Mediator;
use portolan_runtime::middleware::{Limits as ChainLimits, standard};
use portolan_testkit::{ManualClock, SequentialIds};
use serde_json::{Value, json};
use tower::ServiceExt;

pub(crate) use answer::Answer;
pub(crate) use socket::{Client, Server};
pub(crate) use store::{Script, Scripted};
use views::Rows;

pub(crate) const LISTING: &str = "0190a000-0000-7000-8000-000000000001";
pub(crate) const ORDER: &str = "0190a000-0000-7000-8000-000000000002";
pub(crate) const SELLER: &str = "0190a000-0000-7000-8000-00000000000a";
pub(crate) const ALICE: &str = "0190a000-0000-7000-8000-00000000000b";
pub(crate) const BOB: &str = "0190a000-0000-7000-8000-00000000000c";

/// A market of its own, with everything that a test turns.
pub(crate) struct Fixture {
    pub(crate) router: Router,
    pub(crate) store: Arc<Scripted>,
    pub(crate) clock: ManualClock,
    pub(crate) shutdown: Shutdown,
    pub(crate) is_ready: Arc<AtomicBool>,
    listings: Arc<Rows<projections::ListingProjector>>,
    orders: Arc<Rows<projections::OrderProjector>>,
    customers: Arc<Rows<projections::CustomerProjector>>,
    totals: Arc<Rows<projections::TotalsProjector>>,
}

impl Fixture {
    pub(crate) fn new() -> Self {
        Self::with(Limits::default())
    }

    pub(crate) fn with(limits: Limits) -> Self {
        let clock = ManualClock::default();
        let ids = Arc::new(SequentialIds::new(1));
        let store = Arc::new(Scripted::new(wire::registry(), Arc::new(clock.clone())));
        let listings = Arc::new(Rows::new(projections::ListingProjector));
        let orders = Arc::new(Rows::new(projections::OrderProjector));
        let customers = Arc::new(Rows::new(projections::CustomerProjector));
        let totals = Arc::new(Rows::new(projections::TotalsProjector));
        let views = Views {
            listings: Arc::clone(&listings) as _,
            orders: Arc::clone(&orders) as _,
            customers: Arc::clone(&customers) as _,
            totals: Arc::clone(&totals) as _,
        };
        let side = WriteSide::new(Arc::clone(&store) as _, wire::registry(), Arc::clone(&ids) as _);
        let shutdown = Shutdown::new();
        let is_ready = Arc::new(AtomicBool::new(true));
        let router = router(Http {
            mediator: Mediator::new(Market::new(views), side, standard(ids, ChainLimits::default())),
            journal: Arc::clone(&store) as _,
            clock: Arc::new(clock.clone()),
            health: Arc::new(Parts(Arc::clone(&is_ready))),
            outcomes_kept: Duration::from_secs(7 * 24 * 60 * 60),
            limits,
            shutdown: shutdown.clone(),
        });
        Self { router, store, clock, shutdown, is_ready, listings, orders, customers, totals }
    }

    /// A market with one published listing: asking 10.00 EUR, increment 1.00 EUR, no reserve, an hour to go.
    pub(crate) async fn published() -> Self {
        let market = Self::new();
        market.publish().await;
        market
    }

    pub(crate) async fn publish(&self) {
        self.post("/listings", &draft()).await.expect(201);
        self.post(&format!("/listings/{LISTING}/publish"), &Value::Null).await.expect(200);
    }

    /// A market with one pending order without an address.
    pub(crate) async fn ordered() -> Self {
        let market = Self::new();
        market.post("/orders", &order()).await.expect(201);
        market
    }

    /// Brings the views to the journal's head, and answers it.
    pub(crate) async fn catch_up(&self) -> Position {
        let rows = self.store.read(Position::ZERO, 10_000).await.unwrap();
        self.listings.fill(&rows);
        self.orders.fill(&rows);
        self.customers.fill(&rows);
        self.totals.fill(&rows);
        rows.last().map_or(Position::ZERO, |row| row.position)
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], &Value::Null).await
    }

    pub(crate) async fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.send("GET", path, headers, &Value::Null).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send("POST", path, &[], body).await
    }

    pub(crate) async fn post_with(&self, path: &str, headers: &[(&str, &str)], body: &Value) -> Answer {
        self.send("POST", path, headers, body).await
    }

    /// Null is no body.
    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = match body {
            Value::Null => Body::empty(),
            body => {
                request = request.header("content-type", "application/json");
                Body::from(body.to_string())
            }
        };
        self.request(request.body(body).unwrap()).await
    }

    pub(crate) async fn request(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        Answer::of(response).await
    }
}

struct Parts(Arc<AtomicBool>);

impl Health for Parts {
    fn parts(&self) -> Vec<Part> {
        vec![Part {
            name: "listings".into(),
            state: "catching_up".into(),
            is_ready: self.0.load(Ordering::SeqCst),
            position: Some(Position(1)),
        }]
    }

    fn commands_waiting(&self) -> Option<usize> {
        Some(3)
    }
}

pub(crate) fn eur(amount: i64) -> Value {
    json!({ "amount": amount, "currency": "EUR" })
}

pub(crate) fn draft() -> Value {
    json!({
        "id": LISTING, "seller": SELLER, "title": "A lamp", "description": "Brass.",
        "asking": eur(1000), "increment": eur(100), "ends_at": "2026-01-05T11:42:23.612654Z",
    })
}

pub(crate) fn bid(bidder: &str, ceiling: i64) -> Value {
    json!({ "bidder": bidder, "ceiling": eur(ceiling) })
}

pub(crate) fn order() -> Value {
    json!({
        "id": ORDER, "customer": ALICE,
        "lines": [
            { "sku": "A/1", "description": "A lamp", "quantity": 2, "unit_price": eur(1000) },
            { "sku": "B", "description": "A bulb", "quantity": 1, "unit_price": eur(50) },
        ],
    })
}

pub(crate) fn address() -> Value {
    json!({ "name": "A", "street": "1 Pier", "city": "Lisboa", "country": "PT" })
}
