//! Processes: when this happened, send that command.

pub use close_at_end::CloseAtEnd;
pub use order_for_sale::OrderForSale;

mod close_at_end;
mod order_for_sale;
