//! Clients that mean no good, or cannot help it: each is bounded, and nobody else notices.

use std::time::{Duration, Instant};

use crate::support::http::{Answer, RawClient};
use crate::support::place::Place;
use crate::support::server::Server;
use crate::support::trade::{draft, from_now, listing};

fn server() -> (Place, Server) {
    let place = Place::new();
    let server = Server::start(&place);
    (place, server)
}

fn raw(server: &Server, head: &str, body: &[u8]) -> Answer {
    let mut client = RawClient::connect(&server.address);
    client.write(format!("{head}\r\nhost: x\r\nconnection: close\r\n").as_bytes());
    client.write(b"\r\n");
    client.write(body);
    client.answer()
}

fn post(server: &Server, headers: &str, body: &[u8]) -> Answer {
    let length = body.len();
    raw(
        server,
        &format!(
            "POST /listings HTTP/1.1\r\ncontent-type: application/json\r\ncontent-length: {length}{headers}"
        ),
        body,
    )
}

fn assert_lives(server: &Server) {
    server.client().get("/health/ready").expect(200);
}

#[test]
fn a_body_of_a_gibibyte_is_refused_before_it_is_sent() {
    let (_place, server) = server();
    let head = "POST /listings HTTP/1.1\r\ncontent-type: application/json\r\ncontent-length: 1073741824";
    let asked = Instant::now();
    raw(&server, head, b"").problem(413, "body_too_large");
    assert!(asked.elapsed() < Duration::from_secs(10), "not when its time is over: {:?}", asked.elapsed());
    // A body that does not say its length is read no further than the limit.
    let mut client = RawClient::connect(&server.address);
    client.write(b"POST /listings HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n");
    let chunk = [format!("{:x}\r\n", 1 << 16).as_bytes(), &[b' '; 1 << 16], b"\r\n"].concat();
    let taken = (0..1024).take_while(|_| client.write(&chunk)).count();
    client.answer().problem(413, "body_too_large");
    println!("the server took {taken} chunks of 64 KiB");
    assert_lives(&server);
}

#[test]
fn ten_thousand_headers_are_431() {
    let (_place, server) = server();
    let many: String = (0..10_000).map(|n| format!("\r\nx-{n}: {n}")).collect();
    raw(&server, &format!("GET /listings HTTP/1.1{many}"), b"").problem(431, "headers_too_large");
    assert_lives(&server);
}

#[test]
fn a_request_line_without_an_end_is_414() {
    let (_place, server) = server();
    raw(&server, &format!("GET /{} HTTP/1.1", "x".repeat(1 << 20)), b"").problem(414, "url_too_long");
    assert_lives(&server);
}

#[test]
fn what_is_no_http_is_400() {
    let (_place, server) = server();
    raw(&server, "\u{1}\u{2}\u{3}", b"").problem(400, "malformed");
    raw(&server, "GET /listings HTTP/9.9", b"").problem(400, "malformed");
    assert_lives(&server);
}

#[test]
fn bytes_that_are_no_text_are_400() {
    let (_place, server) = server();
    post(&server, "", b"\xff\xfe\xfd").problem(400, "malformed");
    post(&server, "", b"{\"title\": \"\xc3\x28\"}").problem(400, "malformed");
    raw(&server, "GET /listings?sort=%ff%fe HTTP/1.1", b"").expect(400);
    raw(&server, "GET /listings/%00 HTTP/1.1", b"").expect(400);
    assert_lives(&server);
}

#[test]
fn json_that_goes_deep_is_400() {
    let (_place, server) = server();
    for depth in [1_000, 500_000] {
        post(&server, "", "[".repeat(depth).as_bytes()).problem(400, "malformed");
        post(&server, "", "{\"a\":".repeat(depth / 5).as_bytes()).problem(400, "malformed");
    }
    let nested = format!("{{\"seller\": {}1{}}}", "[".repeat(400_000), "]".repeat(400_000));
    post(&server, "", nested.as_bytes()).problem(400, "malformed");
    assert_lives(&server);
}

#[test]
fn text_with_nul_is_invalid_and_reaches_no_row() {
    let (_place, server) = server();
    let mut body = draft(&listing(1), from_now(3_600_000));
    body["title"] = "a\u{0}b".into();
    server.client().post("/listings", &body).problem(422, "invalid");
    server.client().get(&format!("/listings/{}", listing(1))).problem(404, "not_found");
}

#[test]
fn slow_clients_hold_up_nobody() {
    let (_place, server) = server();
    let begun =
        b"POST /listings HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n";
    let slow: Vec<_> = (0..300)
        .map(|n| {
            let mut client = RawClient::connect(&server.address);
            // Half of them stop in the head, half in the body.
            client.write(&begun[..begun.len() - (n % 2) * 20]);
            if n % 2 == 0 {
                client.write(b"\r\n{");
            }
            client
        })
        .collect();
    let client = server.client();
    let asked = Instant::now();
    for n in 0..50 {
        client.post("/listings", &draft(&listing(n), from_now(3_600_000))).expect(201);
        client.get("/listings").expect(200);
    }
    let each = asked.elapsed() / 100;
    println!("{each:?} a request beside {} slow clients", slow.len());
    assert!(each < Duration::from_millis(500), "{each:?}");
    drop(slow);
    server.end();
}

#[test]
fn a_client_that_reads_nothing_is_held_to_what_fits_between_them() {
    let (_place, server) = server();
    let mut deaf = RawClient::connect(&server.address);
    for _ in 0..2_000 {
        if !deaf.write_some(b"GET /openapi.json HTTP/1.1\r\nhost: x\r\n\r\n") {
            break;
        }
    }
    let client = server.client();
    for n in 0..20 {
        client.post("/listings", &draft(&listing(n), from_now(3_600_000))).expect(201);
    }
    assert_lives(&server);
    drop(deaf);
    server.end();
}
