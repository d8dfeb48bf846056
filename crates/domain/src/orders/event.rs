//! What can happen to an order.

use std::sync::Arc;

use portolan_kernel::{Money, Timestamp};

use super::{Address, Line, OrderId, Status};
use crate::PartyId;

/// A fact about one order. Events carry results, so that whoever follows them needs no rule and reads nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A customer has ordered.
    OrderPlaced {
        /// Its id.
        order: OrderId,
        /// Who buys.
        customer: PartyId,
        /// What.
        lines: Arc<[Line]>,
        /// Where to, where it is known.
        address: Option<Address>,
        /// The sum of the quantities.
        items: i64,
        /// The sum of quantity times unit price.
        total: Money,
        /// When it was placed.
        placed_at: Timestamp,
    },
    /// More or fewer of an article.
    OrderLineChanged {
        /// Which article.
        sku: Arc<str>,
        /// How many from now on.
        quantity: i64,
        /// The sum of the quantities after it.
        items: i64,
        /// The total after it.
        total: Money,
    },
    /// An article was taken off the order.
    OrderLineRemoved {
        /// Which article.
        sku: Arc<str>,
        /// The sum of the quantities after it.
        items: i64,
        /// The total after it.
        total: Money,
    },
    /// The order goes here from now on.
    OrderAddressSet {
        /// The address.
        address: Address,
    },
    /// The customer has paid.
    OrderPaid {
        /// Who bought.
        customer: PartyId,
        /// What was paid.
        total: Money,
    },
    /// It is on its way.
    OrderShipped {
        /// Who bought.
        customer: PartyId,
        /// What was paid.
        total: Money,
        /// The carrier's number.
        tracking: Arc<str>,
    },
    /// It arrived.
    OrderDelivered {
        /// Who bought.
        customer: PartyId,
        /// What was paid.
        total: Money,
    },
    /// It was called off.
    OrderCancelled {
        /// Who had ordered.
        customer: PartyId,
        /// Its total.
        total: Money,
        /// What it was before: pending, or paid.
        was: Status,
    },
}

impl Event {
    /// The stable names of all events, in the order of an order's life.
    pub const NAMES: [&'static str; 8] = [
        "OrderPlaced",
        "OrderLineChanged",
        "OrderLineRemoved",
        "OrderAddressSet",
        "OrderPaid",
        "OrderShipped",
        "OrderDelivered",
        "OrderCancelled",
    ];

    /// Its stable name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::OrderPlaced { .. } => "OrderPlaced",
            Self::OrderLineChanged { .. } => "OrderLineChanged",
            Self::OrderLineRemoved { .. } => "OrderLineRemoved",
            Self::OrderAddressSet { .. } => "OrderAddressSet",
            Self::OrderPaid { .. } => "OrderPaid",
            Self::OrderShipped { .. } => "OrderShipped",
            Self::OrderDelivered { .. } => "OrderDelivered",
            Self::OrderCancelled { .. } => "OrderCancelled",
        }
    }
}
