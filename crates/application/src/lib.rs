//! The use cases of the marketplace.
//!
//! - [`listings`], [`orders`], [`customers`], [`totals`]: what can be asked of each, one use case a file, and the view
//!   that readers get, with the fields that specifications ask about.
//! - [`projections`]: what the views make of events. [`processes`]: what follows by itself: a sale becomes an order, a
//!   listing closes at its end.
//! - [`wire`]: the serialised form of events, aggregates and commands, with schema versions; every adapter uses it.
//!
//! [`Market`] handles every command and every query. This crate never knows a store, a broker, HTTP or the clock.
//!
//! To add a command: a file in `commands/` with the command, its `Command` and `CommandHandler` and their tests, a line
//! in [`MarketCommand`], and its JSON in `wire/command.rs`. To add a view: a folder beside `totals/` with its `view.rs`
//! and `queries.rs`, a field in [`Views`], and its projector in `projections/`.

pub use command::MarketCommand;
pub use market::{Market, Views};

pub mod customers;
pub mod listings;
pub mod orders;
pub mod processes;
pub mod projections;
pub mod queries;
pub mod totals;
pub mod wire;

mod command;
mod market;
mod repositories;
#[cfg(test)]
mod sample;
#[cfg(test)]
mod testing;
mod text;
