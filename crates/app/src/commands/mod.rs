//! What each subcommand does, one a file.

pub mod completions;
#[cfg(feature = "http")]
pub mod demo;
pub mod describe;
pub mod events;
pub mod import;
mod named;
pub mod query;
pub mod send;
#[cfg(feature = "http")]
pub mod serve;
pub mod show;
pub mod store;
pub mod store_copy;
pub mod store_switch;
pub mod subscriptions;
pub mod why;
