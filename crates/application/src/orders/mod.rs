//! Orders: their use cases and what readers see of them.

pub use commands::*;
pub use queries::{CountOrders, FindOrders, GetOrder};
pub use view::{AddressView, LineView, OrderView, fields, line_fields};

pub mod commands;
mod queries;
mod view;
