//! What drives the ports of `portolan-kernel`: it is an asynchronous runtime's side of the architecture.
//!
//! - [`Mediator`] takes a command or a query to its handler, through a [`Chain`](middleware::Chain) of
//!   [`middleware`].
//! - [`Cached`] keeps hot aggregates in memory in front of any write store.
//! - [`Switchable`] lets a service go on with another store, as [`transfer`] has made it, and [`SwitchableView`] its read
//!   models that are kept there.
//! - [`subscription`] is the engine that runs everything which follows the journal.
//! - [`SystemClock`] and [`SystemIds`] are the only places that ask what time it is and make ids.
//!
//! This crate never knows: a business, a database, a network protocol. It needs a Tokio runtime, of either
//! flavour, with time enabled.
//!
//! A new middleware is one file in `middleware/` with one type; a new kind of subscription is one file in
//! `subscription/`.

pub use backoff::Backoff;
pub use cache::Cached;
pub use clock::SystemClock;
pub use ids::SystemIds;
pub use mediator::Mediator;
pub use sender::Sender;
pub use switchable::{StorePorts, Switchable};
pub use switchable_view::SwitchableView;

mod backoff;
mod cache;
mod clock;
mod ids;
mod mediator;
pub mod middleware;
mod sender;
pub mod subscription;
mod switchable;
mod switchable_view;
pub mod transfer;
