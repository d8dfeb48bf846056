//! The routes, one file for each resource. A handler reads its request, asks the mediator, and answers.

mod answer;
mod console;
mod customers;
mod document;
mod events;
mod health;
mod history;
mod listings;
mod metrics;
mod orders;
mod page;
mod totals;

use axum::Router;

use crate::front::Front;
use crate::http::{Http, Shared};
use crate::problem::Problem;
use crate::wire::headers;

/// The routes of a service, with their document under `/openapi.json` and its page under `/docs`.
///
/// # Behaviour
/// Every answer that is not the one asked for is a [`Problem`]: unknown addresses and methods, and panics, too.
pub fn router(http: Http) -> Router {
    let http = Shared::new(http);
    let (routes, mut document) = document::routes().split_for_parts();
    headers::describe(&mut document);
    routes
        .merge(document::served(&document))
        .merge(console::routes())
        .fallback(async || Problem::no_route())
        .method_not_allowed_fallback(async || Problem::method_not_allowed())
        .layer(Front(http.clone()))
        .with_state(http)
}
