//! The rules of a listing: each method checks them in a fixed order and answers events, or the first refusal.

use std::sync::Arc;
use std::time::Duration;

use portolan_kernel::{Money, Timestamp};

use super::pricing::{Standing, Terms};
use super::{Bid, Error, Event, Listing, ListingId, Status};
use crate::{Invalid, PartyId, Secret};

/// How long before its end a listing with bids binds everybody: bids are no longer taken back, nor is the listing.
pub const CUT_OFF: Duration = Duration::from_secs(12 * 60 * 60);

const TITLE_MAX: usize = 200;
const DESCRIPTION_MAX: usize = 10_000;

/// What a seller says of a new listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// Its id.
    pub listing: ListingId,
    /// Who sells.
    pub seller: PartyId,
    /// 1 to 200 characters.
    pub title: Arc<str>,
    /// Up to 10,000 characters.
    pub description: Arc<str>,
    /// The price at which bidding starts.
    pub asking: Money,
    /// The least by which a bid must go past the price; more than zero.
    pub increment: Money,
    /// The price below which it is not sold.
    pub reserve: Option<Secret<Money>>,
    /// When bidding ends.
    pub ends_at: Timestamp,
}

/// The decisions. They change nothing: whoever holds the listing applies the events.
impl Listing {
    /// Begins a listing.
    ///
    /// # Errors
    /// In this order: `Invalid` for the title, the description or an increment of zero or less, `CurrencyMismatch`.
    pub fn draft(draft: Draft) -> Result<Vec<Event>, Error> {
        check_texts(&draft.title, &draft.description)?;
        if draft.increment.amount <= 0 {
            return Err(Invalid::NotPositive { field: "increment", amount: draft.increment }.into());
        }
        check_currency("increment", draft.increment, draft.asking)?;
        if let Some(reserve) = &draft.reserve {
            check_currency("reserve", *reserve.expose(), draft.asking)?;
        }
        Ok(vec![Event::ListingDrafted {
            listing: draft.listing,
            seller: draft.seller,
            title: draft.title,
            description: draft.description,
            asking: draft.asking,
            increment: draft.increment,
            reserve: draft.reserve,
            ends_at: draft.ends_at,
        }])
    }

    /// Rewrites a draft.
    ///
    /// # Errors
    /// In this order: `NotDraft`, `Invalid`.
    pub fn revise(&self, title: Arc<str>, description: Arc<str>) -> Result<Vec<Event>, Error> {
        self.must_be_draft()?;
        check_texts(&title, &description)?;
        Ok(vec![Event::ListingRevised { title, description }])
    }

    /// Opens a draft for bids.
    ///
    /// # Errors
    /// In this order: `NotDraft`, `PriceNotPositive`, `Ended` where its end is not in the future.
    pub fn publish(&self, now: Timestamp) -> Result<Vec<Event>, Error> {
        self.must_be_draft()?;
        if self.asking.amount <= 0 {
            return Err(Error::PriceNotPositive { price: self.asking });
        }
        self.must_not_have_ended(now)?;
        Ok(vec![Event::ListingPublished {
            price: self.asking,
            next_minimum: self.asking,
            ends_at: self.ends_at,
        }])
    }

    /// Takes a bid, in place of an earlier one of the same bidder.
    ///
    /// # Errors
    /// In this order: `NotPublished`, `Ended`, `OwnListing`, `CurrencyMismatch`, then `NotRaised` for the leader and
    /// `TooLow` for the others, `Overflow`.
    pub fn place_bid(&self, bidder: PartyId, ceiling: Money, now: Timestamp) -> Result<Vec<Event>, Error> {
        self.must_be_published()?;
        self.must_not_have_ended(now)?;
        if bidder == self.seller {
            return Err(Error::OwnListing { seller: self.seller });
        }
        check_currency("ceiling", ceiling, self.asking)?;
        let leader = self.bids.leader();
        self.must_be_enough(bidder, ceiling, leader)?;

        let bid = Bid { number: self.bids.next_number(), bidder, ceiling: ceiling.into() };
        let standing = self
            .standing_with(&bid)
            .ok_or(Error::Overflow { offered: ceiling.into(), increment: self.increment })?;
        let known = self.bids.of(bidder).is_some();
        let mut events = vec![Event::BidPlaced {
            bidder,
            ceiling: bid.ceiling,
            number: bid.number,
            price: standing.price,
            leader: standing.leader.unwrap_or(bidder),
            bids: self.count() + u64::from(!known),
            next_minimum: standing.next_minimum,
        }];
        match leader {
            Some(previous) if previous.bidder != bidder && standing.leader == Some(bidder) => {
                events.push(Event::LeaderOutbid {
                    previous: previous.bidder,
                    leader: bidder,
                    price: standing.price,
                });
            }
            _ => {}
        }
        Ok(events)
    }

