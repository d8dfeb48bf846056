//! What can be asked of listings, one use case a file.

pub use close_listing::CloseListing;
pub use draft_listing::DraftListing;
pub use place_bid::PlaceBid;
pub use publish_listing::PublishListing;
pub use retract_bid::RetractBid;
pub use revise_listing::ReviseListing;
pub use withdraw_listing::WithdrawListing;

mod close_listing;
mod draft_listing;
mod place_bid;
mod publish_listing;
mod retract_bid;
mod revise_listing;
mod withdraw_listing;
