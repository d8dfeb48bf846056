//! Why an order refuses.

use std::sync::Arc;

use portolan_kernel::{Currency, DomainError, Money};
use serde_json::{Map, Value};

use super::Status;
use crate::Invalid;
use crate::refusal::Details;

/// An order's no, with the numbers that explain it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Input that no order would accept.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// An order of nothing.
    #[error("an order has at least one line")]
    NoLines,
    /// Two prices of one order are in two currencies.
    #[error("a price is in {given}; this order is in {expected}")]
    CurrencyMismatch {
        /// The article.
        sku: Arc<str>,
        /// Its currency.
        given: Currency,
        /// The currency of the first line.
        expected: Currency,
    },
    /// Less than one.
    #[error("the quantity is {quantity}; it must be 1 or more")]
    InvalidQuantity {
        /// The article.
        sku: Arc<str>,
        /// What was given.
        quantity: i64,
    },
    /// The total, or the number of items, is past what this system can hold.
    #[error("the order would be larger than this system can hold")]
    Overflow {
        /// The article at which it went past.
        sku: Arc<str>,
        /// How many of it.
        quantity: i64,
        /// The price of one.
        unit_price: Money,
    },
    /// Only a pending order can do that.
    #[error("the order is {status}, not pending")]
    NotPending {
        /// What it is.
        status: Status,
    },
    /// The order has no such article.
    #[error("the order has no line of this sku")]
    NoLine {
        /// What was asked for.
        sku: Arc<str>,
    },
    /// An order keeps one line.
    #[error("this is the last line of the order; cancel the order instead")]
    LastLine {
        /// The article.
        sku: Arc<str>,
    },
    /// Its address binds once it is shipped or called off.
    #[error("the order is {status}; its address changes only while it is pending or paid")]
    NotChangeable {
        /// What it is.
        status: Status,
    },
    /// Nothing is shipped before it is paid, or twice.
    #[error("the order is {status}, not paid")]
    NotPaid {
        /// What it is.
        status: Status,
    },
    /// Nobody knows where to ship it.
    #[error("the order has no shipping address")]
    NoAddress,
    /// Only what was shipped arrives.
    #[error("the order is {status}, not shipped")]
    NotShipped {
        /// What it is.
        status: Status,
    },
    /// Too late to call it off, or done already.
    #[error("the order is {status}; only a pending or paid one can be cancelled")]
    NotCancellable {
        /// What it is.
        status: Status,
    },
}

impl DomainError for Error {
    fn code(&self) -> &'static str {
        match self {
            Self::Invalid(_) => "invalid",
            Self::NoLines => "no_lines",
            Self::CurrencyMismatch { .. } => "currency_mismatch",
            Self::InvalidQuantity { .. } => "invalid_quantity",
            Self::Overflow { .. } => "overflow",
            Self::NotPending { .. } => "not_pending",
            Self::NoLine { .. } => "no_line",
            Self::LastLine { .. } => "last_line",
            Self::NotChangeable { .. } => "not_changeable",
            Self::NotPaid { .. } => "not_paid",
            Self::NoAddress => "no_address",
            Self::NotShipped { .. } => "not_shipped",
            Self::NotCancellable { .. } => "not_cancellable",
        }
    }

    fn details(&self) -> Map<String, Value> {
        let details = Details::new();
        match self {
            Self::Invalid(invalid) => invalid.details(),
            Self::NoLines | Self::NoAddress => details,
            Self::CurrencyMismatch { sku, given, expected } => {
                details.text("sku", sku).currency("given", *given).currency("expected", *expected)
            }
            Self::InvalidQuantity { sku, quantity } => {
                details.text("sku", sku).quantity("quantity", *quantity)
            }
            Self::Overflow { sku, quantity, unit_price } => {
                details.text("sku", sku).quantity("quantity", *quantity).money("unit_price", *unit_price)
            }
            Self::NoLine { sku } | Self::LastLine { sku } => details.text("sku", sku),
            Self::NotPending { status }
            | Self::NotChangeable { status }
            | Self::NotPaid { status }
            | Self::NotShipped { status }
            | Self::NotCancellable { status } => details.text("status", status),
        }
        .finish()
    }
}
