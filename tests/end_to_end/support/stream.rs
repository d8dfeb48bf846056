//! A reader of the stream of events.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::sync::mpsc::{Receiver, channel};
use std::time::Instant;

use serde_json::Value;

use super::wait;

/// A client that follows `GET /events`.
pub(crate) struct EventStream {
    events: Receiver<Event>,
}

/// One event of the stream, with the moment at which it came.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) data: Value,
    pub(crate) came: Instant,
}

impl EventStream {
    /// Follows the events of this server behind a position, or from now on. When this returns, the server has
    /// answered: nothing that happens from here on is missed.
    pub(crate) fn open(address: &str, last_event_id: Option<u64>) -> Self {
        let host = address.strip_prefix("http://").expect("an address");
        let mut stream = TcpStream::connect(host).expect("the server accepts");
        let resume = last_event_id.map_or(String::new(), |id| format!("last-event-id: {id}\r\n"));
        let request =
            format!("GET /events HTTP/1.1\r\nhost: {host}\r\naccept: text/event-stream\r\n{resume}\r\n");
        stream.write_all(request.as_bytes()).expect("the request is taken");
        let mut lines = BufReader::new(stream).lines();
        let head: Vec<_> = lines.by_ref().map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
        assert!(head.first().is_some_and(|line| line.contains("200")), "{head:?}");
        assert!(head.iter().any(|line| line.to_lowercase() == "content-type: text/event-stream"), "{head:?}");
        // The server says hello once it knows from where on it sends.
        assert!(lines.by_ref().map_while(Result::ok).any(|line| line.starts_with("retry:")));
        let (sender, events) = channel();
        std::thread::spawn(move || {
            let (mut id, mut name) = (0, String::new());
            // The lines of chunks, which say lengths, begin with none of these names.
            for line in lines.map_while(Result::ok) {
                if let Some(value) = line.strip_prefix("id: ") {
                    id = value.parse().expect("an id is a position");
                } else if let Some(value) = line.strip_prefix("event: ") {
                    name = value.to_owned();
                } else if let Some(value) = line.strip_prefix("data: ") {
                    let data = serde_json::from_str(value).expect("data is JSON");
                    let came = Instant::now();
                    if sender.send(Event { id, name: std::mem::take(&mut name), data, came }).is_err() {
                        return;
                    }
                }
            }
        });
        Self { events }
    }

    /// The next event; `None` at the end of the stream.
    pub(crate) fn next(&self) -> Option<Event> {
        match self.events.recv_timeout(wait::LONG) {
            Ok(event) => Some(event),
            Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => None,
            Err(std::sync::mpsc::RecvTimeoutError::Timeout) => panic!("no event within {:?}", wait::LONG),
        }
    }

    /// The next event of this name.
    pub(crate) fn next_named(&self, name: &str) -> Event {
        std::iter::from_fn(|| self.next()).find(|event| event.name == name).expect("such an event comes")
    }
}
