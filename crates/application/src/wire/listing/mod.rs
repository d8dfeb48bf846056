//! Listings as they are stored.

pub(super) mod event;
mod state;

use portolan_domain::{Listing, listing};
use portolan_kernel::{Codec, Encoded, Result};

use super::{decoded, encoded, unknown_version};

/// The serialised form of listings and their events.
#[derive(Debug, Clone, Copy, Default)]
pub struct ListingCodec;

impl Codec<Listing> for ListingCodec {
    fn encode_event(&self, event: &listing::Event) -> Result<Encoded> {
        event::encode(event)
    }

    fn decode_event(&self, event_type: &str, schema_version: u16, payload: &str) -> Result<listing::Event> {
        match schema_version {
            1 => event::decode(event_type, payload),
            other => Err(unknown_version(event_type, other)),
        }
    }

    fn encode_state(&self, state: &Listing) -> Result<Encoded> {
        encoded("", &state::State::from(state))
    }

    fn decode_state(&self, schema_version: u16, json: &str) -> Result<Listing> {
        match schema_version {
            1 => decoded::<state::StoredState<'_>>("listing", json)?.restore(),
            other => Err(unknown_version("a listing", other)),
        }
    }
}
