//! Bids up to a ceiling, in place of an earlier bid of the same bidder.

use async_trait::async_trait;
use portolan_domain::{Listing, ListingId, PartyId, Secret};
use portolan_kernel::{AggregateKey, Command, CommandError, CommandHandler, Money, UnitOfWork};

use crate::Market;
use crate::repositories::existing;

/// Bids up to a ceiling, in place of an earlier bid of the same bidder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaceBid {
    /// On what.
    pub listing: ListingId,
    /// Who bids.
    pub bidder: PartyId,
    /// Up to how much.
    pub ceiling: Secret<Money>,
}

impl Command for PlaceBid {
    fn name(&self) -> &'static str {
        "place_bid"
    }

    fn target(&self) -> Option<AggregateKey> {
        Some(AggregateKey::of::<Listing>(self.listing))
    }
}

#[async_trait]
impl CommandHandler<PlaceBid> for Market {
    async fn handle(&self, command: &PlaceBid, unit: &UnitOfWork) -> Result<AggregateKey, CommandError> {
        let listing = existing::<Listing>(unit, command.listing).await?;
        let now = unit.context().occurred_at;
        listing.execute(|listing| listing.place_bid(command.bidder, *command.ceiling.expose(), now))?;
        Ok(listing.key())
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{bid, draft, given, published};

    #[test]
    fn a_bid_is_placed_and_tells_the_bidder_who_led() {
        given(published()).when(bid(2, 30)).then(["BidPlaced"]);
        let [drafted, opened] = published();
        given([drafted, opened, bid(2, 30)]).when(bid(3, 40)).then(["BidPlaced", "LeaderOutbid"]);
    }

    #[test]
    fn a_bid_is_refused_by_the_rules_at_the_time_of_the_command() {
        given([]).when(bid(2, 30)).then_refused("not_found");
        given(published()).when(bid(2, 9)).then_refused("too_low");
        given(published()).when_at(bid(2, 30), draft().ends_at).then_refused("ended");
    }

    #[test]
    fn a_ceiling_is_not_printed() {
        let command = format!("{:?}", bid(2, 123_456));
        assert!(!command.contains("1234") && command.contains("***"));
    }
}
