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
