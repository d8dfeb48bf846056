//! Ends the bidding on a listing whose end has come.

use async_trait::async_trait;
use portolan_domain::{Listing, ListingId};
use portolan_kernel::{AggregateKey, Command, CommandError, CommandHandler, UnitOfWork};

use crate::Market;
use crate::repositories::existing;

/// Ends the bidding on a listing whose end has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CloseListing {
    /// Which.
    pub listing: ListingId,
}

impl Command for CloseListing {
    fn name(&self) -> &'static str {
        "close_listing"
    }

    fn target(&self) -> Option<AggregateKey> {
        Some(AggregateKey::of::<Listing>(self.listing))
    }
}

#[async_trait]
impl CommandHandler<CloseListing> for Market {
    async fn handle(&self, command: &CloseListing, unit: &UnitOfWork) -> Result<AggregateKey, CommandError> {
        let listing = existing::<Listing>(unit, command.listing).await?;
        let now = unit.context().occurred_at;
        listing.execute(|listing| listing.close(now))?;
        Ok(listing.key())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{bid, draft, given, lamp, published};

    #[test]
    fn a_listing_is_closed_at_its_end() {
        let closing = || CloseListing { listing: lamp() };
        let bought = || published().into_iter().chain([bid(2, 30)]);
        given(bought()).when_at(closing(), draft().ends_at).then(["ListingSold"]);
        given(published()).when_at(closing(), draft().ends_at).then(["ListingUnsold"]);
        given(bought()).when(closing()).then_refused("not_ended");
        given([]).when(closing()).then_refused("not_found");
    }
}
