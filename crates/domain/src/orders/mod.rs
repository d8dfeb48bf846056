//! Orders: what a customer buys, from the basket to the door. Callers name this module `order`.

pub use address::Address;
pub use decisions::Placement;
pub use error::Error;
pub use event::Event;
pub use line::Line;
pub use order::{Order, OrderId, Snapshot};
pub use repository::Repository;
pub use specifications::line as line_fields;
pub use specifications::order as fields;
pub use specifications::{awaiting_shipment, on_the_way, ready_to_ship, unpaid, unpaid_since};
pub use status::{Status, UnknownStatus};

mod address;
mod decisions;
mod error;
mod event;
mod evolution;
mod line;
#[cfg(test)]
mod model;
mod order;
mod repository;
mod specifications;
mod status;
#[cfg(test)]
mod tests;
