//! Listings: their use cases and what readers see of them.

pub use commands::*;
pub use queries::{CountListings, FindListings, GetListing};
pub use view::{ListingView, fields};

pub mod commands;
mod queries;
mod view;
