//! The serialised form of events, aggregates and commands: JSON with schema versions, the same for every adapter.
//!
//! The types of the domain do not serialise themselves. What is stored has types of its own here, so that a change of
//! the domain cannot change the journal by accident; golden files hold their shape. To change a shape: raise its schema
//! version, write the new one, and keep reading every old one (`match schema_version` in the codecs).

pub use command::CommandLine;
pub use event::{MarketDecoder, MarketEvent};
pub use json::Malformed;
pub use listing::ListingCodec;
pub use order::OrderCodec;
pub use public::PublicEvent;

use portolan_domain::{Listing, Order};
use portolan_kernel::{Encoded, Error, Registry, Result};
use serde::{Deserialize, Serialize};

pub mod json;

mod command;
mod event;
#[cfg(test)]
mod golden;
mod listing;
mod order;
mod public;

/// The schema version of everything written today.
const SCHEMA_VERSION: u16 = 1;

/// The aggregates of the marketplace with their codecs: what a store is opened with.
#[must_use]
pub fn registry() -> Registry {
    Registry::new().with::<Listing>(ListingCodec).with::<Order>(OrderCodec)
}

/// A payload as it is stored from now on.
fn encoded(name: &'static str, payload: &impl Serialize) -> Result<Encoded> {
    let json = serde_json::to_string(payload)
        .map_err(|error| Error::Invalid(format!("{name:?} has no JSON form: {error}")))?;
    Ok(Encoded { name, schema_version: SCHEMA_VERSION, json })
}

/// A stored payload. The error names the place alone: what stands there may be secret.
fn decoded<'a, T: Deserialize<'a>>(what: &str, json: &'a str) -> Result<T> {
    serde_json::from_str(json).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        Error::Invalid(format!("the stored {what} does not parse at line {line}, column {column}"))
    })
}

fn unknown_event(what: &str, event_type: &str) -> Error {
    Error::Invalid(format!("`{event_type}` is not an event of {what} that this version of the program knows"))
}

fn unknown_version(what: &str, schema_version: u16) -> Error {
    Error::Invalid(format!(
        "schema version {schema_version} of {what} is not known to this version of the program"
    ))
}
