//! An order as a document, schema version 1.

use std::borrow::Cow;

use portolan_domain::order::Snapshot;
use portolan_domain::{Order, OrderId, PartyId};
use portolan_kernel::{Aggregate, Money, Result, Timestamp};
use serde::{Deserialize, Serialize};

use super::event::status;
use super::line::{AddressJson, BorrowedLines, StoredLines};

/// What is written: borrows everything.
pub(super) type State<'a> = Document<'a, BorrowedLines<'a>>;
/// What is read.
pub(super) type StoredState<'a> = Document<'a, StoredLines<'a>>;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Document<'a, L> {
    id: OrderId,
    customer: PartyId,
    #[serde(borrow)]
    status: Cow<'a, str>,
    placed_at: Timestamp,
    lines: L,
    items: i64,
    total: Money,
    #[serde(borrow)]
    address: Option<AddressJson<'a>>,
    #[serde(borrow)]
    tracking: Option<Cow<'a, str>>,
}

impl<'a> From<&'a Order> for State<'a> {
    fn from(order: &'a Order) -> Self {
        Self {
            id: order.id(),
            customer: order.customer(),
            status: Cow::Borrowed(order.status().as_str()),
            placed_at: order.placed_at(),
            lines: BorrowedLines(order.lines()),
            items: order.items(),
            total: order.total(),
            address: order.address().map(Into::into),
            tracking: order.tracking().map(|tracking| Cow::Borrowed(&**tracking)),
        }
    }
}

impl StoredState<'_> {
    pub(super) fn restore(self) -> Result<Order> {
        Ok(Order::restore(Snapshot {
            id: self.id,
            customer: self.customer,
            status: status(&self.status)?,
            placed_at: self.placed_at,
            lines: self.lines.into(),
            items: self.items,
            total: self.total,
            address: self.address.map(Into::into),
            tracking: self.tracking.map(Into::into),
        }))
    }
}
