//! The pages for people: the document under `/docs`, and a look at the market under `/`.
//!
//! They are self-contained: the browser asks no other host, and its policy forbids it.

use axum::Router;
use axum::body::Body;
use axum::http::HeaderValue;
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY};
use axum::response::Response;
use axum::routing::get;

use crate::http::Shared;

const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

pub(super) fn routes() -> Router<Shared> {
    let file = |media_type: &'static str, text: &'static str| {
        get(async move || {
            let mut response = Response::new(Body::from(text));
            let headers = response.headers_mut();
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
            headers.insert(CONTENT_SECURITY_POLICY, POLICY);
            headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
            response
        })
    };
    let html = "text/html; charset=utf-8";
    let script = "text/javascript; charset=utf-8";
    Router::new()
        .route("/", file(html, include_str!("../assets/market.html")))
        .route("/market.js", file(script, include_str!("../assets/market.js")))
        .route("/docs", file(html, include_str!("../assets/docs.html")))
        .route("/docs.js", file(script, include_str!("../assets/docs.js")))
        .route("/style.css", file("text/css; charset=utf-8", include_str!("../assets/style.css")))
}
