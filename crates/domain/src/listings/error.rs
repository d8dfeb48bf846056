//! Why a listing refuses.

use portolan_kernel::{Currency, DomainError, Money, Timestamp};
use serde_json::{Map, Value};

use super::Status;
use crate::refusal::Details;
use crate::{Invalid, PartyId, Secret};

/// A listing's no, with the numbers that explain it. None of them holds another's ceiling or a reserve.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Input that no listing would accept.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// Two amounts that must be of one currency are not.
    #[error("{field} is in {given}; this listing is in {expected}")]
    CurrencyMismatch {
        /// The field of the command.
        field: &'static str,
        /// Its currency.
        given: Currency,
        /// The currency of the asking price.
        expected: Currency,
    },
    /// Only a draft can do that.
    #[error("the listing is {status}, not a draft")]
    NotDraft {
        /// What it is.
        status: Status,
    },
    /// Only a published listing can do that.
    #[error("the listing is {status}, not published")]
    NotPublished {
        /// What it is.
        status: Status,
    },
    /// Bidding cannot start at nothing.
    #[error("the asking price is {price}; it must be more than zero")]
    PriceNotPositive {
        /// The asking price.
        price: Money,
    },
    /// Its end has come.
    #[error("the listing ended at {ends_at}; it is {now}")]
    Ended {
        /// Its end.
        ends_at: Timestamp,
        /// The time of the command.
        now: Timestamp,
    },
    /// Its end has not come.
    #[error("the listing ends at {ends_at}; it is {now}")]
    NotEnded {
        /// Its end.
        ends_at: Timestamp,
        /// The time of the command.
        now: Timestamp,
    },
    /// Sellers do not bid on what they sell.
    #[error("the bidder is the seller of this listing")]
    OwnListing {
        /// The seller.
        seller: PartyId,
    },
    /// The leader offered no more than before. Says nothing of the leading ceiling.
    #[error("the offer does not raise the leading bid")]
    NotRaised {
        /// What was offered.
        offered: Secret<Money>,
    },
    /// The offer does not reach the next minimum.
    #[error("{offered} was offered; the next bid must be {next_minimum} or more")]
    TooLow {
        /// What was offered.
        offered: Money,
        /// The current price.
        price: Money,
        /// The least that is accepted.
        next_minimum: Money,
    },
    /// With this bid the next minimum would be past what money can hold.
    ///
    /// It does not name the price that the bid would make, because that can be another's ceiling.
    #[error("with this bid the next minimum would be larger than this system can hold")]
    Overflow {
        /// What was offered.
        offered: Secret<Money>,
        /// By how much the next minimum is past the price.
        increment: Money,
    },
    /// There is no bid to take back.
    #[error("this bidder has no bid on the listing")]
    NoBid {
        /// Who has none.
        bidder: PartyId,
    },
    /// The last twelve hours have begun, in which bids bind.
    #[error("the listing ends at {ends_at}; this was allowed before {until}, and it is {now}")]
    TooLate {
        /// Its end.
        ends_at: Timestamp,
        /// The time before which it was allowed.
        until: Timestamp,
        /// The time of the command.
        now: Timestamp,
    },
}

impl DomainError for Error {
    fn code(&self) -> &'static str {
        match self {
            Self::Invalid(_) => "invalid",
            Self::CurrencyMismatch { .. } => "currency_mismatch",
            Self::NotDraft { .. } => "not_draft",
            Self::NotPublished { .. } => "not_published",
            Self::PriceNotPositive { .. } => "price_not_positive",
            Self::Ended { .. } => "ended",
            Self::NotEnded { .. } => "not_ended",
            Self::OwnListing { .. } => "own_listing",
            Self::NotRaised { .. } => "not_raised",
            Self::TooLow { .. } => "too_low",
            Self::Overflow { .. } => "overflow",
            Self::NoBid { .. } => "no_bid",
            Self::TooLate { .. } => "too_late",
        }
    }

    fn details(&self) -> Map<String, Value> {
        let details = Details::new();
        match *self {
            Self::Invalid(ref invalid) => invalid.details(),
            Self::CurrencyMismatch { field, given, expected } => {
                details.text("field", field).currency("given", given).currency("expected", expected)
            }
            Self::NotDraft { status } | Self::NotPublished { status } => details.text("status", status),
            Self::PriceNotPositive { price } => details.money("price", price),
            Self::Ended { ends_at, now } | Self::NotEnded { ends_at, now } => {
                details.time("ends_at", ends_at).time("now", now)
            }
            Self::OwnListing { seller } => details.text("seller", seller),
            Self::NotRaised { offered } => details.money("offered", *offered.expose()),
            Self::TooLow { offered, price, next_minimum } => {
                details.money("offered", offered).money("price", price).money("next_minimum", next_minimum)
            }
            Self::Overflow { offered, increment } => {
                details.money("offered", *offered.expose()).money("increment", increment)
            }
            Self::NoBid { bidder } => details.text("bidder", bidder),
            Self::TooLate { ends_at, until, now } => {
                details.time("ends_at", ends_at).time("until", until).time("now", now)
            }
        }
        .finish()
    }
}
