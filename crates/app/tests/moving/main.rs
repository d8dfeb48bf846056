//! Moving a store to another, whatever keeps either of them.

#![expect(clippy::unwrap_used, reason = "these are tests, their helpers included")]

mod copy;
mod support;
mod switch;
