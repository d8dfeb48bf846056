//! The rules of a bid, for listings without a reserve.

use uuid::Uuid;

use crate::work::Bid;

/// What a bid is decided by.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Standing {
    pub(crate) version: i64,
    pub(crate) seller: Uuid,
    pub(crate) is_published: bool,
    pub(crate) asking: i64,
    pub(crate) increment: i64,
    pub(crate) ends_at: i64,
    /// The highest ceiling, and whose.
    pub(crate) first: Option<(Uuid, i64)>,
    pub(crate) second: Option<(Uuid, i64)>,
    pub(crate) bids: i64,
    pub(crate) last_number: i64,
}

/// What an accepted bid makes of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Placed {
    pub(crate) number: i64,
    pub(crate) price: i64,
    pub(crate) next_minimum: i64,
    pub(crate) leader: Uuid,
    pub(crate) outbid: Option<Uuid>,
    pub(crate) bids: i64,
    /// The listing's version after it.
    pub(crate) version: i64,
}

impl Standing {
    /// Takes the bid, or refuses it and stays as it was. `own` is the bidder's ceiling so far.
    pub(crate) fn place(&mut self, bid: &Bid, own: Option<i64>, now: i64) -> Option<Placed> {
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
