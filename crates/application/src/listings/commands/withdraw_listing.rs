//! Takes a listing back.

use async_trait::async_trait;
use portolan_domain::{Listing, ListingId};
use portolan_kernel::{AggregateKey, Command, CommandError, CommandHandler, UnitOfWork};

use crate::Market;
use crate::repositories::existing;

/// Takes a listing back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WithdrawListing {
    /// Which.
    pub listing: ListingId,
}

impl Command for WithdrawListing {
    fn name(&self) -> &'static str {
        "withdraw_listing"
    }

    fn target(&self) -> Option<AggregateKey> {
        Some(AggregateKey::of::<Listing>(self.listing))
    }
}

#[async_trait]
impl CommandHandler<WithdrawListing> for Market {
    async fn handle(
        &self,
        command: &WithdrawListing,
        unit: &UnitOfWork,
    ) -> Result<AggregateKey, CommandError> {
        let listing = existing::<Listing>(unit, command.listing).await?;
        let now = unit.context().occurred_at;
        listing.execute(|listing| listing.withdraw(now))?;
        Ok(listing.key())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{draft, given, lamp, published};

    #[test]
    fn a_listing_is_withdrawn_while_it_may() {
        let withdrawal = || WithdrawListing { listing: lamp() };
        given([draft().into()]).when(withdrawal()).then(["ListingWithdrawn"]);
        given(published()).when(withdrawal()).then(["ListingWithdrawn"]);
        given(published()).when_at(withdrawal(), draft().ends_at).then_refused("ended");
        given([]).when(withdrawal()).then_refused("not_found");
    }
}
