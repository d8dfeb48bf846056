//! What can happen to a listing.

use std::sync::Arc;

use portolan_kernel::{Money, Timestamp};

use super::ListingId;
use crate::{PartyId, Secret};

/// A fact about one listing. Events carry results, so that whoever follows them needs no rule and reads nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A seller has written a listing; nobody else sees it yet.
    ListingDrafted {
        /// Its id.
        listing: ListingId,
        /// Who sells.
        seller: PartyId,
        /// Its title.
        title: Arc<str>,
        /// Its description.
        description: Arc<str>,
        /// The price at which bidding starts.
        asking: Money,
        /// The least by which a bid must go past the price.
        increment: Money,
        /// The price below which it is not sold.
        reserve: Option<Secret<Money>>,
        /// When bidding ends.
        ends_at: Timestamp,
    },
    /// The seller has rewritten a draft.
    ListingRevised {
        /// The title from now on.
        title: Arc<str>,
        /// The description from now on.
        description: Arc<str>,
    },
    /// It is open for bids.
    ListingPublished {
        /// The price, which is the asking price.
        price: Money,
        /// The least that the first bid must offer.
        next_minimum: Money,
        /// When it closes.
        ends_at: Timestamp,
    },
    /// A bid stands; it replaces an earlier one of the same bidder.
    BidPlaced {
        /// Who bids.
        bidder: PartyId,
        /// Up to how much.
        ceiling: Secret<Money>,
        /// Its place among the bids: after all that stand.
        number: u64,
        /// The price after it.
        price: Money,
        /// Who leads after it.
        leader: PartyId,
        /// How many bidders there are after it.
        bids: u64,
        /// The least that the next bidder must offer.
        next_minimum: Money,
    },
    /// A bid took the lead from another bidder; follows its `BidPlaced`.
    LeaderOutbid {
        /// Who led before.
        previous: PartyId,
        /// Who leads now.
        leader: PartyId,
        /// The price now.
        price: Money,
    },
    /// A bidder took their bid back.
    BidRetracted {
        /// Whose bid is gone.
        bidder: PartyId,
        /// The price after it.
        price: Money,
        /// Who leads after it; nobody where it was the only bid.
        leader: Option<PartyId>,
        /// How many bidders are left.
        bids: u64,
        /// The least that the next bidder must offer.
        next_minimum: Money,
    },
    /// It closed with a buyer.
    ListingSold {
        /// Who bought it.
        winner: PartyId,
        /// What the winner pays.
        price: Money,
        /// What was sold.
        title: Arc<str>,
        /// How many bidders there were.
        bids: u64,
    },
    /// It closed without a buyer: nobody bid, or the reserve was not met.
    ListingUnsold {
        /// The price that bidding reached.
        price: Money,
        /// How many bidders there were.
        bids: u64,
    },
    /// The seller took it back.
    ListingWithdrawn {
        /// The price that bidding had reached.
        price: Money,
        /// How many bidders there were.
        bids: u64,
    },
}

impl Event {
    /// The stable names of all events, in the order of a listing's life.
    pub const NAMES: [&'static str; 9] = [
        "ListingDrafted",
        "ListingRevised",
        "ListingPublished",
        "BidPlaced",
        "LeaderOutbid",
        "BidRetracted",
        "ListingSold",
        "ListingUnsold",
        "ListingWithdrawn",
    ];

    /// Its stable name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::ListingDrafted { .. } => "ListingDrafted",
            Self::ListingRevised { .. } => "ListingRevised",
            Self::ListingPublished { .. } => "ListingPublished",
            Self::BidPlaced { .. } => "BidPlaced",
            Self::LeaderOutbid { .. } => "LeaderOutbid",
            Self::BidRetracted { .. } => "BidRetracted",
            Self::ListingSold { .. } => "ListingSold",
            Self::ListingUnsold { .. } => "ListingUnsold",
            Self::ListingWithdrawn { .. } => "ListingWithdrawn",
        }
    }
}
