//! The listing and its parts. Its rules are in `decisions`, what its events do to it in `evolution`.

use std::sync::Arc;

use portolan_kernel::{Money, Timestamp};

use super::{Bids, Status};
use crate::{PartyId, Secret};

portolan_kernel::id_type! {
    /// One listing.
    pub struct ListingId;
}

/// Something put up for auction.
///
/// # Invariants
/// All amounts are in the currency of the asking price; one bid a bidder; while published and bid on, the price is the
/// second-highest ceiling (the asking price while there is one bid), lifted to the reserve where the leader reaches it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    pub(super) id: ListingId,
    pub(super) seller: PartyId,
    pub(super) title: Arc<str>,
    pub(super) description: Arc<str>,
    pub(super) asking: Money,
    pub(super) increment: Money,
    pub(super) reserve: Option<Secret<Money>>,
    pub(super) ends_at: Timestamp,
    pub(super) status: Status,
    pub(super) price: Money,
    pub(super) next_minimum: Option<Money>,
    pub(super) bids: Bids,
}

/// A listing in parts, as a store keeps it. Only mappers and codecs make one.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are those of `Listing`, where each has an accessor")]
pub struct Snapshot {
    pub id: ListingId,
    pub seller: PartyId,
    pub title: Arc<str>,
    pub description: Arc<str>,
    pub asking: Money,
    pub increment: Money,
    pub reserve: Option<Secret<Money>>,
    pub ends_at: Timestamp,
    pub status: Status,
    pub price: Money,
    pub next_minimum: Option<Money>,
    pub bids: Bids,
}

impl Listing {
    /// The listing that was kept as `snapshot`.
    #[must_use]
    pub fn restore(snapshot: Snapshot) -> Self {
        let Snapshot { id, seller, title, description, asking, increment, reserve, .. } = snapshot;
        let Snapshot { ends_at, status, price, next_minimum, bids, .. } = snapshot;
        Self {
            id,
            seller,
            title,
            description,
            asking,
            increment,
            reserve,
            ends_at,
            status,
            price,
            next_minimum,
            bids,
        }
    }

    /// Who sells.
    #[must_use]
    pub const fn seller(&self) -> PartyId {
        self.seller
    }

    /// Its title; the text is shared, so that keeping it costs no copy.
    #[must_use]
    pub const fn title(&self) -> &Arc<str> {
        &self.title
    }

    /// Its description, shared likewise.
    #[must_use]
    pub const fn description(&self) -> &Arc<str> {
        &self.description
    }

    /// The price at which bidding starts.
    #[must_use]
    pub const fn asking(&self) -> Money {
        self.asking
    }

    /// The least by which a bid must go past the price.
    #[must_use]
    pub const fn increment(&self) -> Money {
        self.increment
    }

    /// The price below which it is not sold.
    #[must_use]
    pub const fn reserve(&self) -> Option<Secret<Money>> {
        self.reserve
    }

    /// When bidding ends.
    #[must_use]
    pub const fn ends_at(&self) -> Timestamp {
        self.ends_at
    }

    /// Where it is in its life.
    #[must_use]
    pub const fn status(&self) -> Status {
        self.status
    }

    /// The current price: the asking price without bids; what bidding reached once it is over.
    #[must_use]
    pub const fn price(&self) -> Money {
        self.price
    }

    /// The least that the next bid must offer; only while published.
    #[must_use]
    pub const fn next_minimum(&self) -> Option<Money> {
        self.next_minimum
    }

    /// The bids that stand.
    #[must_use]
    pub const fn bids(&self) -> &Bids {
        &self.bids
    }

    /// Who leads.
    #[must_use]
    pub fn leader(&self) -> Option<PartyId> {
        self.bids.leader().map(|bid| bid.bidder)
    }
}
