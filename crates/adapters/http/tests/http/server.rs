//! The server on a socket: limits, slow clients, and the end.

use std::sync::Arc;
use std::time::Duration;

use portolan_http::Limits;
use portolan_testkit::witness::eventually;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;

use crate::support::{Client, Script, Server, draft};

/// Short enough for a test, long enough for a busy machine.
const SOON: Duration = Duration::from_millis(150);

const LIVE: &[u8] = b"GET /health/live HTTP/1.1\r\nhost: x\r\n\r\n";

fn post(body: &str) -> String {
    format!(
        "POST /listings HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

#[tokio::test]
async fn requests_share_a_connection_and_are_answered_in_order() {
    let server = Server::start(Limits::default()).await;
    let mut client = server.client().await;
    client.send(&[LIVE, b"GET /nowhere HTTP/1.1\r\nhost: x\r\n\r\n", LIVE].concat()).await;
    assert_eq!(client.answer().await.status, 200);
    client.answer().await.problem(404, "not_found");
    assert_eq!(client.answer().await.status, 200);
    client.send(post(&draft().to_string()).as_bytes()).await;
    assert_eq!(client.answer().await.status, 201);
}

#[tokio::test]
async fn who_is_answered_before_the_body_came_is_told_that_the_connection_ends() {
    let server = Server::start(Limits::default()).await;
    let about = |path: &str| {
        format!(
            "PATCH {path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n"
        )
    };
    let long = format!("/{}", "a".repeat(9_000));
    for (path, status) in
        [("/listings/no-id", 400), (long.as_str(), 414), ("/nowhere", 404), ("/totals", 405)]
    {
        let mut client = server.client().await;
        client.send(about(path).as_bytes()).await;
        let answer = client.answer().await;
        assert_eq!(answer.status, status, "{}", answer.head);
        assert!(answer.head.contains("connection: close"), "{}", answer.head);
        client.hung_up().await;
    }
    // One whose body was read goes on, whatever the answer was.
    let mut client = server.client().await;
    for _ in 0..2 {
        client
            .send(
                [about("/listings/00000000-0000-4000-8000-000000000009"), "{}".to_owned()]
                    .concat()
                    .as_bytes(),
            )
            .await;
        let answer = client.answer().await;
        assert!(answer.status == 404 && !answer.head.contains("connection: close"), "{}", answer.head);
    }
}

#[tokio::test]
async fn ten_thousand_headers_and_a_large_one_are_431() {
    let server = Server::start(Limits::default()).await;
    for headers in
        ["a: b\r\n".repeat(10_000), format!("a: {}\r\n", "b".repeat(1_000_000)), "a: b\r\n".repeat(101)]
    {
        let mut client = server.client().await;
        client.send(format!("GET /health/live HTTP/1.1\r\nhost: x\r\n{headers}\r\n").as_bytes()).await;
        client.answer().await.problem(431, "headers_too_large");
        client.hung_up().await;
    }
    server.lives().await;
}

#[tokio::test]
async fn a_url_of_any_length_past_the_limit_is_414() {
    let server = Server::start(Limits::default()).await;
    for length in [9_000, 60_000, 70_000, 1_000_000] {
        let mut client = server.client().await;
        client.send(format!("GET /{} HTTP/1.1\r\nhost: x\r\n\r\n", "a".repeat(length)).as_bytes()).await;
        client.answer().await.problem(414, "url_too_long");
    }
    server.lives().await;
}

#[tokio::test]
async fn what_is_no_request_is_400() {
    let server = Server::start(Limits::default()).await;
    for noise in
        [&b"hello\r\n\r\n"[..], b"GET / HTTP/1.1\r\nhost\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\r\n\r\n"]
    {
        let mut client = server.client().await;
        client.send(noise).await;
        client.answer().await.problem(400, "malformed");
    }
    server.lives().await;
}

#[tokio::test]
async fn a_body_of_a_gibibyte_is_413_at_once_and_the_answer_arrives() {
    let server = Server::start(Limits::default()).await;
    let head = "POST /listings HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n";
    let mut polite = server.client().await;
    polite.send(format!("{head}content-length: 1073741824\r\n\r\n").as_bytes()).await;
    polite.answer().await.problem(413, "body_too_large");
    // A client that sends on and does not listen finds its answer too.
    let mut deaf = server.client().await;
    deaf.send(format!("{head}content-length: 1073741824\r\n\r\n").as_bytes()).await;
    let sent = deaf.send_until_refused(&[b' '; 64 * 1024], 16 * 1024 * 1024).await;
    assert_eq!(sent, 16 * 1024 * 1024, "a client that is reset while it writes may never read why");
    deaf.answer().await.problem(413, "body_too_large");
    let mut chunked = server.client().await;
    chunked.send(format!("{head}transfer-encoding: chunked\r\n\r\n").as_bytes()).await;
    let chunk = [b"10000\r\n".as_slice(), &[b' '; 0x1_0000], b"\r\n"].concat();
    chunked.send_until_refused(&chunk, 8 * 1024 * 1024).await;
    chunked.answer().await.problem(413, "body_too_large");
    server.lives().await;
}

#[tokio::test]
async fn a_body_is_asked_for_only_where_it_is_taken() {
    let server = Server::start(Limits::default()).await;
    let expecting = |length: usize| {
        format!(
            "POST /listings HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\nexpect: 100-continue\r\n\
             content-length: {length}\r\n\r\n"
        )
    };
    let mut large = server.client().await;
    large.send(expecting(2_000_000).as_bytes()).await;
    large.answer().await.problem(413, "body_too_large");
    let body = draft().to_string();
    let mut small = server.client().await;
    small.send(expecting(body.len()).as_bytes()).await;
    assert_eq!(small.read_until(b"\r\n\r\n").await.unwrap(), "HTTP/1.1 100 Continue\r\n\r\n");
    small.send(body.as_bytes()).await;
    assert_eq!(small.answer().await.status, 201);
}

#[tokio::test]
async fn a_head_that_does_not_end_and_an_idle_connection_are_closed() {
    let server = Server::start(Limits { head_timeout: SOON, ..Limits::default() }).await;
    let mut slow = server.client().await;
    slow.send(b"GET /health/live HTTP/1.1\r\nhost: ").await;
    slow.hung_up().await;
    let mut silent = server.client().await;
    silent.hung_up().await;
    let mut idle = server.client().await;
    idle.send(LIVE).await;
    assert_eq!(idle.answer().await.status, 200);
    idle.hung_up().await;
    server.lives().await;
}

#[tokio::test]
async fn a_body_that_does_not_end_is_408() {
    let server = Server::start(Limits { body_timeout: SOON, ..Limits::default() }).await;
    let mut slow = server.client().await;
    let request = post(&draft().to_string());
    slow.send(&request.as_bytes()[..request.len() - 1]).await;
    slow.answer().await.problem(408, "timeout");
    server.lives().await;
}

#[tokio::test]
async fn a_client_that_takes_nothing_loses_its_connection() {
    let limits = Limits { connections: 1, write_timeout: SOON, ..Limits::default() };
    let server = Server::start(limits).await;
    let mut deaf = server.client().await;
    // More answers than the system keeps for a client that reads none.
    let requests = b"GET /openapi.json HTTP/1.1\r\nhost: x\r\n\r\n".repeat(1_000);
    deaf.send(&requests).await;
    // There is one slot: that another client is answered shows that the first has lost it.
    server.lives().await;
}

#[tokio::test]
async fn a_client_beyond_the_bound_waits_until_another_ends() {
    let server = Server::start(Limits { connections: 1, ..Limits::default() }).await;
    let mut first = server.client().await;
    first.send(LIVE).await;
    assert_eq!(first.answer().await.status, 200);
    let mut second = server.client().await;
    second.send(LIVE).await;
    // The first still has the one slot.
    first.send(LIVE).await;
    assert_eq!(first.answer().await.status, 200);
    drop(first);
    assert_eq!(second.answer().await.status, 200);
}

/// A server with a request in hand, whose commit goes on when the semaphore has a permit.
async fn with_a_request_in_hand(limits: Limits) -> (Server, Client, Arc<Semaphore>) {
    let server = Server::start(limits).await;
    let (begun, may) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    server.market.store.next_commit(Script::Hold { begun: Arc::clone(&begun), may: Arc::clone(&may) });
    let mut client = server.client().await;
    client.send(post(&draft().to_string()).as_bytes()).await;
    begun.acquire().await.unwrap().forget();
    (server, client, may)
}

#[tokio::test]
async fn at_the_end_a_request_in_hand_finishes_and_nothing_new_is_taken() {
    let (server, mut client, may) = with_a_request_in_hand(Limits::default()).await;
    let mut idle = server.client().await;
    idle.send(LIVE).await;
    assert_eq!(idle.answer().await.status, 200);
    let mut stream = server.client().await;
    stream.send(b"GET /events HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert!(stream.read_until(b"retry: ").await.is_some());
    server.market.shutdown.begin();
    idle.hung_up().await;
    stream.hung_up().await;
    let refused = async || TcpStream::connect(server.address).await.err();
    eventually("the socket is closed", refused).await.unwrap();
    may.add_permits(1);
    let answer = client.answer().await;
    assert_eq!(answer.status, 201);
    assert!(answer.head.contains("connection: close"), "{}", answer.head);
    client.hung_up().await;
    drop(client);
    server.ended().await;
}

#[tokio::test]
async fn at_the_end_a_request_that_does_not_finish_is_cut() {
    let limits = Limits { shutdown_timeout: SOON, ..Limits::default() };
    let (server, mut client, _may) = with_a_request_in_hand(limits).await;
    server.market.shutdown.begin();
    client.hung_up().await;
    server.ended().await;
}

#[tokio::test]
async fn a_panic_costs_one_answer_and_not_the_connection() {
    let server = Server::start(Limits::default()).await;
    server.market.store.next_commit(Script::Panic);
    let mut client = server.client().await;
    let request = post(&draft().to_string());
    client.send(request.as_bytes()).await;
    client.answer().await.problem(500, "internal");
    client.send(request.as_bytes()).await;
    assert_eq!(client.answer().await.status, 201);
}