    /// Takes a bid back. The price is computed anew from those that are left.
    ///
    /// # Errors
    /// In this order: `NotPublished`, `Ended`, `NoBid`, `TooLate` with twelve hours or less left.
    pub fn retract_bid(&self, bidder: PartyId, now: Timestamp) -> Result<Vec<Event>, Error> {
        self.must_be_published()?;
        self.must_not_have_ended(now)?;
        let Some(bid) = self.bids.of(bidder) else { return Err(Error::NoBid { bidder }) };
        self.must_be_before_the_cut_off(now)?;
        let mut rest = self.bids.ranked().filter(|other| other.bidder != bidder);
        let (first, second) = (rest.next(), rest.next());
        // Bids that are taken back never raise the price, so the next minimum still fits.
        let standing = self
            .terms()
            .standing(first, second)
            .ok_or(Error::Overflow { offered: bid.ceiling, increment: self.increment })?;
        Ok(vec![Event::BidRetracted {
            bidder,
            price: standing.price,
            leader: standing.leader,
            bids: self.count() - 1,
            next_minimum: standing.next_minimum,
        }])
    }

    /// Ends the bidding: sold to the leader at the current price where the reserve is met, else unsold.
    ///
    /// # Errors
    /// In this order: `NotPublished`, `NotEnded`.
    pub fn close(&self, now: Timestamp) -> Result<Vec<Event>, Error> {
        self.must_be_published()?;
        if now < self.ends_at {
            return Err(Error::NotEnded { ends_at: self.ends_at, now });
        }
        let bids = self.count();
        Ok(vec![match self.bids.leader().filter(|leader| self.terms().reserve_met_by(leader)) {
            Some(leader) => {
                let title = Arc::clone(&self.title);
                Event::ListingSold { winner: leader.bidder, price: self.price, title, bids }
            }
            None => Event::ListingUnsold { price: self.price, bids },
        }])
    }

    /// Takes the listing back: a draft at any time, a published one before its end and, where it has bids, with more
    /// than twelve hours left.
    ///
    /// # Errors
    /// In this order: `NotPublished` (neither draft nor published), `Ended`, `TooLate`.
    pub fn withdraw(&self, now: Timestamp) -> Result<Vec<Event>, Error> {
        if self.status != Status::Draft {
            self.must_be_published()?;
            self.must_not_have_ended(now)?;
            if !self.bids.is_empty() {
                self.must_be_before_the_cut_off(now)?;
            }
        }
        Ok(vec![Event::ListingWithdrawn { price: self.price, bids: self.count() }])
    }
}

/// Checks and helpers.
impl Listing {
    fn must_be_draft(&self) -> Result<(), Error> {
        if self.status == Status::Draft { Ok(()) } else { Err(Error::NotDraft { status: self.status }) }
    }

    fn must_be_published(&self) -> Result<(), Error> {
        if self.status == Status::Published {
            Ok(())
        } else {
            Err(Error::NotPublished { status: self.status })
        }
    }

    fn must_not_have_ended(&self, now: Timestamp) -> Result<(), Error> {
        if now < self.ends_at { Ok(()) } else { Err(Error::Ended { ends_at: self.ends_at, now }) }
    }

    fn must_be_before_the_cut_off(&self, now: Timestamp) -> Result<(), Error> {
        if self.ends_at.since(now) > CUT_OFF {
            return Ok(());
        }
        Err(Error::TooLate { ends_at: self.ends_at, until: cut_off(self.ends_at), now })
    }

    fn must_be_enough(&self, bidder: PartyId, offered: Money, leader: Option<&Bid>) -> Result<(), Error> {
        match leader {
            Some(leader) if leader.bidder == bidder => {
                if offered.amount <= leader.ceiling.expose().amount {
                    return Err(Error::NotRaised { offered: offered.into() });
                }
            }
            _ => {
                let next_minimum = self.next_minimum.unwrap_or(self.asking);
                if offered.amount < next_minimum.amount {
                    return Err(Error::TooLow { offered, price: self.price, next_minimum });
                }
            }
        }
        Ok(())
    }

    /// The standing with this bid in place of its bidder's earlier one. It is the last of its equals.
    fn standing_with(&self, bid: &Bid) -> Option<Standing> {
        let mut others = self.bids.ranked().filter(|other| other.bidder != bid.bidder);
        let (first, second) = (others.next(), others.next());
        let beats = |other: &Bid| bid.ceiling.expose().amount > other.ceiling.expose().amount;
        match (first, second) {
            (Some(first), _) if beats(first) => self.terms().standing(Some(bid), Some(first)),
            (Some(first), Some(second)) if !beats(second) => self.terms().standing(Some(first), Some(second)),
            (Some(first), _) => self.terms().standing(Some(first), Some(bid)),
            (None, _) => self.terms().standing(Some(bid), None),
        }
    }

    const fn terms(&self) -> Terms {
        Terms { asking: self.asking, increment: self.increment, reserve: self.reserve }
    }

    fn count(&self) -> u64 {
        self.bids.len() as u64
    }
}

fn check_texts(title: &str, description: &str) -> Result<(), Invalid> {
    Invalid::text("title", title, 1, TITLE_MAX)?;
    Invalid::text("description", description, 0, DESCRIPTION_MAX)
}

fn check_currency(field: &'static str, money: Money, asking: Money) -> Result<(), Error> {
    if money.currency == asking.currency {
        return Ok(());
    }
    Err(Error::CurrencyMismatch { field, given: money.currency, expected: asking.currency })
}

/// The time from which on a listing with bids binds.
fn cut_off(ends_at: Timestamp) -> Timestamp {
    let micros = i64::try_from(CUT_OFF.as_micros()).unwrap_or(i64::MAX);
    Timestamp::from_micros(ends_at.as_micros().saturating_sub(micros))
}
