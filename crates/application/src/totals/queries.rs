//! What can be asked about totals.

use portolan_kernel::ReadRepository;

use super::MarketTotals;
use crate::market::Views;
use crate::queries::{Count, Find, Get, Queried};

/// One page of totals.
pub type FindTotals = Find<MarketTotals>;
/// One day in one currency, by id.
pub type GetTotals = Get<MarketTotals>;
/// How many totals there are.
pub type CountTotals = Count<MarketTotals>;

impl Queried for MarketTotals {
    const FIND: &'static str = "find_totals";
    const GET: &'static str = "get_totals";
    const COUNT: &'static str = "count_totals";

    fn repository(views: &Views) -> &dyn ReadRepository<Self> {
        &*views.totals
    }
}
