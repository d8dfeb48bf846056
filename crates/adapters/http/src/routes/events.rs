//! The stream of all public events (server-sent events).

use std::convert::Infallible;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName};
use axum::http::{HeaderMap, HeaderValue, Uri};
use axum::response::Response;
use bytes::Bytes;
use futures_util::stream;
use portolan_application::wire::PublicEvent;
use portolan_kernel::{Decoder, Envelope, Position};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::answer::Answered;
use crate::http::Shared;
use crate::problem::Problem;
use crate::request::{Parameters, single};
use crate::wire::{EventSchema, ListProblems, StreamHeaders};

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// How many events are read at a time.
const BATCH: usize = 64;

/// From how many bytes on a part takes no further event; the rest is read again when its turn comes. A client that
/// reads slowly holds one such part, and that is what it costs.
const PART_BYTES: usize = 64 * 1024;

/// After this long without an event a comment says that the stream lives.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(events))
}

/// Follow all public events
///
/// Server-sent events: `id` is the position, `event` the name, `data` the event as JSON. It goes on behind
/// `Last-Event-ID`, or from now on.
#[utoipa::path(get, path = "/events", tag = "events", operation_id = "follow_events",
    params(StreamHeaders),
    responses((status = 200, description = "events as they happen", content_type = "text/event-stream",
        body = EventSchema), ListProblems))]
async fn events(State(http): State<Shared>, headers: HeaderMap, uri: Uri) -> Answered {
    Parameters::of(&uri, &[])?;
    let position = |id: &str| {
        id.parse()
            .map(Position)
            .map_err(|_| Problem::malformed("Last-Event-ID is a position, a whole number"))
    };
    let after = match single(&headers, &LAST_EVENT_ID)? {
        Some(id) => position(id)?,
        None => http.journal.head().await.map_err(|error| http.problem(error))?,
    };
    // The first part says at once that the stream is there, and how soon to come back to it.
    let hello = Bytes::from(format!(": behind position {after}\nretry: 1000\n\n"));
    let follower = Follower { http, after };
    let parts = stream::unfold((Some(hello), follower), |(hello, follower)| async move {
        let (part, follower) = match hello {
            Some(hello) => (hello, follower),
            None => follower.next().await?,
        };
        Some((Ok::<_, Infallible>(part), (None, follower)))
    });
    let mut response = Response::new(Body::from_stream(parts));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// One client of the stream. It reads when the client has taken what was read before.
struct Follower {
    http: Shared,
    after: Position,
}

impl Follower {
    /// The next part of the stream; `None` where it ends: the client comes back and resumes.
    async fn next(mut self) -> Option<(Bytes, Self)> {
        loop {
            if self.http.shutdown.has_begun() {
                return None;
            }
            let rows = self.http.journal.read(self.after, BATCH).await;
            let rows = rows.inspect_err(|error| tracing::warn!(%error, "a stream of events ends")).ok()?;
            if !rows.is_empty() {
                let (part, last) = self.written(&rows)?;
                self.after = last;
                return Some((part, self));
            }
            tokio::select! {
                () = self.http.shutdown.begun() => return None,
                head = self.http.journal.changed(self.after) => { head.ok()?; }
                () = tokio::time::sleep(KEEP_ALIVE) => return Some((Bytes::from_static(b":\n\n"), self)),
            }
        }
    }

    /// A part with the first of these events, and the position of the last one in it.
    fn written(&self, rows: &[Envelope]) -> Option<(Bytes, Position)> {
        let mut text = Vec::with_capacity((rows.len() * 512).min(PART_BYTES));
        let mut last = self.after;
        for row in rows {
            let decoded = self.http.decoder.decode(row);
            // A reader must not go past what it does not understand.
            let event =
                decoded.inspect_err(|error| tracing::error!(%error, "a stream of events ends")).ok()?;
            let event = PublicEvent::of_row(row, &event);
            text.extend_from_slice(
                format!("id: {}\nevent: {}\ndata: ", event.position, event.event_type).as_bytes(),
            );
            serde_json::to_writer(&mut text, &event).ok()?;
            text.extend_from_slice(b"\n\n");
            last = row.position;
            if text.len() >= PART_BYTES {
                break;
            }
        }
        Some((text.into(), last))
    }
}
