//! What readers see of a customer: the sums of their orders.

use portolan_domain::PartyId;
use portolan_domain::order::Status;
use portolan_kernel::specification::Value;
use portolan_kernel::{Currency, Id as _, Result, StoredRow, StoredView, Timestamp, View};
use serde::{Deserialize, Serialize};

/// A customer's orders, counted and added up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerSummary {
    /// Who buys.
    pub id: PartyId,
    /// How many orders there are in each status.
    pub orders: OrderCounts,
    /// What was spent on paid, shipped and delivered orders: one amount a currency, by currency code, none of zero.
    pub spent: Vec<Spent>,
    /// When the last order was placed.
    pub last_order_at: Timestamp,
}

/// A number of orders for each status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[expect(missing_docs, reason = "each counts the orders of the status it is named by")]
pub struct OrderCounts {
    pub pending: i64,
    pub paid: i64,
    pub shipped: i64,
    pub delivered: i64,
    pub cancelled: i64,
}

impl OrderCounts {
    /// The number of orders in this status.
    pub(crate) const fn of(&mut self, status: Status) -> &mut i64 {
        match status {
            Status::Pending => &mut self.pending,
            Status::Paid => &mut self.paid,
            Status::Shipped => &mut self.shipped,
            Status::Delivered => &mut self.delivered,
            Status::Cancelled => &mut self.cancelled,
        }
    }
}

/// What was spent in one currency: shown as money is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spent {
    /// Minor units. Stays at the largest number rather than starting over.
    pub amount: i64,
    /// Of what.
    pub currency: Currency,
}

impl View for CustomerSummary {
    const NAME: &'static str = "customers";

    type Id = PartyId;

    fn id(&self) -> PartyId {
        self.id
    }
}

impl StoredView for CustomerSummary {
    fn stored_id(id: &PartyId) -> Value {
        Value::Uuid(id.uuid())
    }

    fn restore(row: &mut dyn StoredRow) -> Result<Self> {
        Ok(Self {
            id: row.take(fields::id())?,
            orders: OrderCounts {
                pending: row.take(fields::pending())?,
                paid: row.take(fields::paid())?,
                shipped: row.take(fields::shipped())?,
                delivered: row.take(fields::delivered())?,
                cancelled: row.take(fields::cancelled())?,
            },
            spent: row.take_each(fields::spent(), |spent| {
                Ok(Spent {
                    amount: spent.take(spent_fields::amount())?,
                    currency: spent.take(spent_fields::currency())?,
                })
            })?,
            last_order_at: row.take(fields::last_order_at())?,
        })
    }
}

portolan_kernel::candidate! {
    /// The fields of a [`CustomerSummary`].
    pub mod fields: CustomerSummary {
        id: PartyId [sortable],
        pending as "orders.pending": i64 [sortable] = |customer| customer.orders.pending,
        paid as "orders.paid": i64 [sortable] = |customer| customer.orders.paid,
        shipped as "orders.shipped": i64 [sortable] = |customer| customer.orders.shipped,
        delivered as "orders.delivered": i64 [sortable] = |customer| customer.orders.delivered,
        cancelled as "orders.cancelled": i64 [sortable] = |customer| customer.orders.cancelled,
        spent: Vec<Spent> [],
        last_order_at: Timestamp [sortable],
    }
}

portolan_kernel::candidate! {
    /// The fields of a [`Spent`].
    pub mod spent_fields: Spent {
        amount: i64 [],
        currency: String [] = |spent| spent.currency.code(),
    }
}
