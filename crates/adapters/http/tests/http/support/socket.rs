//! A server on a socket of its own, and clients that write bytes.

use std::net::SocketAddr;

use portolan_http::{Limits, serve};
use portolan_testkit::witness::within;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::Fixture;

pub(crate) struct Server {
    pub(crate) market: Fixture,
    pub(crate) address: SocketAddr,
    pub(crate) running: JoinHandle<()>,
}

impl Server {
    pub(crate) async fn start(limits: Limits) -> Self {
        let market = Fixture::with(limits);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let running = tokio::spawn(serve(listener, market.router.clone(), limits, market.shutdown.clone()));
        Self { market, address, running }
    }

    pub(crate) async fn client(&self) -> Client {
        Client { stream: TcpStream::connect(self.address).await.unwrap(), read: Vec::new() }
    }

    /// Checks that the server still answers, on a connection of its own.
    pub(crate) async fn lives(&self) {
        let mut client = self.client().await;
        client.send(b"GET /health/live HTTP/1.1\r\nhost: x\r\n\r\n").await;
        assert_eq!(client.answer().await.status, 200);
    }

    /// Waits until the server has ended.
    pub(crate) async fn ended(self) {
        within("the end of the server", self.running).await.unwrap().unwrap();
    }
}

pub(crate) struct Client {
    stream: TcpStream,
    read: Vec<u8>,
}

#[derive(Debug)]
pub(crate) struct RawAnswer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl RawAnswer {
    #[track_caller]
    pub(crate) fn problem(&self, status: u16, code: &str) {
        assert_eq!(self.status, status, "{}", self.head);
        assert!(self.head.contains("content-type: application/problem+json"), "{}", self.head);
        let document: Value = serde_json::from_slice(&self.body).unwrap();
        assert_eq!((&document["code"], &document["status"]), (&code.into(), &status.into()));
    }
}

impl Client {
    /// Writes as much as the server takes; it may have hung up in the middle.
    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        let _ = within("a write", self.stream.write_all(bytes)).await.unwrap();
    }

    /// Writes pieces until the server takes no more.
    pub(crate) async fn send_until_refused(&mut self, piece: &[u8], at_most: usize) -> usize {
        let mut sent = 0;
        while sent < at_most && within("a write", self.stream.write_all(piece)).await.unwrap().is_ok() {
            sent += piece.len();
        }
        sent
    }

    /// The next answer on this connection.
    pub(crate) async fn answer(&mut self) -> RawAnswer {
        let head = self.read_until(b"\r\n\r\n").await.expect("an answer");
        let status = head[9..12].parse().unwrap();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let length: usize = length.expect("a length").parse().unwrap();
        while self.read.len() < length {
            assert!(self.fill().await, "the answer is cut off");
        }
        let body = self.read.drain(..length).collect();
        RawAnswer { status, head, body }
    }

    /// Reads up to and with this mark; `None` where the server ends before it.
    pub(crate) async fn read_until(&mut self, mark: &[u8]) -> Option<String> {
        loop {
            if let Some(place) = self.read.windows(mark.len()).position(|window| window == mark) {
                let taken = self.read.drain(..place + mark.len()).collect();
                return Some(String::from_utf8(taken).unwrap());
            }
            if !self.fill().await {
                return None;
            }
        }
    }

    /// Waits until the server has hung up.
    pub(crate) async fn hung_up(&mut self) {
        while self.fill().await {}
    }

    async fn fill(&mut self) -> bool {
        // A reset is an end too.
        let read = within("bytes or the end", self.stream.read_buf(&mut self.read)).await.unwrap();
        read.is_ok_and(|count| count > 0)
    }
}
