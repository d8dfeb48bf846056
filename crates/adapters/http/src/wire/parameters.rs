//! What the OpenAPI document says of parameters and headers; `request/` reads them.

#![expect(dead_code, reason = "these types document parameters; nothing is made of them")]

use utoipa::IntoParams;

/// Of every write.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
pub(crate) struct WriteHeaders {
    /// 1 to 255 visible ASCII characters. The same key with the same request answers the first outcome again.
    #[param(rename = "Idempotency-Key", required = false)]
    idempotency_key: String,
    /// The version that the caller saw, as an entity tag like `"3"`; another one is answered with 412.
    #[param(rename = "If-Match", required = false)]
    if_match: String,
    /// W3C Trace Context.
    #[param(rename = "traceparent", required = false)]
    traceparent: String,
}

/// Of every read of a view.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
pub(crate) struct ReadHeaders {
    /// The position of a receipt: the answer shows it, or is 503 `stale`.
    #[param(rename = "Portolan-At-Least", required = false)]
    at_least: u64,
    /// `wait=SECONDS`: how long to wait for that position; 2 if not given, 30 at the most.
    #[param(rename = "Prefer", required = false)]
    prefer: String,
}

/// Of a read of one row.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
pub(crate) struct RowHeaders {
    /// The entity tags that the caller has; where one is the row's, the answer is 304.
    #[param(rename = "If-None-Match", required = false)]
    if_none_match: String,
}

/// Of the stream of events.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
pub(crate) struct StreamHeaders {
    /// The position behind which the stream goes on; 0 for every event there is. Without it: from now on.
    #[param(rename = "Last-Event-ID", required = false)]
    last_event_id: u64,
}

/// Which page of a list.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct PageParameters {
    /// Which rows, as text: `status = "published" and price < "50.00 EUR"`.
    #[param(required = false)]
    filter: String,
    /// Which rows, as JSON: `{"op": "eq", "field": "status", "value": "published"}`.
    #[param(rename = "filter[json]", required = false)]
    filter_json: String,
    /// Fields by which rows are sorted, `-` for the largest first: `-price.amount,title`. The id decides between equals.
    #[param(required = false)]
    sort: String,
    /// How many rows.
    #[param(required = false, minimum = 1, maximum = 200, default = 50)]
    limit: u64,
    /// The `next` of the page before.
    #[param(required = false)]
    after: String,
    /// Whether to count the rows of all pages.
    #[param(required = false, default = false)]
    count: bool,
}

/// Which part of a history.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct HistoryParameters {
    /// How many events.
    #[param(required = false, minimum = 1, maximum = 200, default = 50)]
    limit: u64,
    /// The `next` of the part before: only events beyond this version.
    #[param(required = false)]
    after: u64,
}
