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
    /// 1 to 200 characters.
    pub title: Arc<str>,
    /// Up to 10,000 characters.
    pub description: Arc<str>,
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
        listing.execute(|listing| {
            listing.revise(Arc::clone(&command.title), Arc::clone(&command.description))
        })?;
        Ok(listing.key())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{draft, given, lamp, published};

    fn revision() -> ReviseListing {
        ReviseListing { listing: lamp(), title: "b".into(), description: "".into() }
    }

    #[test]
    fn a_draft_is_revised() {
        given([draft().into()]).when(revision()).then(["ListingRevised"]);
    }

    #[test]
    fn nothing_else_is() {
        given([]).when(revision()).then_refused("not_found");
        given(published()).when(revision()).then_refused("not_draft");
    }
}
