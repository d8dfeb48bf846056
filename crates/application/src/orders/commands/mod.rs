//! What can be asked of orders, one use case a file.

pub use cancel_order::CancelOrder;
pub use change_quantity::ChangeQuantity;
pub use deliver_order::DeliverOrder;
pub use pay_order::PayOrder;
pub use place_order::PlaceOrder;
pub use remove_line::RemoveLine;
pub use set_address::SetAddress;
pub use ship_order::ShipOrder;

mod cancel_order;
mod change_quantity;
mod deliver_order;
mod pay_order;
mod place_order;
mod remove_line;
mod set_address;
mod ship_order;
