//! The public history of one aggregate.

use axum::http::Uri;
use portolan_application::wire::{MarketEvent, PublicEvent};
use portolan_kernel::{Aggregate, AggregateKey, Decoder, Envelope, READ_BYTES, Until, Version};
use serde::Serialize;

use super::answer::{Answered, json};
use super::page::{limit, link_next};
use crate::http::App;
use crate::problem::Problem;
use crate::request::Parameters;

/// The public events of the aggregate with this id, in the order of versions.
///
/// It is read from the journal itself, so that it is never behind.
pub(super) async fn of<A: Aggregate>(http: &App, id: A::Id, uri: &Uri) -> Answered {
    let parameters = Parameters::of(uri, &["limit", "after"])?;
    let after = Version(parameters.number("after")?.unwrap_or(0));
    let limit = limit(&parameters)?.rows().unwrap_or(usize::MAX);
    // One more than is answered says whether there are more.
    let key = AggregateKey::of::<A>(id);
    let read = http.journal.history(key, after, Until::Now, limit.saturating_add(1)).await;
    let mut rows = read.map_err(|error| http.problem(error))?;
    if rows.is_empty() && after == Version::ZERO {
        return Err(Problem::not_found(format!("there is no {key}")));
    }
    // A read of large events ends early; whether it was at the end, the next one says.
    let is_cut = rows.iter().map(Envelope::bytes).sum::<usize>() >= READ_BYTES;
    let has_more = rows.len() > limit || is_cut;
    rows.truncate(limit);
    let next = rows.last().filter(|_| has_more).map(|row| row.version.get());
    let decoded: portolan_kernel::Result<Vec<MarketEvent>> =
        rows.iter().map(|row| http.decoder.decode(row)).collect();
    let events = decoded.map_err(|error| http.bug(&error.to_string(), None))?;
    let items = rows.iter().zip(&events).map(|(row, event)| PublicEvent::of_row(row, event)).collect();
    let mut response = json(&HistoryBody { items, next });
    if let Some(next) = next {
        link_next(&mut response, uri, &parameters.with("after", &next.to_string()));
    }
    Ok(response)
}

#[derive(Serialize)]
struct HistoryBody<'a> {
    items: Vec<PublicEvent<'a>>,
    next: Option<u64>,
}
