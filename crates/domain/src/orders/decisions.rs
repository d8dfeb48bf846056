//! The rules of an order: each method checks them in a fixed order and answers events, or the first refusal.
//!
//! Where a command brings text, U+0000 in it is `Invalid` right after the checks on the order's own state and before
//! the text is used.

use std::collections::HashSet;
use std::sync::Arc;

use portolan_kernel::{Money, Timestamp};

use super::{Address, Error, Event, Line, Order, OrderId, Status};
use crate::{Invalid, PartyId};

/// What a customer says of a new order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placement {
    /// Its id.
    pub order: OrderId,
    /// Who buys.
    pub customer: PartyId,
    /// What; at least one line, in one currency.
    pub lines: Arc<[Line]>,
    /// Where to, where it is known.
    pub address: Option<Address>,
}

/// The decisions. They change nothing: whoever holds the order applies the events.
impl Order {
    /// Begins an order.
    ///
    /// # Errors
    /// In this order, each over all lines before the next: `NoLines`, `CurrencyMismatch`, `InvalidQuantity`, `Invalid`
    /// (U+0000, an empty or repeated sku, a negative price, an unknown country), `Overflow`.
    pub fn place(placement: Placement, now: Timestamp) -> Result<Vec<Event>, Error> {
        let Placement { order, customer, lines, address } = placement;
        let Some(first) = lines.first() else { return Err(Error::NoLines) };
        check_currencies(first, &lines)?;
        lines.iter().try_for_each(|line| check_quantity(&line.sku, line.quantity))?;
        check_texts(&lines)?;
        address.as_ref().map_or(Ok(()), Address::check)?;
        let (items, total) = sum(first, lines.iter())?;
        Ok(vec![Event::OrderPlaced { order, customer, lines, address, items, total, placed_at: now }])
    }

    /// Orders more or fewer of an article.
    ///
    /// # Errors
    /// In this order: `NotPending`, `Invalid` (U+0000), `NoLine`, `InvalidQuantity`, `Overflow`.
    pub fn change_quantity(&self, sku: &str, quantity: i64) -> Result<Vec<Event>, Error> {
        let line = self.pending_line(sku)?;
        check_quantity(&line.sku, quantity)?;
        let changed = Line { quantity, ..line.clone() };
        let sku = Arc::clone(&line.sku);
        let (items, total) =
            sum(line, self.lines.iter().map(|other| if other.sku == sku { &changed } else { other }))?;
        Ok(vec![Event::OrderLineChanged { sku, quantity, items, total }])
    }

    /// Takes an article off the order.
    ///
    /// # Errors
    /// In this order: `NotPending`, `Invalid` (U+0000), `NoLine`, `LastLine`.
    pub fn remove_line(&self, sku: &str) -> Result<Vec<Event>, Error> {
        let line = self.pending_line(sku)?;
        let sku = Arc::clone(&line.sku);
        if self.lines.len() == 1 {
            return Err(Error::LastLine { sku });
        }
        let (items, total) = sum(line, self.lines.iter().filter(|other| other.sku != sku))?;
        Ok(vec![Event::OrderLineRemoved { sku, items, total }])
    }

    /// Gives or changes the shipping address.
    ///
    /// # Errors
    /// In this order: `NotChangeable` unless pending or paid, `Invalid` (U+0000, an unknown country).
    pub fn set_address(&self, address: Address) -> Result<Vec<Event>, Error> {
        if !matches!(self.status, Status::Pending | Status::Paid) {
            return Err(Error::NotChangeable { status: self.status });
        }
        address.check()?;
        Ok(vec![Event::OrderAddressSet { address }])
    }

    /// Takes note that the customer has paid.
    ///
    /// # Errors
    /// `NotPending`.
    pub fn pay(&self) -> Result<Vec<Event>, Error> {
        self.must_be_pending()?;
        Ok(vec![Event::OrderPaid { customer: self.customer, total: self.total }])
    }

