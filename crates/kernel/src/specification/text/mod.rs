//! Specifications as text: `status = "published" and price < "50.00 EUR" and title contains "lamp"`.
//!
//! Hand-written recursive descent: the grammar is small, its errors know the field and its type, and its bounds
//! on depth and time are plain to see.

mod error;
mod grammar;
mod lexer;

pub use error::ParseError;
pub(super) use grammar::parse;

/// The longest text that is read.
pub const MAX_TEXT_BYTES: usize = 64 * 1024;
