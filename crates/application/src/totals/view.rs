//! What readers see of the whole market, day by day.

use std::sync::Arc;

use portolan_kernel::specification::Value;
use portolan_kernel::{Currency, Money, Result, StoredRow, StoredView, Timestamp, View};
use serde::{Deserialize, Serialize};

/// What happened in the market on one UTC day in one currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarketTotals {
    /// Day and currency: `2026-01-05/EUR`.
    pub id: Arc<str>,
    /// The UTC day: `2026-01-05`.
    pub day: Arc<str>,
    /// The currency.
    pub currency: Currency,
    /// How many listings were published.
    pub listings_published: i64,
    /// How many listings were sold.
    pub listings_sold: i64,
    /// What they were sold for. Stays at the largest amount rather than starting over.
    pub sold_value: Money,
    /// How many orders were placed.
    pub orders_placed: i64,
    /// How many orders were shipped.
    pub orders_shipped: i64,
}

impl MarketTotals {
    /// The id of the row for what happened at this time in this currency.
    #[must_use]
    pub fn id_of(time: Timestamp, currency: Currency) -> Arc<str> {
        (time.day() + "/" + currency.code()).into()
    }

    /// A day on which nothing has happened yet.
    #[must_use]
    pub fn empty(time: Timestamp, currency: Currency) -> Self {
        Self {
            id: Self::id_of(time, currency),
            day: time.day().into(),
            currency,
            listings_published: 0,
            listings_sold: 0,
            sold_value: Money::zero(currency),
            orders_placed: 0,
            orders_shipped: 0,
        }
    }
}

impl View for MarketTotals {
    const NAME: &'static str = "totals";

    type Id = Arc<str>;

    fn id(&self) -> Arc<str> {
        Arc::clone(&self.id)
    }
}

impl StoredView for MarketTotals {
    fn stored_id(id: &Arc<str>) -> Value {
        Value::Text(Arc::clone(id))
    }

    fn restore(row: &mut dyn StoredRow) -> Result<Self> {
        Ok(Self {
            id: row.take(fields::id())?,
            day: row.take(fields::day())?,
            currency: row.take(fields::currency())?,
            listings_published: row.take(fields::listings_published())?,
            listings_sold: row.take(fields::listings_sold())?,
            sold_value: row.take(fields::sold_value())?,
            orders_placed: row.take(fields::orders_placed())?,
            orders_shipped: row.take(fields::orders_shipped())?,
        })
    }
}

portolan_kernel::candidate! {
    /// The fields of [`MarketTotals`].
    pub mod fields: MarketTotals {
        id: Arc<str> [sortable],
        day: Arc<str> [sortable],
        currency: String [sortable] = |totals| totals.currency.code(),
        listings_published: i64 [sortable],
        listings_sold: i64 [sortable],
        sold_value: Money [sortable],
        orders_placed: i64 [sortable],
        orders_shipped: i64 [sortable],
    }
}
