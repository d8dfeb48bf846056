//! Projections: what the views make of events. They hold no rule and read nothing but the event and its row.

pub use customers::CustomerProjector;
pub use listings::ListingProjector;
pub use orders::OrderProjector;
pub use totals::TotalsProjector;

mod customers;
mod listings;
mod orders;
mod totals;
