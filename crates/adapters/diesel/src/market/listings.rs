//! Listings in rows: one for what a bid changes, one for the texts, one for each bid.

use std::sync::Arc;

use portolan_domain::listing::{self, Bid, Event, Listing, ListingId, Status};
use portolan_domain::{PartyId, Secret};
use portolan_kernel::{Aggregate as _, Currency, Money, Timestamp, Version};

use super::SCHEMA;
use crate::rows::{Rows, Unreadable};
use crate::{Mapper, RowChange, Schema, Stored, rows};

/// Keeps [`Listing`]s. A bid writes its own row and the listing's, however many bids there are.
#[derive(Debug, Clone, Copy, Default)]
pub struct ListingMapper;

rows! {
    /// A listing, but for its texts and its bids. All amounts are in its one currency.
    pub struct ListingRow in listings {
        key { id: ListingId }
        fixed {
            seller: PartyId,
            currency: Currency,
            asking_amount: i64,
            increment_amount: i64,
            reserve_amount: Option<i64>,
        }
        changing {
            version: Version,
            status: Status,
            price_amount: i64,
            next_minimum_amount: Option<i64>,
            ends_at: Timestamp,
        }
    }

    /// Its texts, apart, so that a bid does not write them again.
    pub struct TextsRow in listing_texts {
        key { listing_id: ListingId }
        changing { title: Arc<str>, description: Arc<str> }
    }

    /// The bid of one bidder; `number` is its place among the bids of the listing.
    pub struct BidRow in bids {
        key { listing_id: ListingId, bidder: PartyId }
        changing { number: u64, ceiling_amount: i64 }
    }
}

impl Mapper for ListingMapper {
    type Aggregate = Listing;
    type Root = ListingRow;
    type Children = (Option<TextsRow>, Vec<BidRow>);

    fn schema(&self) -> Schema {
        SCHEMA
    }

    fn rows(&self, listing: &Listing, version: Version) -> (ListingRow, Self::Children) {
        let bids = listing.bids().iter().map(|bid| BidRow::of(listing.id(), bid)).collect();
        (ListingRow::of(listing, version), (Some(TextsRow::of(listing)), bids))
    }

    fn update(&self, change: &RowChange<'_, Listing>, rows: &mut Rows) {
        let listing = change.state;
        rows.update(ListingRow::of(listing, change.version));
        for event in change.events {
            match event {
                Event::ListingRevised { .. } => rows.update(TextsRow::of(listing)),
                Event::BidPlaced { bidder, .. } | Event::BidRetracted { bidder, .. } => {
                    match listing.bids().of(*bidder) {
                        Some(bid) => rows.put(BidRow::of(listing.id(), bid)),
                        None => rows.delete::<BidRow>((listing.id(), *bidder)),
                    }
                }
                // All that these change is in the listing's own row.
                Event::ListingDrafted { .. }
                | Event::ListingPublished { .. }
                | Event::LeaderOutbid { .. }
                | Event::ListingSold { .. }
                | Event::ListingUnsold { .. }
                | Event::ListingWithdrawn { .. } => {}
            }
        }
    }

    fn restore(&self, row: ListingRow, (texts, bids): Self::Children) -> Result<Stored<Listing>, Unreadable> {
        let texts = texts.ok_or_else(|| Unreadable::new("a listing without its row of `listing_texts`"))?;
        let money = |amount| Money::new(amount, row.currency);
        let bids = bids.into_iter().map(|bid| Bid {
            number: bid.number,
            bidder: bid.bidder,
            ceiling: Secret::new(money(bid.ceiling_amount)),
        });
        let state = Listing::restore(listing::Snapshot {
            id: row.id,
            seller: row.seller,
            title: texts.title,
            description: texts.description,
            asking: money(row.asking_amount),
            increment: money(row.increment_amount),
            reserve: row.reserve_amount.map(|amount| Secret::new(money(amount))),
            ends_at: row.ends_at,
            status: row.status,
            price: money(row.price_amount),
            next_minimum: row.next_minimum_amount.map(money),
            bids: bids.collect(),
        });
        Ok(Stored { state, version: row.version })
    }
}

impl ListingRow {
    fn of(listing: &Listing, version: Version) -> Self {
        Self {
            id: listing.id(),
            seller: listing.seller(),
            currency: listing.asking().currency,
            asking_amount: listing.asking().amount,
            increment_amount: listing.increment().amount,
            reserve_amount: listing.reserve().map(|reserve| reserve.expose().amount),
            version,
            status: listing.status(),
            price_amount: listing.price().amount,
            next_minimum_amount: listing.next_minimum().map(|money| money.amount),
            ends_at: listing.ends_at(),
        }
    }
}

impl TextsRow {
    fn of(listing: &Listing) -> Self {
        Self {
            listing_id: listing.id(),
            title: Arc::clone(listing.title()),
            description: Arc::clone(listing.description()),
        }
    }
}

impl BidRow {
    fn of(listing_id: ListingId, bid: &Bid) -> Self {
        let ceiling_amount = bid.ceiling.expose().amount;
        Self { listing_id, bidder: bid.bidder, number: bid.number, ceiling_amount }
    }
}
