//! Begins a listing that only its seller sees.

use std::sync::Arc;

use async_trait::async_trait;
use portolan_domain::{Listing, ListingId, PartyId, Secret, listing};
use portolan_kernel::{AggregateKey, Command, CommandError, CommandHandler, Money, Timestamp, UnitOfWork};

use crate::Market;
use crate::repositories::create;

/// Begins a listing that only its seller sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DraftListing {
    /// Its id.
    pub listing: ListingId,
    /// Who sells.
    pub seller: PartyId,
    /// 1 to 200 characters.
    pub title: Arc<str>,
    /// Up to 10,000 characters.
    pub description: Arc<str>,
    /// The price at which bidding starts.
    pub asking: Money,
    /// The least by which a bid must go past the price.
    pub increment: Money,
    /// The price below which it is not sold.
    pub reserve: Option<Secret<Money>>,
    /// When bidding ends.
    pub ends_at: Timestamp,
}

impl Command for DraftListing {
    fn name(&self) -> &'static str {
        "draft_listing"
    }

    fn target(&self) -> Option<AggregateKey> {
        Some(AggregateKey::of::<Listing>(self.listing))
    }
}

#[async_trait]
impl CommandHandler<DraftListing> for Market {
    async fn handle(&self, command: &DraftListing, unit: &UnitOfWork) -> Result<AggregateKey, CommandError> {
        let decided = Listing::draft(listing::Draft {
            listing: command.listing,
            seller: command.seller,
            title: Arc::clone(&command.title),
            description: Arc::clone(&command.description),
            asking: command.asking,
            increment: command.increment,
            reserve: command.reserve,
            ends_at: command.ends_at,
        });
        create::<Listing, _>(unit, command.listing, decided).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{draft, eur, given, published};

    #[test]
    fn a_draft_begins_a_listing() {
        given([]).when(draft()).then(["ListingDrafted"]);
    }

    #[test]
    fn that_the_id_is_taken_comes_before_every_other_refusal() {
        let invalid = DraftListing { title: "".into(), increment: eur(0), ..draft() };
        given([]).when(invalid.clone()).then_refused("invalid");
        given(published()).when(invalid).then_refused("already_exists");
        given(published()).when(draft()).then_refused("already_exists");
    }
}
