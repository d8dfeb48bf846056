//! The sum of everything that can happen in the marketplace, decoded once for all subscriptions.

use portolan_domain::{Listing, ListingId, Order, OrderId, listing, order};
use portolan_kernel::{Aggregate, AggregateKey, Codec, Decoder, Envelope, Error, Id, REMOVED, Result};

use super::{ListingCodec, OrderCodec};

/// An event of any aggregate, or its removal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MarketEvent {
    /// Something happened to a listing.
    Listing(ListingId, listing::Event),
    /// A listing was removed from the store.
    ListingRemoved(ListingId),
    /// Something happened to an order.
    Order(OrderId, order::Event),
    /// An order was removed from the store.
    OrderRemoved(OrderId),
}

impl MarketEvent {
    /// Its stable name, as in the journal.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Listing(_, event) => event.name(),
            Self::Order(_, event) => event.name(),
            Self::ListingRemoved(_) | Self::OrderRemoved(_) => REMOVED,
        }
    }

    /// The aggregate that it happened to.
    #[must_use]
    pub fn key(&self) -> AggregateKey {
        match self {
            Self::Listing(id, _) | Self::ListingRemoved(id) => AggregateKey::of::<Listing>(*id),
            Self::Order(id, _) | Self::OrderRemoved(id) => AggregateKey::of::<Order>(*id),
        }
    }
}

/// Reads the journal of the marketplace.
#[derive(Debug, Clone, Copy, Default)]
pub struct MarketDecoder;

impl Decoder for MarketDecoder {
    type Event = MarketEvent;

    fn decode(&self, envelope: &Envelope) -> Result<MarketEvent> {
        let Envelope { aggregate_type, aggregate_id, event_type, schema_version, payload, .. } = envelope;
        let removed = event_type == REMOVED;
        let decoded = match aggregate_type.as_str() {
            Listing::TYPE => {
                let id = ListingId::from_uuid(*aggregate_id);
                if removed {
                    return Ok(MarketEvent::ListingRemoved(id));
                }
                let event = ListingCodec.decode_event(event_type, *schema_version, payload);
                event.map(|event| MarketEvent::Listing(id, event))
            }
            Order::TYPE => {
                let id = OrderId::from_uuid(*aggregate_id);
                if removed {
                    return Ok(MarketEvent::OrderRemoved(id));
                }
                let event = OrderCodec.decode_event(event_type, *schema_version, payload);
                event.map(|event| MarketEvent::Order(id, event))
            }
            unknown => Err(Error::Invalid(format!("aggregates of type `{unknown}` are not known"))),
        };
        decoded.map_err(|error| Error::Invalid(format!("position {}: {error}", envelope.position)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{given, lamp, published};

    fn row() -> Envelope {
        given(published()).rows().remove(1)
    }

    #[test]
    fn a_row_is_decoded_to_the_event_of_its_aggregate() {
        let event = MarketDecoder.decode(&row()).unwrap();
        assert!(
            matches!(event, MarketEvent::Listing(id, listing::Event::ListingPublished { .. }) if id == lamp())
        );
        assert_eq!((event.name(), event.key()), ("ListingPublished", AggregateKey::of::<Listing>(lamp())));
    }

    #[test]
    fn a_removal_is_decoded_without_its_payload() {
        let row = Envelope { event_type: REMOVED.to_owned(), payload: String::new(), ..row() };
        let order = Envelope { aggregate_type: Order::TYPE.to_owned(), ..row.clone() };
        assert_eq!(MarketDecoder.decode(&row).unwrap(), MarketEvent::ListingRemoved(lamp()));
        assert_eq!(MarketDecoder.decode(&order).unwrap().key().aggregate_type, "order");
    }

    #[test]
    fn what_is_not_known_is_an_error_that_names_its_position() {
        for row in [
            Envelope { event_type: "ListingEaten".to_owned(), ..row() },
            Envelope { aggregate_type: "parcel".to_owned(), ..row() },
            Envelope { aggregate_type: Order::TYPE.to_owned(), ..row() },
            Envelope { schema_version: 2, ..row() },
            Envelope { payload: "{}".to_owned(), ..row() },
        ] {
            let error = MarketDecoder.decode(&row).unwrap_err();
            assert_eq!(error.code(), "invalid");
            assert!(error.to_string().starts_with("position 2: "), "{error}");
        }
    }
}
