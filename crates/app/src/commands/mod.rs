//! What each subcommand does, one a file.

pub mod completions;
pub mod demo;
pub mod describe;
pub mod events;
pub mod import;
mod named;
pub mod query;
pub mod send;
pub mod serve;
pub mod show;
pub mod store;
pub mod subscriptions;
pub mod why;
