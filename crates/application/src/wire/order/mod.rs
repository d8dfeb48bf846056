//! Orders as they are stored.

pub(super) mod event;
pub(super) mod line;
mod state;

use portolan_domain::{Order, order};
use portolan_kernel::{Codec, Encoded, Result};

use super::{decoded, encoded, unknown_version};

/// The serialised form of orders and their events.
#[derive(Debug, Clone, Copy, Default)]
pub struct OrderCodec;

impl Codec<Order> for OrderCodec {
    fn encode_event(&self, event: &order::Event) -> Result<Encoded> {
        event::encode(event)
    }

    fn decode_event(&self, event_type: &str, schema_version: u16, payload: &str) -> Result<order::Event> {
        match schema_version {
            1 => event::decode(event_type, payload),
            other => Err(unknown_version(event_type, other)),
        }
    }

    fn encode_state(&self, state: &Order) -> Result<Encoded> {
        encoded("", &state::State::from(state))
    }

    fn decode_state(&self, schema_version: u16, json: &str) -> Result<Order> {
        match schema_version {
            1 => decoded::<state::StoredState<'_>>("order", json)?.restore(),
            other => Err(unknown_version("an order", other)),
        }
    }
}
