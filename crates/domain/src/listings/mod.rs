//! Listings: things put up for auction, with proxy bidding. Callers name this module `listing`.

pub use bids::{Bid, Bids};
pub use decisions::{CUT_OFF, Draft};
pub use error::Error;
pub use event::Event;
pub use listing::{Listing, ListingId, Snapshot};
pub use repository::Repository;
pub use specifications::bid as bid_fields;
pub use specifications::listing as fields;
pub use specifications::{SOON, ending_soon, open_at};
pub use status::{Status, UnknownStatus};

mod bids;
mod decisions;
mod error;
mod event;
mod evolution;
mod listing;
#[cfg(test)]
mod model;
mod pricing;
mod repository;
mod specifications;
mod status;
#[cfg(test)]
mod tests;
