//! Orders: their use cases.

pub use commands::*;

pub mod commands;
