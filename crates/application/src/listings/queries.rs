//! What can be asked about listings.

use portolan_kernel::ReadRepository;

use super::ListingView;
use crate::market::Views;
use crate::queries::{Count, Find, Get, Queried};

/// One page of listings.
pub type FindListings = Find<ListingView>;
/// One listing, by id.
pub type GetListing = Get<ListingView>;
/// How many listings there are.
pub type CountListings = Count<ListingView>;

impl Queried for ListingView {
    const FIND: &'static str = "find_listings";
    const GET: &'static str = "get_listing";
    const COUNT: &'static str = "count_listings";

    fn repository(views: &Views) -> &dyn ReadRepository<Self> {
        &*views.listings
    }
}
