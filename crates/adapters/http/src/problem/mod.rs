//! Problem details (RFC 9457): every answer that is not the one asked for.

mod errors;

use std::borrow::Cow;

use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Map, Value};

/// The media type of problem details.
pub(crate) const MEDIA_TYPE: HeaderValue = HeaderValue::from_static("application/problem+json");

/// The names that the standard and this service give a meaning of their own.
const RESERVED: [&str; 6] = ["type", "title", "status", "detail", "instance", "code"];

/// Why a request got no better answer: a status, a stable code, a sentence, and the numbers it speaks of.
///
/// As JSON its members are `type` (`urn:portolan:problem:CODE`), `title` (the code as words), `status`, `detail`,
/// `code`, and the numbers by name.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem(Box<Parts>);

#[derive(Debug, Clone, PartialEq)]
struct Parts {
    status: StatusCode,
    code: Cow<'static, str>,
    detail: Cow<'static, str>,
    members: Map<String, Value>,
    retry_after_s: Option<u32>,
}

impl Problem {
    /// A problem with a code of its own.
    pub fn new(
        status: StatusCode,
        code: impl Into<Cow<'static, str>>,
        detail: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self(Box::new(Parts {
            status,
            code: code.into(),
            detail: detail.into(),
            members: Map::new(),
            retry_after_s: None,
        }))
    }

    /// What was sent is not of the form that is asked for: 400.
    pub fn malformed(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "malformed", detail)
    }

    /// A question that can never be answered: 400.
    pub fn invalid(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid", detail)
    }

    /// There is no such thing: 404.
    pub fn not_found(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", detail)
    }

    /// Nothing is at this address: 404.
    #[must_use]
    pub fn no_route() -> Self {
        Self::not_found("nothing is at this address; /openapi.json lists what is")
    }

    /// Something is at this address, but it does not do that: 405.
    #[must_use]
    pub fn method_not_allowed() -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "method_not_allowed",
            "this address does not take that method; the header Allow lists those that it takes",
        )
    }

    /// The body did not come within its time: 408.
    #[must_use]
    pub fn body_too_slow() -> Self {
        Self::new(StatusCode::REQUEST_TIMEOUT, "timeout", "the body did not come within its time")
    }

    /// The thing is not in the state that `If-Match` speaks of: 412.
    #[must_use]
    pub fn precondition_failed() -> Self {
        Self::new(
            StatusCode::PRECONDITION_FAILED,
            "precondition_failed",
            "this is not at the version that If-Match names; read it again",
        )
    }

    /// The body is larger than `limit` bytes: 413.
    #[must_use]
    pub fn body_too_large(limit: usize) -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "body_too_large",
            format!("a body has at most {limit} bytes"),
        )
        .with("limit", limit)
    }

    /// The request target is too long: 414.
    #[must_use]
    pub fn url_too_long() -> Self {
        Self::new(StatusCode::URI_TOO_LONG, "url_too_long", "the URL is too long")
    }

    /// The body is not of the media type that the route takes: 415.
    pub fn unsupported_media_type(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", detail)
    }

    /// Too many headers, or too large ones: 431.
    #[must_use]
    pub fn head_too_large() -> Self {
        Self::new(
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            "headers_too_large",
            "the headers are too many or too large",
        )
    }

    /// A bug: 500, with nothing of the inside but an id under which the operator finds it.
    #[must_use]
    pub fn bug(trace_id: &str) -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "this is a fault of the service; the operator finds it by its trace id",
        )
        .with("trace_id", trace_id)
    }

    /// The same, with one member more. A name that means something else in problem details gets `current_` before
    /// it: a refusal's `status` is that of a listing or an order.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.insert(name.to_owned(), value.into());
        self
    }

    /// The same, with all these members.
    #[must_use]
    pub fn with_all(mut self, members: Map<String, Value>) -> Self {
        members.into_iter().for_each(|(name, value)| self.insert(name, value));
        self
    }

    /// The same, for a client that may try again after this many seconds.
    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.0.retry_after_s = Some(seconds);
        self
    }

    /// Its status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    /// Its stable code.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.0.code
    }

    /// Its JSON text.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        let parts = &*self.0;
        let document = Document {
            problem_type: format!("urn:portolan:problem:{}", parts.code),
            title: title(&parts.code),
            status: parts.status.as_u16(),
            detail: &parts.detail,
            code: &parts.code,
            members: &parts.members,
        };
        // Texts and JSON values always have a JSON form.
        serde_json::to_vec(&document).unwrap_or_default()
    }

    fn insert(&mut self, name: String, value: Value) {
        let name = if RESERVED.contains(&name.as_str()) { format!("current_{name}") } else { name };
        self.0.members.insert(name, value);
    }
}

#[derive(Serialize)]
struct Document<'a> {
    #[serde(rename = "type")]
    problem_type: String,
    title: String,
    status: u16,
    detail: &'a str,
    code: &'a str,
    #[serde(flatten)]
    members: &'a Map<String, Value>,
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = Response::new(self.to_json().into());
        *response.status_mut() = self.0.status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, MEDIA_TYPE);
        if let Some(seconds) = self.0.retry_after_s {
            headers.insert(RETRY_AFTER, seconds.into());
        }
        response
    }
}

/// The code as words: `too_low` is `Too low`.
fn title(code: &str) -> String {
    let mut title = code.replace('_', " ");
    if let Some(first) = title.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    title
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn document(problem: &Problem) -> Value {
        serde_json::from_slice(&problem.to_json()).unwrap()
    }

    #[test]
    fn a_problem_has_the_members_of_the_standard_its_code_and_its_numbers() {
        let problem = Problem::malformed("no").with("line", 3);
        let expected = json!({
            "type": "urn:portolan:problem:malformed", "title": "Malformed", "status": 400, "detail": "no",
            "code": "malformed", "line": 3,
        });
        assert_eq!(document(&problem), expected);
    }

    #[test]
    fn a_member_never_takes_the_place_of_one_of_the_standard() {
        let problem = Problem::malformed("no").with("status", "sold");
        assert_eq!(document(&problem)["status"], 400);
        assert_eq!(document(&problem)["current_status"], "sold");
    }
}
