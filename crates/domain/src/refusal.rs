//! What the refusals of both aggregates share: unacceptable input, and the numbers by name.

use portolan_kernel::{Currency, Money, Timestamp};
use serde_json::{Map, Value, json};

/// Input that no state of an aggregate would accept. Every one has the code `invalid`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// A text that is too short or too long.
    #[error("{field} has {length} characters; {min} to {max} are allowed")]
    Length {
        /// The field of the command.
        field: &'static str,
        /// Its length in Unicode code points.
        length: usize,
        /// The least allowed.
        min: usize,
        /// The most allowed.
        max: usize,
    },
    /// A text that holds U+0000, which not every store can keep.
    #[error("{field} holds the character U+0000")]
    Nul {
        /// The field of the command.
        field: &'static str,
    },
    /// A text that must say something.
    #[error("{field} is empty")]
    Empty {
        /// The field of the command.
        field: &'static str,
    },
    /// A name that must be unique in its list.
    #[error("{field} is given twice")]
    Repeated {
        /// The field of the command.
        field: &'static str,
        /// What is there twice.
        value: String,
    },
    /// An amount that must be above zero.
    #[error("{field} is {amount}; it must be more than zero")]
    NotPositive {
        /// The field of the command.
        field: &'static str,
        /// What was given.
        amount: Money,
    },
    /// An amount that must not be below zero.
    #[error("{field} is {amount}; it must not be negative")]
    Negative {
        /// The field of the command.
        field: &'static str,
        /// What was given.
        amount: Money,
    },
    /// A country that ISO 3166-1 does not list.
    #[error("{field} is not an ISO 3166-1 alpha-2 code")]
    UnknownCountry {
        /// The field of the command.
        field: &'static str,
        /// What was given.
        country: String,
    },
}

impl Invalid {
    /// Refuses a text that holds U+0000.
    pub(crate) fn nul(field: &'static str, text: &str) -> Result<(), Self> {
        if text.contains('\0') { Err(Self::Nul { field }) } else { Ok(()) }
    }

    /// Refuses a text with too few or too many code points, or with U+0000.
    pub(crate) fn text(field: &'static str, text: &str, min: usize, max: usize) -> Result<(), Self> {
        let length = text.chars().count();
        if length < min || length > max {
            return Err(Self::Length { field, length, min, max });
        }
        Self::nul(field, text)
    }

    /// The numbers, by name.
    pub(crate) fn details(&self) -> Details {
        match self {
            Self::Length { field, length, min, max } => Details::new()
                .text("field", field)
                .count("length", *length)
                .count("min", *min)
                .count("max", *max),
            Self::Nul { field } | Self::Empty { field } => Details::new().text("field", field),
            Self::Repeated { field, value } => Details::new().text("field", field).text("value", value),
            Self::NotPositive { field, amount } | Self::Negative { field, amount } => {
                Details::new().text("field", field).money("amount", *amount)
            }
            Self::UnknownCountry { field, country } => {
                Details::new().text("field", field).text("country", country)
            }
        }
    }
}

/// The numbers of a refusal on their way into JSON: money as `{"amount", "currency"}`, times in RFC 3339.
#[derive(Default)]
pub(crate) struct Details(Map<String, Value>);

impl Details {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn text(self, name: &str, text: impl ToString) -> Self {
        self.with(name, Value::from(text.to_string()))
    }

    pub(crate) fn count(self, name: &str, count: usize) -> Self {
        self.with(name, Value::from(count))
    }

    pub(crate) fn quantity(self, name: &str, quantity: i64) -> Self {
        self.with(name, Value::from(quantity))
    }

    pub(crate) fn money(self, name: &str, money: Money) -> Self {
        self.with(name, json!({ "amount": money.amount, "currency": money.currency.code() }))
    }

    pub(crate) fn currency(self, name: &str, currency: Currency) -> Self {
        self.text(name, currency)
    }

    pub(crate) fn time(self, name: &str, time: Timestamp) -> Self {
        self.text(name, time)
    }

    pub(crate) fn finish(self) -> Map<String, Value> {
        self.0
    }

    fn with(mut self, name: &str, value: Value) -> Self {
        self.0.insert(name.to_owned(), value);
        self
    }
}
