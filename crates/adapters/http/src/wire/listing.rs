//! What is asked of listings.

use std::sync::Arc;

use portolan_application::listings::{DraftListing, PlaceBid, ReviseListing};
use portolan_domain::{ListingId, PartyId, Secret};
use portolan_kernel::{Money, Timestamp};
use serde::Deserialize;
use utoipa::ToSchema;

use super::MoneySchema;
use crate::request::RequestBody;

/// A new listing. It prints nowhere, because it may hold a reserve.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DraftListing)]
pub(crate) struct DraftBody {
    /// Its id; made here where there is none.
    #[schema(value_type = Option<Uuid>)]
    pub(crate) id: Option<ListingId>,
    #[schema(value_type = Uuid)]
    seller: PartyId,
    /// 1 to 200 characters.
    #[schema(value_type = String, min_length = 1, max_length = 200)]
    title: Arc<str>,
    /// Up to 10,000 characters.
    #[schema(value_type = String, max_length = 10_000)]
    description: Arc<str>,
    /// The price at which bidding starts.
    #[schema(value_type = MoneySchema)]
    asking: Money,
    /// The least by which a bid must go past the price.
    #[schema(value_type = MoneySchema)]
    increment: Money,
    /// The price below which it is not sold. Nobody is ever told.
    #[schema(value_type = Option<MoneySchema>, write_only)]
    reserve: Option<Money>,
    /// When bidding ends, in RFC 3339.
    #[schema(value_type = String, format = DateTime)]
    ends_at: Timestamp,
}

impl DraftBody {
    pub(crate) fn into_command(self, listing: ListingId) -> DraftListing {
        let Self { id: _, seller, title, description, asking, increment, reserve, ends_at } = self;
        let reserve = reserve.map(Secret::new);
        DraftListing { listing, seller, title, description, asking, increment, reserve, ends_at }
    }
}

impl RequestBody for DraftBody {}

/// What changes of a draft; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ReviseListing)]
pub(crate) struct ReviseBody {
    /// 1 to 200 characters.
    #[serde(default, deserialize_with = "super::present")]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 200)]
    title: Option<Arc<str>>,
    /// Up to 10,000 characters.
    #[serde(default, deserialize_with = "super::present")]
    #[schema(value_type = String, required = false, max_length = 10_000)]
    description: Option<Arc<str>>,
}

impl ReviseBody {
    pub(crate) fn into_command(self, listing: ListingId) -> ReviseListing {
        ReviseListing { listing, title: self.title, description: self.description }
    }
}

impl RequestBody for ReviseBody {}

/// A bid. It prints nowhere, because its ceiling is secret.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PlaceBid)]
pub(crate) struct PlaceBidBody {
    #[schema(value_type = Uuid)]
    bidder: PartyId,
    /// Up to how much. Nobody else is ever told.
    #[schema(value_type = MoneySchema, write_only)]
    ceiling: Money,
}

impl PlaceBidBody {
    pub(crate) fn into_command(self, listing: ListingId) -> PlaceBid {
        PlaceBid { listing, bidder: self.bidder, ceiling: Secret::new(self.ceiling) }
    }
}

impl RequestBody for PlaceBidBody {}
