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
