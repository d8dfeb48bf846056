//! The public form of events: for histories and streams that anybody may read. No ceiling, no reserve.

use std::borrow::Cow;

use portolan_domain::{ListingId, PartyId, listing};
use portolan_kernel::{Envelope, Money, Position, Recorded, Timestamp, Version};
use serde::{Serialize, Serializer};
use uuid::Uuid;

use super::MarketEvent;
use super::listing::event::Open;
use super::order::event::Payload;

/// An event as everybody may see it; serialises to one JSON object.
#[derive(Debug, Clone, Serialize)]
pub struct PublicEvent<'a> {
    /// Its place in the journal; a stream resumes from it.
    pub position: Position,
    /// Its id, the same on every delivery.
    pub event_id: Uuid,
    /// The type of the aggregate that it happened to: `listing` or `order`.
    pub aggregate: &'static str,
    /// The id of the aggregate.
    pub id: Uuid,
    /// The aggregate's version after it.
    pub version: Version,
    /// Its stable name.
    #[serde(rename = "type")]
    pub event_type: &'static str,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// What happened, without secrets.
    pub data: PublicData<'a>,
}

impl<'a> PublicEvent<'a> {
    /// The public form of an event that a subscription delivered.
    #[must_use]
    pub fn of(recorded: &'a Recorded<MarketEvent>) -> Self {
        let Recorded { position, event_id, version, occurred_at, event, .. } = recorded;
        Self::new(*position, *event_id, *version, *occurred_at, event)
    }

    /// The public form of a row of the journal that was decoded to `event`.
    #[must_use]
    pub fn of_row(row: &Envelope, event: &'a MarketEvent) -> Self {
        Self::new(row.position, row.event_id, row.version, row.occurred_at, event)
    }

    fn new(
        position: Position,
        event_id: Uuid,
        version: Version,
        occurred_at: Timestamp,
        event: &'a MarketEvent,
    ) -> Self {
        let key = event.key();
        let (aggregate, id) = (key.aggregate_type, key.id);
        Self {
            position,
            event_id,
            aggregate,
            id,
            version,
            event_type: event.name(),
            occurred_at,
            data: PublicData(event),
        }
    }
}

/// What happened, without secrets; serialises to one JSON object.
#[derive(Debug, Clone, Copy)]
pub struct PublicData<'a>(&'a MarketEvent);

#[derive(Serialize)]
struct ListingDrafted<'a> {
    listing: ListingId,
    seller: PartyId,
    title: Cow<'a, str>,
    description: Cow<'a, str>,
    asking: Money,
    increment: Money,
    ends_at: Timestamp,
}

#[derive(Serialize)]
struct BidPlaced {
    bidder: PartyId,
    price: Money,
    leader: PartyId,
    bids: u64,
    next_minimum: Money,
}

/// A removal has no data.
#[derive(Serialize)]
struct Nothing {}

impl Serialize for PublicData<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            MarketEvent::ListingRemoved(_) | MarketEvent::OrderRemoved(_) => Nothing {}.serialize(serializer),
            MarketEvent::Order(_, event) => Payload(event).serialize(serializer),
            MarketEvent::Listing(_, event) => match event {
                &listing::Event::ListingDrafted {
                    listing,
                    seller,
                    ref title,
                    ref description,
                    asking,
                    increment,
                    reserve: _,
                    ends_at,
                } => {
                    let (title, description) = (Cow::Borrowed(&**title), Cow::Borrowed(&**description));
                    ListingDrafted { listing, seller, title, description, asking, increment, ends_at }
                        .serialize(serializer)
                }
                &listing::Event::BidPlaced {
                    bidder,
                    ceiling: _,
                    number: _,
                    price,
                    leader,
                    bids,
                    next_minimum,
                } => BidPlaced { bidder, price, leader, bids, next_minimum }.serialize(serializer),
                open => Open(open).serialize(serializer),
            },
        }
    }
}
