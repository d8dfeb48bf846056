//! The marketplace over HTTP: the inbound adapter.
//!
//! - [`router`] gives the routes of a service ([`Http`]): each use case one handler in `routes/`, annotated for the
//!   OpenAPI document that is served beside them.
//! - [`serve`] runs a router on a socket, within [`Limits`], until a [`Shutdown`] begins.
//! - [`Problem`] is every answer that is not the one asked for; only `problem/` knows which status a code has.
//! - `request/` reads headers, parameters and bodies strictly; `wire/` holds the bodies.
//!
//! This crate never knows: a store, a broker, a rule of the domain. Commands and queries go to the mediator.
//!
//! To add a route: a handler with `#[utoipa::path(..)]` in the file of its resource, and its name in that file's
//! `routes()`. Its body is a type in `wire/`.

pub use health::{Health, Part};
pub use http::Http;
pub use problem::Problem;
pub use routes::router;
pub use server::{Limits, Shutdown, serve};

mod front;
mod health;
mod http;
mod metrics;
mod problem;
mod request;
mod routes;
mod server;
mod wire;
