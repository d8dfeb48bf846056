//! What can be asked about orders.

use portolan_kernel::ReadRepository;

use super::OrderView;
use crate::market::Views;
use crate::queries::{Count, Find, Get, Queried};

/// One page of orders.
pub type FindOrders = Find<OrderView>;
/// One order, by id.
pub type GetOrder = Get<OrderView>;
/// How many orders there are.
pub type CountOrders = Count<OrderView>;

impl Queried for OrderView {
    const FIND: &'static str = "find_orders";
    const GET: &'static str = "get_order";
    const COUNT: &'static str = "count_orders";

    fn repository(views: &Views) -> &dyn ReadRepository<Self> {
        &*views.orders
    }
}
