//! The order and its parts. Its rules are in `decisions`, what its events do to it in `evolution`.

use std::sync::Arc;

use portolan_kernel::{Money, Timestamp};

use super::{Address, Line, Status};
use crate::PartyId;

portolan_kernel::id_type! {
    /// One order.
    pub struct OrderId;
}

/// What a customer buys.
///
/// # Invariants
/// At least one line; one currency; each sku once; `items` is the sum of the quantities and `total` that of quantity
/// times unit price.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    pub(super) id: OrderId,
    pub(super) customer: PartyId,
    pub(super) status: Status,
    pub(super) placed_at: Timestamp,
    pub(super) lines: Arc<[Line]>,
    pub(super) items: i64,
    pub(super) total: Money,
    pub(super) address: Option<Address>,
    pub(super) tracking: Option<Arc<str>>,
}

/// An order in parts, as a store keeps it. Only mappers and codecs make one.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are those of `Order`, where each has an accessor")]
pub struct Snapshot {
    pub id: OrderId,
    pub customer: PartyId,
    pub status: Status,
    pub placed_at: Timestamp,
    pub lines: Arc<[Line]>,
    pub items: i64,
    pub total: Money,
    pub address: Option<Address>,
    pub tracking: Option<Arc<str>>,
}

impl Order {
    /// The order that was kept as `snapshot`.
    #[must_use]
    pub fn restore(snapshot: Snapshot) -> Self {
        let Snapshot { id, customer, status, placed_at, lines, items, total, address, tracking } = snapshot;
        Self { id, customer, status, placed_at, lines, items, total, address, tracking }
    }

    /// Who buys.
    #[must_use]
    pub const fn customer(&self) -> PartyId {
        self.customer
    }

    /// Where it is in its life.
    #[must_use]
    pub const fn status(&self) -> Status {
        self.status
    }

    /// When it was placed.
    #[must_use]
    pub const fn placed_at(&self) -> Timestamp {
        self.placed_at
    }

    /// What is bought, in order; shared, so that keeping it costs no copy.
    #[must_use]
    pub const fn lines(&self) -> &Arc<[Line]> {
        &self.lines
    }

    /// The line of this sku.
    #[must_use]
    pub fn line(&self, sku: &str) -> Option<&Line> {
        self.lines.iter().find(|line| &*line.sku == sku)
    }

    /// The sum of the quantities.
    #[must_use]
    pub const fn items(&self) -> i64 {
        self.items
    }

    /// The sum of quantity times unit price.
    #[must_use]
    pub const fn total(&self) -> Money {
        self.total
    }

    /// Where it goes, where that is known.
    #[must_use]
    pub const fn address(&self) -> Option<&Address> {
        self.address.as_ref()
    }

    /// The carrier's number, once shipped.
    #[must_use]
    pub const fn tracking(&self) -> Option<&Arc<str>> {
        self.tracking.as_ref()
    }
}
