//! The OpenAPI document, made of the routes themselves.

use axum::Router;
use axum::body::Body;
use axum::http::HeaderValue;
use axum::http::header::CONTENT_TYPE;
use axum::response::Response;
use axum::routing::get;
use bytes::Bytes;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use super::{customers, events, health, listings, metrics, orders, totals};
use crate::http::Shared;
use crate::wire::ProblemSchema;

/// All documented routes.
pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::with_openapi(Document::openapi())
        .merge(listings::routes())
        .merge(orders::routes())
        .merge(customers::routes())
        .merge(totals::routes())
        .merge(events::routes())
        .merge(health::routes())
        .merge(metrics::routes())
}

/// The document under `/openapi.json`.
pub(super) fn served(document: &utoipa::openapi::OpenApi) -> Router<Shared> {
    // The document is made of types; it always has a JSON form.
    let text = Bytes::from(document.to_json().unwrap_or_default());
    let answer = async move || {
        let mut response = Response::new(Body::from(text));
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        response
    };
    Router::new().route("/openapi.json", get(answer))
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Portolan",
        description = "A marketplace: sellers put listings up for auction, bidders bid, a sold listing becomes an order.\n\n\
            Money is minor units with an ISO 4217 currency, times are RFC 3339, ids are UUIDs. Errors are problem \
            details (RFC 9457) with a stable `code`. There is no authentication yet.",
    ),
    components(schemas(ProblemSchema)),
    tags(
        (name = "listings", description = "What is for sale"),
        (name = "orders", description = "What was sold, and goes to its buyer"),
        (name = "customers", description = "Who buys"),
        (name = "totals", description = "The market, day by day"),
        (name = "events", description = "What happens, as it happens"),
        (name = "operation", description = "How the service is"),
    )
)]
struct Document;
