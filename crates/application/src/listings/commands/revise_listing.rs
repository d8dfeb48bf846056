//! Rewrites a draft.

use std::sync::Arc;

use async_trait::async_trait;
use portolan_domain::{Listing, ListingId};
use portolan_kernel::{AggregateKey, Command, CommandError, CommandHandler, UnitOfWork};

use crate::Market;
use crate::repositories::existing;

/// Rewrites a draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReviseListing {
    /// Which.
    pub listing: ListingId,
    /// 1 to 200 characters; as it is where there is none.
    pub title: Option<Arc<str>>,
    /// Up to 10,000 characters; as it is where there is none.
    pub description: Option<Arc<str>>,
}

impl Command for ReviseListing {
    fn name(&self) -> &'static str {
        "revise_listing"
    }

    fn target(&self) -> Option<AggregateKey> {
        Some(AggregateKey::of::<Listing>(self.listing))
    }
}

#[async_trait]
impl CommandHandler<ReviseListing> for Market {
    async fn handle(&self, command: &ReviseListing, unit: &UnitOfWork) -> Result<AggregateKey, CommandError> {
        let listing = existing::<Listing>(unit, command.listing).await?;
        // What stays is read in the unit that writes, so that nobody else's change in between is lost.
        listing.execute(|listing| {
            let title = command.title.as_ref().unwrap_or(listing.title());
            let description = command.description.as_ref().unwrap_or(listing.description());
            listing.revise(Arc::clone(title), Arc::clone(description))
        })?;
        Ok(listing.key())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{at, draft, given, lamp, published};

    fn revision() -> ReviseListing {
        ReviseListing { listing: lamp(), title: Some("b".into()), description: None }
    }

    #[test]
    fn a_draft_is_revised() {
        given([draft().into()]).when(revision()).then(["ListingRevised"]);
    }

    #[test]
    fn what_is_left_out_stays() {
        let market = given([draft().into()]);
        let before = market.listing(lamp()).unwrap();
        market.send(&revision().into(), at(0)).unwrap();
        let after = market.listing(lamp()).unwrap();
        assert_eq!((&**after.title(), after.description()), ("b", before.description()));
    }

    #[test]
    fn nothing_else_is() {
        given([]).when(revision()).then_refused("not_found");
        given(published()).when(revision()).then_refused("not_draft");
    }
}
