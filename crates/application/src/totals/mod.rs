//! Totals: what readers see of the whole market.

pub use queries::{CountTotals, FindTotals, GetTotals};
pub use view::{MarketTotals, fields};

mod queries;
mod view;
