//! The read models, each with the side that answers and the side that fills it.

use std::sync::Arc;

use portolan_application::Views;
use portolan_application::wire::MarketEvent;
use portolan_kernel::Projection;

/// A read model's filling side.
pub(super) type Filling = Arc<dyn Projection<MarketEvent>>;

/// All read models, empty: the sides that answer, and the sides that fill them, in the order of [`VIEWS`].
#[cfg(feature = "memory")]
pub(super) fn empty() -> (Views, Vec<Filling>) {
    use portolan_application::projections::{
        CustomerProjector, ListingProjector, OrderProjector, TotalsProjector,
    };

    use super::VIEWS;

    let (listings, fill_listings) = portolan_memory::view(VIEWS[0], ListingProjector);
    let (orders, fill_orders) = portolan_memory::view(VIEWS[1], OrderProjector);
    let (customers, fill_customers) = portolan_memory::view(VIEWS[2], CustomerProjector);
    let (totals, fill_totals) = portolan_memory::view(VIEWS[3], TotalsProjector);
    let views = Views {
        listings: Arc::new(listings),
        orders: Arc::new(orders),
        customers: Arc::new(customers),
        totals: Arc::new(totals),
    };
    let filling: Vec<Filling> =
        vec![Arc::new(fill_listings), Arc::new(fill_orders), Arc::new(fill_customers), Arc::new(fill_totals)];
    (views, filling)
}

/// No read models: whoever asks one is told so.
#[cfg(not(feature = "memory"))]
pub(super) fn empty() -> (Views, Vec<Filling>) {
    use super::absent::Absent;

    let (listings, orders) = (Arc::new(Absent), Arc::new(Absent));
    let (customers, totals) = (Arc::new(Absent), Arc::new(Absent));
    (Views { listings, orders, customers, totals }, Vec::new())
}
