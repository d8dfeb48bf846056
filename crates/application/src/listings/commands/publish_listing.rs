//! Opens a draft for bids.

use async_trait::async_trait;
use portolan_domain::{Listing, ListingId};
use portolan_kernel::{AggregateKey, Command, CommandError, CommandHandler, UnitOfWork};

use crate::Market;
use crate::repositories::existing;

/// Opens a draft for bids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishListing {
    /// Which.
    pub listing: ListingId,
}

impl Command for PublishListing {
    fn name(&self) -> &'static str {
        "publish_listing"
    }

    fn target(&self) -> Option<AggregateKey> {
        Some(AggregateKey::of::<Listing>(self.listing))
    }
}

#[async_trait]
impl CommandHandler<PublishListing> for Market {
    async fn handle(
        &self,
        command: &PublishListing,
        unit: &UnitOfWork,
    ) -> Result<AggregateKey, CommandError> {
        let listing = existing::<Listing>(unit, command.listing).await?;
        let now = unit.context().occurred_at;
        listing.execute(|listing| listing.publish(now))?;
        Ok(listing.key())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{at, draft, given, lamp};

    #[test]
    fn a_draft_is_published_before_its_end() {
        given([draft().into()]).when(PublishListing { listing: lamp() }).then(["ListingPublished"]);
        let late = draft().ends_at;
        given([draft().into()]).when_at(PublishListing { listing: lamp() }, late).then_refused("ended");
    }

    #[test]
    fn nothing_else_is() {
        given([]).when_at(PublishListing { listing: lamp() }, at(0)).then_refused("not_found");
    }
}
