//! What the documentation says is so: its links lead somewhere, what it names is there, its commands run, and its
//! guides can be followed.
#![cfg(test)]

mod commands;
mod excerpts;
mod guide;
mod links;
mod names;
mod page;
mod readme;
mod records;

#[path = "../end_to_end/support/mod.rs"]
#[expect(dead_code, reason = "most of it is for the tests beside these")]
mod support;
