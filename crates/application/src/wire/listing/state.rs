//! A listing as a document, schema version 1.

use std::borrow::Cow;

use portolan_domain::listing::{Bid, Bids, Snapshot};
use portolan_domain::{Listing, ListingId, PartyId};
use portolan_kernel::{Aggregate, Error, Money, Result, Timestamp};
use serde::{Deserialize, Serialize};

/// What is written: borrows everything.
pub(super) type State<'a> = Document<'a, BorrowedBids<'a>>;
/// What is read.
pub(super) type StoredState<'a> = Document<'a, Vec<BidDocument>>;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Document<'a, B> {
    id: ListingId,
    seller: PartyId,
    #[serde(borrow)]
    title: Cow<'a, str>,
    #[serde(borrow)]
    description: Cow<'a, str>,
    asking: Money,
    increment: Money,
    reserve: Option<Money>,
    ends_at: Timestamp,
    #[serde(borrow)]
    status: Cow<'a, str>,
    price: Money,
    next_minimum: Option<Money>,
    bids: B,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BidDocument {
    number: u64,
    bidder: PartyId,
    ceiling: Money,
}

pub(super) struct BorrowedBids<'a>(&'a Bids);

impl Serialize for BorrowedBids<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|bid| BidDocument {
            number: bid.number,
            bidder: bid.bidder,
            ceiling: *bid.ceiling.expose(),
        }))
    }
}

impl<'a> From<&'a Listing> for State<'a> {
    fn from(listing: &'a Listing) -> Self {
        Self {
            id: listing.id(),
            seller: listing.seller(),
            title: Cow::Borrowed(listing.title()),
            description: Cow::Borrowed(listing.description()),
            asking: listing.asking(),
            increment: listing.increment(),
            reserve: listing.reserve().map(|reserve| *reserve.expose()),
            ends_at: listing.ends_at(),
            status: Cow::Borrowed(listing.status().as_str()),
            price: listing.price(),
            next_minimum: listing.next_minimum(),
            bids: BorrowedBids(listing.bids()),
        }
    }
}

impl StoredState<'_> {
    pub(super) fn restore(self) -> Result<Listing> {
        let status =
            self.status.parse().map_err(|error| Error::Invalid(format!("a stored listing: {error}")))?;
        let bids = self.bids.into_iter().map(|bid| Bid {
            number: bid.number,
            bidder: bid.bidder,
            ceiling: bid.ceiling.into(),
        });
        Ok(Listing::restore(Snapshot {
            id: self.id,
            seller: self.seller,
            title: self.title.into(),
            description: self.description.into(),
            asking: self.asking,
            increment: self.increment,
            reserve: self.reserve.map(Into::into),
            ends_at: self.ends_at,
            status,
            price: self.price,
            next_minimum: self.next_minimum,
            bids: bids.collect(),
        }))
    }
}
