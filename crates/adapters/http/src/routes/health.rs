//! Whether the process lives, and whether it is ready.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use portolan_kernel::Position;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::answer::json;
use crate::health::Part;
use crate::http::Shared;
use crate::wire::{LiveBody, PartBody, ReadyBody};

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(live)).routes(routes!(ready))
}

/// Whether the process lives
#[utoipa::path(get, path = "/health/live", tag = "operation",
    responses((status = 200, description = "it does", body = LiveBody)))]
async fn live() -> Response {
    json(&LiveBody { status: "live" })
}

/// Whether the service takes requests
///
/// With the state of each part and how far it has come.
#[utoipa::path(get, path = "/health/ready", tag = "operation",
    responses((status = 200, description = "it does", body = ReadyBody),
        (status = 503, description = "it does not, or not any more", body = ReadyBody)))]
async fn ready(State(http): State<Shared>) -> Response {
    let head = http.journal.head().await.ok();
    let journal = Part {
        name: "journal".into(),
        state: if head.is_some() { "running".into() } else { "unavailable".into() },
        is_ready: head.is_some(),
        position: head,
    };
    let parts: Vec<Part> = std::iter::once(journal).chain(http.health.parts()).collect();
    let is_ready = parts.iter().all(|part| part.is_ready);
    let (status, word) = match (http.shutdown.has_begun(), is_ready) {
        (true, _) => (StatusCode::SERVICE_UNAVAILABLE, "ending"),
        (false, false) => (StatusCode::SERVICE_UNAVAILABLE, "not_ready"),
        (false, true) => (StatusCode::OK, "ready"),
    };
    let body = ReadyBody {
        status: word,
        head: head.map(Position::get),
        parts: parts.into_iter().map(|part| shown(part, head)).collect(),
    };
    let mut response = json(&body);
    *response.status_mut() = status;
    response
}

fn shown(part: Part, head: Option<Position>) -> PartBody {
    let lag = |position: Position| head.map(|head| head.get().saturating_sub(position.get()));
    PartBody {
        name: part.name.into_owned(),
        state: part.state.into_owned(),
        ready: part.is_ready,
        position: part.position.map(Position::get),
        lag: part.position.and_then(lag),
    }
}
