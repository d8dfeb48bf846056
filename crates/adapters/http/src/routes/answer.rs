//! The answers that several routes give.

use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, LOCATION};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use portolan_application::Market;
use portolan_kernel::{Command, CommandHandler, Receipt, Row};
use serde::Serialize;

use crate::http::App;
use crate::problem::Problem;
use crate::request::{IfNoneMatch, Ticket, etag};
use crate::wire::ReceiptBody;

/// The position of a write, which a read may ask for.
const POSITION: HeaderName = HeaderName::from_static("portolan-position");

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// What a handler answers.
pub(super) type Answered<T = Response> = Result<T, Problem>;

/// A command was accepted.
pub(super) struct Written(Receipt);

impl Written {
    /// Sends the command and answers its receipt.
    pub(super) async fn by<C: Command>(http: &App, command: C, ticket: Ticket) -> Answered<Self>
    where
        Market: CommandHandler<C>,
    {
        http.send(command, ticket).await.map(Self)
    }

    /// The same, where the command made something that is found under this path and its id.
    pub(super) fn created(self, collection: &str) -> Response {
        let location = format!("{collection}/{}", self.0.id);
        let version = etag(self.0.version);
        let mut response = self.into_response();
        *response.status_mut() = StatusCode::CREATED;
        response.headers_mut().insert(ETAG, version);
        if let Ok(location) = HeaderValue::try_from(location) {
            response.headers_mut().insert(LOCATION, location);
        }
        response
    }
}

impl IntoResponse for Written {
    fn into_response(self) -> Response {
        let position = self.0.position.get();
        let mut response = json(&ReceiptBody::from(self.0));
        response.headers_mut().insert(POSITION, position.into());
        response
    }
}

/// The row, or that the caller has it already.
pub(super) fn row<V: Serialize>(row: &Row<V>, known: &IfNoneMatch) -> Response {
    let mut response = if known.has(row.version) {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        response
    } else {
        json(&*row.view)
    };
    let headers = response.headers_mut();
    headers.insert(ETAG, etag(row.version));
    // A copy may be kept, but is asked about each time.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

/// This value as JSON.
pub(super) fn json(value: &impl Serialize) -> Response {
    // Rows and receipts always have a JSON form: they have neither maps nor fallible parts.
    let body = serde_json::to_vec(value).unwrap_or_default();
    let mut response = Response::new(body.into());
    response.headers_mut().insert(CONTENT_TYPE, JSON);
    response
}
