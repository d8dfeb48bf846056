//! What can be asked about customers.

use portolan_kernel::ReadRepository;

use super::CustomerSummary;
use crate::market::Views;
use crate::queries::{Count, Find, Get, Queried};

/// One page of customers.
pub type FindCustomers = Find<CustomerSummary>;
/// One customer, by id.
pub type GetCustomer = Get<CustomerSummary>;
/// How many customers there are.
pub type CountCustomers = Count<CustomerSummary>;

impl Queried for CustomerSummary {
    const FIND: &'static str = "find_customers";
    const GET: &'static str = "get_customer";
    const COUNT: &'static str = "count_customers";

    fn repository(views: &Views) -> &dyn ReadRepository<Self> {
        &*views.customers
    }
}
