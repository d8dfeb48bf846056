//! Takes a bid back.

use async_trait::async_trait;
use portolan_domain::{Listing, ListingId, PartyId};
use portolan_kernel::{AggregateKey, Command, CommandError, CommandHandler, UnitOfWork};

use crate::Market;
use crate::repositories::existing;

/// Takes a bid back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetractBid {
    /// On what.
    pub listing: ListingId,
    /// Whose.
    pub bidder: PartyId,
}

impl Command for RetractBid {
    fn name(&self) -> &'static str {
        "retract_bid"
    }

    fn target(&self) -> Option<AggregateKey> {
        Some(AggregateKey::of::<Listing>(self.listing))
    }
}

#[async_trait]
impl CommandHandler<RetractBid> for Market {
    async fn handle(&self, command: &RetractBid, unit: &UnitOfWork) -> Result<AggregateKey, CommandError> {
        let listing = existing::<Listing>(unit, command.listing).await?;
        let now = unit.context().occurred_at;
        listing.execute(|listing| listing.retract_bid(command.bidder, now))?;
        Ok(listing.key())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{bid, draft, given, lamp, party, published};

    #[test]
    fn a_bid_is_retracted_by_its_bidder_while_there_is_time() {
        let retraction = |bidder| RetractBid { listing: lamp(), bidder: party(bidder) };
        let history = || published().into_iter().chain([bid(2, 30)]);
        given(history()).when(retraction(2)).then(["BidRetracted"]);
        given(history()).when(retraction(3)).then_refused("no_bid");
        given(history()).when_at(retraction(2), draft().ends_at).then_refused("ended");
        given([]).when(retraction(2)).then_refused("not_found");
    }
}
