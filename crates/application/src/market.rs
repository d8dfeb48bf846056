//! The marketplace as a service.

use std::fmt;
use std::sync::Arc;

use portolan_kernel::ReadRepository;

use crate::customers::CustomerSummary;
use crate::listings::ListingView;
use crate::orders::OrderView;
use crate::totals::MarketTotals;

/// Handles every command and query of the marketplace; each handler stands in the file of its use case.
#[derive(Clone)]
pub struct Market {
    views: Views,
}

impl Market {
    /// The marketplace whose queries are answered by these read models.
    #[must_use]
    pub const fn new(views: Views) -> Self {
        Self { views }
    }

    /// The read models.
    #[must_use]
    pub const fn views(&self) -> &Views {
        &self.views
    }
}

impl fmt::Debug for Market {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Market")
    }
}

/// The read models of the marketplace, each in a store of its own choice.
#[derive(Clone)]
pub struct Views {
    /// Listings.
    pub listings: Arc<dyn ReadRepository<ListingView>>,
    /// Orders.
    pub orders: Arc<dyn ReadRepository<OrderView>>,
    /// Customers.
    pub customers: Arc<dyn ReadRepository<CustomerSummary>>,
    /// The market, day by day.
    pub totals: Arc<dyn ReadRepository<MarketTotals>>,
}

impl fmt::Debug for Views {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Views")
    }
}
