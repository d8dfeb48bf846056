//! The marketplace: sellers put listings up for auction, bidders bid, a sold listing becomes an order.
//!
//! Two aggregates, [`Listing`] and [`Order`], with their rules, events and typed refusals. This crate knows no I/O,
//! no clock and no random source: times and ids are arguments. It does not know how its events are stored (that is
//! `wire` of the application) nor which store keeps its aggregates (that is an adapter).
//!
//! To add an aggregate: a folder beside `listings/` with the same files (`event.rs`, `error.rs`, the aggregate, its
//! repository port), implementing [`portolan_kernel::Aggregate`].
//!
//! Names are qualified by their module: [`listing::Event`], [`order::Error`].

pub use listings as listing;
pub use listings::{Listing, ListingId};
pub use orders as order;
pub use orders::{Order, OrderId};
pub use party::PartyId;
pub use refusal::Invalid;
pub use secret::Secret;

pub mod listings;
pub mod orders;

mod party;
mod refusal;
mod secret;
#[cfg(test)]
mod testing;
