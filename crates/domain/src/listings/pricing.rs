//! Proxy bidding: who leads, and what the price is.

use portolan_kernel::Money;

use super::Bid;
use crate::{PartyId, Secret};

/// What a listing says about money before any bid. All amounts are of one currency.
#[derive(Clone, Copy)]
pub(super) struct Terms {
    pub(super) asking: Money,
    pub(super) increment: Money,
    pub(super) reserve: Option<Secret<Money>>,
}

/// What the bids make of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) leader: Option<PartyId>,
    pub(super) price: Money,
    pub(super) next_minimum: Money,
}

impl Terms {
    /// The standing with these two bids at the top of the ranking; `None` where the next minimum is past `i64`.
    pub(super) fn standing(&self, first: Option<&Bid>, second: Option<&Bid>) -> Option<Standing> {
        let Some(first) = first else {
            return Some(Standing { leader: None, price: self.asking, next_minimum: self.asking });
        };
        let pushed = second.map_or(self.asking.amount, |second| second.ceiling.expose().amount);
        let reserve =
            self.reserve.filter(|_| self.reserve_met_by(first)).map(|reserve| reserve.expose().amount);
        let price = Money::new(pushed.max(reserve.unwrap_or(pushed)), self.asking.currency);
        let next_minimum = price.plus(self.increment).ok()?;
        Some(Standing { leader: Some(first.bidder), price, next_minimum })
    }

    /// Whether this bid, leading, reaches the reserve.
    pub(super) fn reserve_met_by(&self, leader: &Bid) -> bool {
        self.reserve.is_none_or(|reserve| leader.ceiling.expose().amount >= reserve.expose().amount)
    }
}
