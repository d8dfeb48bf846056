//! The use cases of the marketplace.
//!
//! - [`listings`] and [`orders`]: what can be asked, one use case a file: `commands/` with their handlers.
//! - [`processes`]: what follows by itself: a sale becomes an order, a listing closes at its end.
//! - [`wire`]: the serialised form of events, aggregates and commands, with schema versions; every adapter uses it.
//!
//! [`Market`] handles every command. This crate never knows a store, a broker, HTTP or the clock.
//!
//! To add a use case: a file in `commands/` with the command, its `Command` and `CommandHandler` and their tests, a
//! line in [`MarketCommand`], and its JSON in `wire/command.rs`.

pub use command::MarketCommand;
pub use market::Market;

pub mod listings;
pub mod orders;
pub mod processes;
pub mod wire;

mod command;
mod market;
mod repositories;
#[cfg(test)]
mod sample;
#[cfg(test)]
mod testing;
