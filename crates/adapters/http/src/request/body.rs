//! Request bodies: whole, bounded in size and time, and strictly of the form that the route takes.

use std::time::Duration;

use axum::body::Body;
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use bytes::{Bytes, BytesMut};
use http_body::Body as _;
use http_body_util::BodyExt;
use portolan_application::wire::json::{Malformed, parse};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use utoipa::ToSchema;

use crate::problem::Problem;

/// A body that a route takes.
pub(crate) trait RequestBody: DeserializeOwned + Send {
    /// What stands for a body of no bytes, where that is one.
    const IF_EMPTY: Option<&'static [u8]> = None;
}

/// The body of a route that says everything by its path: no bytes, or an empty object.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NoBody {}

impl RequestBody for NoBody {
    const IF_EMPTY: Option<&'static [u8]> = Some(b"{}");
}

/// The bytes of the body as sent. The usual body is one piece, and is not copied.
pub(super) async fn read(
    headers: &HeaderMap,
    body: Body,
    limit: usize,
    timeout: Duration,
) -> Result<Bytes, Problem> {
    within_limit(headers, limit)?;
    if body.is_end_stream() {
        return Ok(Bytes::new());
    }
    let collected = tokio::time::timeout(timeout, collect(body, limit));
    collected.await.unwrap_or_else(|_| Err(Problem::body_too_slow()))
}

/// Refuses a body that says itself that it is too large.
pub(crate) fn within_limit(headers: &HeaderMap, limit: usize) -> Result<(), Problem> {
    let length = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if length.is_some_and(|length| length > limit as u64) {
        return Err(Problem::body_too_large(limit));
    }
    Ok(())
}

async fn collect(mut body: Body, limit: usize) -> Result<Bytes, Problem> {
    let mut first = Bytes::new();
    let mut whole = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Problem::malformed("the body ended early"))?;
        let Ok(data) = frame.into_data() else { continue };
        if first.len() + whole.len() + data.len() > limit {
            return Err(Problem::body_too_large(limit));
        }
        if first.is_empty() && whole.is_empty() {
            first = data;
        } else {
            whole.extend_from_slice(&std::mem::take(&mut first));
            whole.extend_from_slice(&data);
        }
    }
    Ok(if whole.is_empty() { first } else { whole.freeze() })
}

/// The value in these bytes.
pub(super) fn decode<T: RequestBody>(headers: &HeaderMap, bytes: &[u8]) -> Result<T, Problem> {
    let text = match T::IF_EMPTY {
        Some(text) if bytes.is_empty() => text,
        _ if bytes.is_empty() => return Err(Problem::malformed("a JSON object is expected as the body")),
        _ => {
            check_media_type(headers)?;
            bytes
        }
    };
    // A list of a struct's values in their order would be read as the struct.
    let begins = text.iter().find(|byte| !byte.is_ascii_whitespace());
    if matches!(begins, Some(b'[')) {
        return Err(
            Problem::malformed("a JSON object is expected as the body, not a list").with("pointer", "")
        );
    }
    parse(text).map_err(|malformed: Malformed| {
        Problem::malformed(malformed.to_string())
            .with("pointer", malformed.pointer)
            .with("line", malformed.line)
            .with("column", malformed.column)
    })
}

fn check_media_type(headers: &HeaderMap) -> Result<(), Problem> {
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    if let Some(encoding) =
        text(CONTENT_ENCODING).filter(|encoding| !encoding.eq_ignore_ascii_case("identity"))
    {
        return Err(Problem::unsupported_media_type(format!(
            "a body is not encoded; `{}` is not understood",
            shortened(encoding)
        )));
    }
    let Some(given) = text(CONTENT_TYPE) else {
        return Err(Problem::unsupported_media_type(
            "a body is `application/json`; the header Content-Type says so",
        ));
    };
    let media_type = given.split(';').next().unwrap_or_default().trim();
    let understood = ["application/json", "application/merge-patch+json"];
    if understood.iter().any(|known| media_type.eq_ignore_ascii_case(known)) {
        return Ok(());
    }
    Err(Problem::unsupported_media_type(format!("a body is `application/json`, not `{}`", shortened(given))))
}

fn shortened(text: &str) -> String {
    text.chars().take(64).collect()
}
