//! The payloads of a listing's events, schema version 1.

use std::borrow::Cow;

use portolan_domain::listing::Event;
use portolan_domain::{ListingId, PartyId};
use portolan_kernel::{Encoded, Money, Result, Timestamp};
use serde::{Deserialize, Serialize};

use crate::wire::{decoded, encoded, unknown_event};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ListingDrafted<'a> {
    listing: ListingId,
    seller: PartyId,
    #[serde(borrow)]
    title: Cow<'a, str>,
    #[serde(borrow)]
    description: Cow<'a, str>,
    asking: Money,
    increment: Money,
    reserve: Option<Money>,
    ends_at: Timestamp,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::wire) struct ListingRevised<'a> {
    #[serde(borrow)]
    pub(in crate::wire) title: Cow<'a, str>,
    #[serde(borrow)]
    pub(in crate::wire) description: Cow<'a, str>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::wire) struct ListingPublished {
    pub(in crate::wire) price: Money,
    pub(in crate::wire) next_minimum: Money,
    pub(in crate::wire) ends_at: Timestamp,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct BidPlaced {
    bidder: PartyId,
    ceiling: Money,
    number: u64,
    price: Money,
    leader: PartyId,
    bids: u64,
    next_minimum: Money,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::wire) struct LeaderOutbid {
    pub(in crate::wire) previous: PartyId,
    pub(in crate::wire) leader: PartyId,
    pub(in crate::wire) price: Money,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::wire) struct BidRetracted {
    pub(in crate::wire) bidder: PartyId,
    pub(in crate::wire) price: Money,
    pub(in crate::wire) leader: Option<PartyId>,
    pub(in crate::wire) bids: u64,
    pub(in crate::wire) next_minimum: Money,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::wire) struct ListingSold<'a> {
    pub(in crate::wire) winner: PartyId,
    pub(in crate::wire) price: Money,
    #[serde(borrow)]
    pub(in crate::wire) title: Cow<'a, str>,
    pub(in crate::wire) bids: u64,
}

/// `ListingUnsold` and `ListingWithdrawn`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::wire) struct Ended {
    pub(in crate::wire) price: Money,
    pub(in crate::wire) bids: u64,
}

pub(super) fn encode(event: &Event) -> Result<Encoded> {
    let name = event.name();
    match event {
        Event::ListingDrafted {
            listing,
            seller,
            title,
            description,
            asking,
            increment,
            reserve,
            ends_at,
        } => {
            let payload = ListingDrafted {
                listing: *listing,
                seller: *seller,
                title: Cow::Borrowed(title),
                description: Cow::Borrowed(description),
                asking: *asking,
                increment: *increment,
                reserve: reserve.map(|reserve| *reserve.expose()),
                ends_at: *ends_at,
            };
            encoded(name, &payload)
        }
        Event::BidPlaced { bidder, ceiling, number, price, leader, bids, next_minimum } => {
            let payload = BidPlaced {
                bidder: *bidder,
                ceiling: *ceiling.expose(),
                number: *number,
                price: *price,
                leader: *leader,
                bids: *bids,
                next_minimum: *next_minimum,
            };
            encoded(name, &payload)
        }
        open => encoded(name, &Open(open)),
    }
}

/// The payload of an event without secrets, which is its public form too.
pub(in crate::wire) struct Open<'a>(pub(in crate::wire) &'a Event);

impl Serialize for Open<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        match self.0 {
            Event::ListingDrafted { .. } | Event::BidPlaced { .. } => {
                Err(serde::ser::Error::custom("this event has a secret"))
            }
            Event::ListingRevised { title, description } => {
                let (title, description) = (Cow::Borrowed(&**title), Cow::Borrowed(&**description));
                ListingRevised { title, description }.serialize(serializer)
            }
            &Event::ListingPublished { price, next_minimum, ends_at } => {
                ListingPublished { price, next_minimum, ends_at }.serialize(serializer)
            }
            &Event::LeaderOutbid { previous, leader, price } => {
                LeaderOutbid { previous, leader, price }.serialize(serializer)
            }
            &Event::BidRetracted { bidder, price, leader, bids, next_minimum } => {
                BidRetracted { bidder, price, leader, bids, next_minimum }.serialize(serializer)
            }
            &Event::ListingSold { winner, price, ref title, bids } => {
                ListingSold { winner, price, title: Cow::Borrowed(title), bids }.serialize(serializer)
            }
            &Event::ListingUnsold { price, bids } | &Event::ListingWithdrawn { price, bids } => {
                Ended { price, bids }.serialize(serializer)
            }
        }
    }
}

pub(super) fn decode(event_type: &str, payload: &str) -> Result<Event> {
    Ok(match event_type {
        "ListingDrafted" => {
            let it: ListingDrafted<'_> = decoded(event_type, payload)?;
            Event::ListingDrafted {
                listing: it.listing,
                seller: it.seller,
                title: it.title.into(),
                description: it.description.into(),
                asking: it.asking,
                increment: it.increment,
                reserve: it.reserve.map(Into::into),
                ends_at: it.ends_at,
            }
        }
        "ListingRevised" => {
            let ListingRevised { title, description } = decoded(event_type, payload)?;
            Event::ListingRevised { title: title.into(), description: description.into() }
        }
        "ListingPublished" => {
            let ListingPublished { price, next_minimum, ends_at } = decoded(event_type, payload)?;
            Event::ListingPublished { price, next_minimum, ends_at }
        }
        "BidPlaced" => {
            let BidPlaced { bidder, ceiling, number, price, leader, bids, next_minimum } =
                decoded(event_type, payload)?;
            Event::BidPlaced { bidder, ceiling: ceiling.into(), number, price, leader, bids, next_minimum }
        }
        "LeaderOutbid" => {
            let LeaderOutbid { previous, leader, price } = decoded(event_type, payload)?;
            Event::LeaderOutbid { previous, leader, price }
        }
        "BidRetracted" => {
            let BidRetracted { bidder, price, leader, bids, next_minimum } = decoded(event_type, payload)?;
            Event::BidRetracted { bidder, price, leader, bids, next_minimum }
        }
        "ListingSold" => {
            let ListingSold { winner, price, title, bids } = decoded(event_type, payload)?;
            Event::ListingSold { winner, price, title: title.into(), bids }
        }
        "ListingUnsold" => {
            let Ended { price, bids } = decoded(event_type, payload)?;
            Event::ListingUnsold { price, bids }
        }
        "ListingWithdrawn" => {
            let Ended { price, bids } = decoded(event_type, payload)?;
            Event::ListingWithdrawn { price, bids }
        }
        unknown => return Err(unknown_event("a listing", unknown)),
    })
}
