//! What is bought.

use std::sync::Arc;

use portolan_kernel::Money;

/// One article of an order. Its texts are shared, so that a copy of an order copies no text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The article; once in an order.
    pub sku: Arc<str>,
    /// What it is, in words.
    pub description: Arc<str>,
    /// How many; 1 or more.
    pub quantity: i64,
    /// The price of one; zero or more, in the currency of the order.
    pub unit_price: Money,
}
