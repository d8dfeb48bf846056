//! Customers: what readers see of them.

pub use queries::{CountCustomers, FindCustomers, GetCustomer};
pub use view::{CustomerSummary, OrderCounts, Spent, fields, spent_fields};

mod queries;
mod view;
