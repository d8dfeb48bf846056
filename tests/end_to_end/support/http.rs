//! A client of the HTTP server: a well-behaved one, and one that writes bytes of its own.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;
use ureq::Agent;
use ureq::http::{Request, Response};

use super::wait;

/// A well-behaved client of one server.
#[derive(Clone)]
pub(crate) struct Client {
    agent: Agent,
    /// `http://HOST:PORT`.
    pub(crate) address: String,
}

/// What the server answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) text: String,
}

impl Client {
    /// A client of the server at this address.
    pub(crate) fn of(address: &str) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(wait::LONG))
            .max_idle_connections_per_host(64)
            .allow_non_standard_methods(true);
        Self { agent: config.build().into(), address: address.to_owned() }
    }

    /// Reads.
    pub(crate) fn get(&self, path: &str) -> Answer {
        self.get_with(path, &[])
    }

    /// Reads, with headers.
    pub(crate) fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.text("GET", path, headers, "").expect("an answer")
    }

    /// Posts JSON; nothing for null.
    pub(crate) fn post(&self, path: &str, body: &Value) -> Answer {
        self.send("POST", path, &[], body)
    }

    /// Sends JSON, with headers; no body for null.
    pub(crate) fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &Value) -> Answer {
        self.try_send(method, path, headers, body).expect("an answer")
    }

    /// The same; `Err` where no whole answer came.
    pub(crate) fn try_send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Result<Answer, ureq::Error> {
        if body.is_null() {
            return self.text(method, path, headers, "");
        }
        let json = ("content-type", "application/json");
        let headers: Vec<_> = headers.iter().copied().chain([json]).collect();
        self.text(method, path, &headers, &body.to_string())
    }

    /// Sends this text as it is.
    pub(crate) fn text(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Result<Answer, ureq::Error> {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.address));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answered = match (method, body) {
            ("GET" | "DELETE", "") => self.agent.run(request.body(()).expect("a request")),
            _ => self.agent.run(request.body(body).expect("a request")),
        };
        Answer::of(answered?)
    }
}

impl Answer {
    fn of(mut response: Response<ureq::Body>) -> Result<Self, ureq::Error> {
        let header = |(name, value): (&ureq::http::HeaderName, &ureq::http::HeaderValue)| {
            (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
        };
        Ok(Self {
            status: response.status().as_u16(),
            headers: response.headers().iter().map(header).collect(),
            text: response.body_mut().with_config().limit(64 << 20).read_to_string()?,
        })
    }

    /// The same, where it has this status.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }

    /// Its body as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    /// The first header of this name, where there is one.
    pub(crate) fn find_header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The same, where it must be there.
    #[track_caller]
    pub(crate) fn header(&self, name: &str) -> &str {
        self.find_header(name).unwrap_or_else(|| panic!("no header {name}: {self:?}"))
    }

    /// Checks that this is a problem document of this status and code, and gives its members.
    #[track_caller]
    pub(crate) fn problem(&self, status: u16, code: &str) -> Value {
        assert_eq!(
            (self.status, self.header("content-type")),
            (status, "application/problem+json"),
            "{self:?}"
        );
        let problem = self.json();
        assert_eq!((&problem["status"], &problem["code"]), (&status.into(), &code.into()), "{problem}");
        for member in ["type", "title", "detail"] {
            assert!(problem[member].as_str().is_some_and(|text| !text.is_empty()), "{member}: {problem}");
        }
        problem
    }
}

/// A client that writes bytes of its own and reads what comes until the server hangs up.
pub(crate) struct RawClient {
    stream: TcpStream,
}

impl RawClient {
    /// Connects to the server at this address.
    pub(crate) fn connect(address: &str) -> Self {
        let host = address.strip_prefix("http://").expect("an address");
        let stream = TcpStream::connect(host).expect("the server accepts");
        stream.set_read_timeout(Some(wait::LONG)).expect("a timeout");
        Self { stream }
    }

    /// Writes these bytes; a server that has answered already need not take them all.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> bool {
        self.stream.write_all(bytes).is_ok()
    }

    /// The answer, once the server has closed the connection.
    pub(crate) fn answer(mut self) -> Answer {
        let mut bytes = Vec::new();
        // A reset after the answer takes nothing of it away.
        let _ = self.stream.read_to_end(&mut bytes);
        let text = String::from_utf8_lossy(&bytes);
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {text:?}"));
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|code| code.parse().ok());
        let header = |line: &str| {
            let (name, value) = line.split_once(':')?;
            Some((name.to_ascii_lowercase(), value.trim().to_owned()))
        };
        Answer {
            status: status.unwrap_or_else(|| panic!("no status: {head}")),
            headers: lines.filter_map(header).collect(),
            text: body.to_owned(),
        }
    }

    /// Writes as much of these bytes as go out without waiting long; whether they all did.
    pub(crate) fn write_some(&mut self, bytes: &[u8]) -> bool {
        self.stream.set_write_timeout(Some(Duration::from_millis(200))).expect("a timeout");
        self.stream.write_all(bytes).is_ok()
    }
}
