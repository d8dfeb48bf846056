//! The bids that stand on a listing: one a bidder, in the order in which they were placed.

use std::cmp::Reverse;
use std::fmt;

use portolan_kernel::Money;

use self::tree::Tree;
use crate::{PartyId, Secret};

mod tree;

/// One bid: a ceiling up to which its bidder goes along.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bid {
    /// Its place among the bids of its listing: later ones have higher numbers. Gaps are where bids were replaced.
    pub number: u64,
    /// Whose it is.
    pub bidder: PartyId,
    /// How far it goes; in the currency of the listing.
    pub ceiling: Secret<Money>,
}

/// The bids of one listing.
///
/// The leader, the runner-up and the bid of a bidder are found in O(log n); a copy shares its bids with the original.
#[derive(Clone, Default)]
pub struct Bids {
    by_number: Tree<u64, Bid>,
    number_of: Tree<PartyId, u64>,
    /// The highest ceiling first, the earliest of equals.
    ranking: Tree<(Reverse<i64>, u64), ()>,
}

impl Bids {
    /// How many bidders have a bid.
    #[must_use]
    pub fn len(&self) -> usize {
        self.by_number.len()
    }

    /// Whether nobody bids.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All bids, in the order in which they were placed.
    pub fn iter(&self) -> impl Iterator<Item = &Bid> {
        self.by_number.iter().map(|(_, bid)| bid)
    }

    /// The bid before which this many were placed.
    #[must_use]
    pub fn nth(&self, index: usize) -> Option<&Bid> {
        self.by_number.nth(index)
    }

    /// All bids, the leading one first.
    pub fn ranked(&self) -> impl Iterator<Item = &Bid> {
        self.ranking.iter().filter_map(|((_, number), ())| self.by_number.get(number))
    }

    /// The leading bid: the highest ceiling, the first of equals.
    #[must_use]
    pub fn leader(&self) -> Option<&Bid> {
        self.ranked().next()
    }

    /// The bid of this bidder.
    #[must_use]
    pub fn of(&self, bidder: PartyId) -> Option<&Bid> {
        self.by_number.get(self.number_of.get(&bidder)?)
    }

    /// The number of the bid that is placed next: after all that stand.
    #[must_use]
    pub fn next_number(&self) -> u64 {
        self.by_number.last().map_or(1, |(number, _)| number.saturating_add(1))
    }

    /// Adds a bid in place of an earlier one of its bidder.
    pub(super) fn place(&mut self, bid: Bid) {
        self.retract(bid.bidder);
        self.number_of.insert(bid.bidder, bid.number);
        self.ranking.insert(rank(&bid), ());
        self.by_number.insert(bid.number, bid);
    }

    /// Takes a bidder's bid out.
    pub(super) fn retract(&mut self, bidder: PartyId) {
        let Some(number) = self.number_of.remove(&bidder) else { return };
        let Some(bid) = self.by_number.remove(&number) else { return };
        self.ranking.remove(&rank(&bid));
    }
}

fn rank(bid: &Bid) -> (Reverse<i64>, u64) {
    (Reverse(bid.ceiling.expose().amount), bid.number)
}

impl FromIterator<Bid> for Bids {
    fn from_iter<I: IntoIterator<Item = Bid>>(bids: I) -> Self {
        let mut all = Self::default();
        bids.into_iter().for_each(|bid| all.place(bid));
        all
    }
}

impl PartialEq for Bids {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().eq(other.iter())
    }
}

impl Eq for Bids {}

impl fmt::Debug for Bids {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The bidders alone: no ceiling, and no ten thousand lines either.
        formatter.debug_list().entries(self.iter().take(8).map(|bid| bid.bidder)).finish()?;
        write!(formatter, " of {}", self.len())
    }
}
