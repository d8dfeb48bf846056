//! `http`: bids over 64 kept-alive connections, against bare axum in front of the batched twin.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use axum::serve::ListenerExt as _;
use portolan_http::{Http, Limits, Shutdown};
use serde::Deserialize;
use tokio::net::TcpListener;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::client::Connection;
use super::{CALLERS, Done, Samples};
use crate::Plan;
use crate::ground::Ground;
use crate::market::Market as _;
use crate::measure::{self, Sample};
use crate::portolan::{COMMANDS, Portolan, config};
use crate::twin::Receipt;
use crate::twin::batched::Batched;
use crate::work::{self, Bid};

/// What is compared: commands alone, as the twin does; all that `serve` runs; and the twin.
const SYSTEMS: [&str; 3] = [Portolan::NAME, "serve", "bare"];

/// All three, run after run.
///
/// # Errors
/// Those of the stores and of the network.
pub(super) async fn compare(plan: &Plan) -> Done {
    let ground = Ground::make(&plan.place).await?;
    let commands = plan.commands as usize;
    let mut samples = Samples::of(plan, &SYSTEMS);
    for seed in 0..plan.runs {
        let requests: Arc<[Vec<u8>]> =
            (0..commands).map(|number| request(&work::bid(seed, number, work::LISTINGS))).collect();
        for system in samples.order(seed) {
            let (fresh, name) = (ground.fresh()?, SYSTEMS[system]);
            let requests = Arc::clone(&requests);
            let sample = match system {
                0 => portolan(name, Portolan::open(&fresh.path(), COMMANDS).await?, requests).await?,
                1 => portolan(name, Portolan::serve(&fresh.path()).await?, requests).await?,
                _ => bare(name, Batched::open(&fresh.path())?, requests).await?,
            };
            samples.take(system, commands, sample)?;
        }
    }
    samples.compare();
    Ok(())
}

/// The real router, with the real limits, served as `serve` does.
async fn portolan(name: &'static str, portolan: Portolan, requests: Arc<[Vec<u8>]>) -> Done<Sample> {
    let (listener, address) = listen().await?;
    let app = portolan.app();
    let shutdown = Shutdown::new();
    let http = Http {
        mediator: app.mediator().clone(),
        journal: app.journal(),
        clock: app.shared_clock(),
        health: app.health(),
        outcomes_kept: config(std::path::Path::new("")).idempotency(),
        limits: Limits::default(),
        shutdown: shutdown.clone(),
    };
    let limits = http.limits;
    let router = portolan_http::router(http);
    let server = tokio::spawn(portolan_http::serve(listener, router, limits, shutdown.clone()));
    let sample = post_all(name, address, requests).await;
    shutdown.begin();
    server.await?;
    portolan.close().await;
    sample
}

/// One route, nothing else.
async fn bare(name: &'static str, twin: Batched, requests: Arc<[Vec<u8>]>) -> Done<Sample> {
    let (listener, address) = listen().await?;
    // A command's answer is one small packet that nobody should wait for.
    let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
    let router = axum::Router::new().route("/listings/{id}/bids", post(place_bid)).with_state(twin.clone());
    let server: JoinHandle<_> = tokio::spawn(async move { axum::serve(listener, router).await });
    let sample = post_all(name, address, requests).await;
    server.abort();
    // Its end is what was asked for.
    let _ = server.await;
    twin.close().await;
    sample
}

#[derive(Deserialize)]
struct Body {
    bidder: Uuid,
    ceiling: Ceiling,
}

#[derive(Deserialize)]
struct Ceiling {
    amount: i64,
    currency: String,
}

async fn place_bid(
    State(twin): State<Batched>,
    Path(listing): Path<Uuid>,
    headers: HeaderMap,
    Json(body): Json<Body>,
) -> Result<Json<Receipt>, StatusCode> {
    let key = headers.get("idempotency-key").and_then(|key| key.to_str().ok());
    let command_id = key.and_then(|key| key.parse().ok()).ok_or(StatusCode::BAD_REQUEST)?;
    if body.ceiling.currency != "EUR" {
        return Err(StatusCode::BAD_REQUEST);
    }
    let bid = Bid { listing, bidder: body.bidder, ceiling: body.ceiling.amount, command_id };
    twin.bid(bid).await.map(Json).ok_or(StatusCode::UNPROCESSABLE_ENTITY)
}

async fn listen() -> std::io::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

/// Every request once, over 64 connections.
async fn post_all(name: &'static str, address: SocketAddr, requests: Arc<[Vec<u8>]>) -> Done<Sample> {
    let mut connections = Vec::with_capacity(CALLERS);
    for _ in 0..CALLERS {
        connections.push(Mutex::new(Connection::open(address).await?));
    }
    let (connections, total) = (Arc::new(connections), requests.len());
    let exchange = move |caller: usize, number: usize| {
        let (connections, requests) = (Arc::clone(&connections), Arc::clone(&requests));
        async move {
            let status = connections[caller].lock().await.exchange(&requests[number]).await;
            status.is_ok_and(|status| status == 200)
        }
    };
    measure::run(name, "http", CALLERS, total, exchange).await
}

/// The bytes of a bid on the wire.
fn request(bid: &Bid) -> Vec<u8> {
    let Bid { listing, bidder, ceiling, command_id } = bid;
    let body = format!(r#"{{"bidder":"{bidder}","ceiling":{{"amount":{ceiling},"currency":"EUR"}}}}"#);
    format!(
        "POST /listings/{listing}/bids HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
         idempotency-key: {command_id}\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}