    /// Sends it off.
    ///
    /// # Errors
    /// In this order: `NotPaid`, `NoAddress`, `Invalid` (U+0000 in the tracking number).
    pub fn ship(&self, tracking: Arc<str>) -> Result<Vec<Event>, Error> {
        if self.status != Status::Paid {
            return Err(Error::NotPaid { status: self.status });
        }
        if self.address.is_none() {
            return Err(Error::NoAddress);
        }
        Invalid::nul("tracking", &tracking)?;
        Ok(vec![Event::OrderShipped { customer: self.customer, total: self.total, tracking }])
    }

    /// Takes note that it arrived.
    ///
    /// # Errors
    /// `NotShipped`.
    pub fn deliver(&self) -> Result<Vec<Event>, Error> {
        if self.status != Status::Shipped {
            return Err(Error::NotShipped { status: self.status });
        }
        Ok(vec![Event::OrderDelivered { customer: self.customer, total: self.total }])
    }

    /// Calls it off.
    ///
    /// # Errors
    /// `NotCancellable` unless pending or paid.
    pub fn cancel(&self) -> Result<Vec<Event>, Error> {
        if !matches!(self.status, Status::Pending | Status::Paid) {
            return Err(Error::NotCancellable { status: self.status });
        }
        Ok(vec![Event::OrderCancelled { customer: self.customer, total: self.total, was: self.status }])
    }

    fn must_be_pending(&self) -> Result<(), Error> {
        if self.status == Status::Pending { Ok(()) } else { Err(Error::NotPending { status: self.status }) }
    }

    fn pending_line(&self, sku: &str) -> Result<&Line, Error> {
        self.must_be_pending()?;
        Invalid::nul("sku", sku)?;
        self.line(sku).ok_or_else(|| Error::NoLine { sku: sku.into() })
    }
}

fn check_currencies(first: &Line, lines: &[Line]) -> Result<(), Error> {
    let expected = first.unit_price.currency;
    match lines.iter().find(|line| line.unit_price.currency != expected) {
        None => Ok(()),
        Some(Line { sku, unit_price, .. }) => {
            Err(Error::CurrencyMismatch { sku: Arc::clone(sku), given: unit_price.currency, expected })
        }
    }
}

fn check_quantity(sku: &Arc<str>, quantity: i64) -> Result<(), Error> {
    if quantity >= 1 {
        return Ok(());
    }
    Err(Error::InvalidQuantity { sku: Arc::clone(sku), quantity })
}

fn check_texts(lines: &[Line]) -> Result<(), Invalid> {
    let mut seen = HashSet::with_capacity(lines.len());
    for Line { sku, description, unit_price, .. } in lines {
        Invalid::nul("lines.sku", sku)?;
        Invalid::nul("lines.description", description)?;
        if sku.is_empty() {
            return Err(Invalid::Empty { field: "lines.sku" });
        }
        if !seen.insert(&**sku) {
            return Err(Invalid::Repeated { field: "lines.sku", value: sku.to_string() });
        }
        if unit_price.amount < 0 {
            return Err(Invalid::Negative { field: "lines.unit_price", amount: *unit_price });
        }
    }
    Ok(())
}

/// Items and total of these lines, in the currency of `sample`.
fn sum<'a>(sample: &Line, lines: impl IntoIterator<Item = &'a Line>) -> Result<(i64, Money), Error> {
    let mut sums = (0_i64, Money::zero(sample.unit_price.currency));
    for Line { sku, quantity, unit_price, .. } in lines {
        let overflow =
            || Error::Overflow { sku: Arc::clone(sku), quantity: *quantity, unit_price: *unit_price };
        let items = sums.0.checked_add(*quantity).ok_or_else(overflow)?;
        let line_total = unit_price.times(*quantity).map_err(|_| overflow())?;
        sums = (items, sums.1.plus(line_total).map_err(|_| overflow())?);
    }
    Ok(sums)
}
