//! The rules of a bid, for listings without a reserve.

use uuid::Uuid;

use crate::work::Bid;

/// What a bid is decided by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Standing {
    pub(super) version: i64,
    pub(super) seller: Uuid,
    pub(super) is_published: bool,
    pub(super) asking: i64,
    pub(super) increment: i64,
    pub(super) ends_at: i64,
    /// The highest ceiling, and whose.
    pub(super) first: Option<(Uuid, i64)>,
    pub(super) second: Option<(Uuid, i64)>,
    pub(super) bids: i64,
    pub(super) last_number: i64,
}

/// What an accepted bid makes of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Placed {
    pub(super) number: i64,
    pub(super) price: i64,
    pub(super) next_minimum: i64,
    pub(super) leader: Uuid,
    pub(super) outbid: Option<Uuid>,
    pub(super) bids: i64,
    /// The listing's version after it.
    pub(super) version: i64,
}

impl Standing {
    /// Takes the bid, or refuses it and stays as it was. `own` is the bidder's ceiling so far.
    pub(super) fn place(&mut self, bid: &Bid, own: Option<i64>, now: i64) -> Option<Placed> {
        let leader = self.first.map(|(bidder, _)| bidder);
        let price = self.second.map_or(self.asking, |(_, ceiling)| ceiling);
        let is_enough = match self.first {
            None => bid.ceiling >= self.asking,
            Some((leader, ceiling)) if leader == bid.bidder => bid.ceiling > ceiling,
            Some(_) => bid.ceiling >= price + self.increment,
        };
        if !self.is_published || now >= self.ends_at || self.seller == bid.bidder || !is_enough {
            return None;
        }
        match self.first {
            Some((_, ceiling)) if leader != Some(bid.bidder) && bid.ceiling <= ceiling => {
                self.second = Some((bid.bidder, bid.ceiling));
            }
            first => {
                if leader != Some(bid.bidder) {
                    self.second = first;
                }
                self.first = Some((bid.bidder, bid.ceiling));
            }
        }
        let leader_now = self.first.map_or(bid.bidder, |(bidder, _)| bidder);
        let outbid = leader.filter(|leader| *leader != leader_now);
        let price = self.second.map_or(self.asking, |(_, ceiling)| ceiling);
        self.bids += i64::from(own.is_none());
        self.last_number += 1;
        self.version += 1 + i64::from(outbid.is_some());
        Some(Placed {
            number: self.last_number,
            price,
            next_minimum: price + self.increment,
            leader: leader_now,
            outbid,
            bids: self.bids,
            version: self.version,
        })
    }
}
