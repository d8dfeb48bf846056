//! Orders in rows: one for the order, one for each line.

use std::sync::Arc;

use portolan_domain::PartyId;
use portolan_domain::order::{self, Address, Event, Line, Order, OrderId, Status};
use portolan_kernel::{Aggregate as _, Currency, Money, Timestamp, Version};

use super::SCHEMA;
use crate::rows::{Rows, Unreadable};
use crate::{Mapper, RowChange, Schema, Stored, rows};

/// Keeps [`Order`]s.
#[derive(Debug, Clone, Copy, Default)]
pub struct OrderMapper;

rows! {
    /// An order, but for its lines. All amounts are in its one currency.
    pub struct OrderRow in orders {
        key { id: OrderId }
        fixed { customer: PartyId, placed_at: Timestamp, currency: Currency }
        changing {
            version: Version,
            status: Status,
            items: i64,
            total_amount: i64,
            address_name: Option<String>,
            address_street: Option<String>,
            address_city: Option<String>,
            address_country: Option<String>,
            tracking: Option<Arc<str>>,
        }
    }

    /// What is bought of one article; `line` is its place in the order, which it keeps when others go.
    pub struct LineRow in order_lines {
        key { order_id: OrderId, sku: Arc<str> }
        fixed { line: i64, description: Arc<str>, unit_price_amount: i64 }
        changing { quantity: i64 }
    }
}

impl Mapper for OrderMapper {
    type Aggregate = Order;
    type Root = OrderRow;
    type Children = Vec<LineRow>;

    fn schema(&self) -> Schema {
        SCHEMA
    }

    fn rows(&self, order: &Order, version: Version) -> (OrderRow, Vec<LineRow>) {
        let lines = order.lines().iter().zip(1..).map(|(line, number)| LineRow::of(order, line, number));
        (OrderRow::of(order, version), lines.collect())
    }

    fn update(&self, change: &RowChange<'_, Order>, rows: &mut Rows) {
        let order = change.state;
        rows.update(OrderRow::of(order, change.version));
        for event in change.events {
            match event {
                Event::OrderLineChanged { sku, .. } | Event::OrderLineRemoved { sku, .. } => {
                    match order.line(sku) {
                        // Its place never changes, and is not written.
                        Some(line) => rows.update(LineRow::of(order, line, 0)),
                        None => rows.delete::<LineRow>((order.id(), Arc::clone(sku))),
                    }
                }
                // All that these change is in the order's own row.
                Event::OrderPlaced { .. }
                | Event::OrderAddressSet { .. }
                | Event::OrderPaid { .. }
                | Event::OrderShipped { .. }
                | Event::OrderDelivered { .. }
                | Event::OrderCancelled { .. } => {}
            }
        }
    }

    fn restore(&self, mut row: OrderRow, mut lines: Vec<LineRow>) -> Result<Stored<Order>, Unreadable> {
        lines.sort_unstable_by_key(|line| line.line);
        let money = |amount| Money::new(amount, row.currency);
        let lines = lines.into_iter().map(|line| Line {
            sku: line.sku,
            description: line.description,
            quantity: line.quantity,
            unit_price: money(line.unit_price_amount),
        });
        let state = Order::restore(order::Snapshot {
            id: row.id,
            customer: row.customer,
            status: row.status,
            placed_at: row.placed_at,
            lines: lines.collect(),
            items: row.items,
            total: money(row.total_amount),
            address: row.address()?,
            tracking: row.tracking.take(),
        });
        Ok(Stored { state, version: row.version })
    }
}

impl OrderRow {
    fn of(order: &Order, version: Version) -> Self {
        let address = order.address();
        let part = |of: fn(&Address) -> &String| address.map(of).cloned();
        Self {
            id: order.id(),
            customer: order.customer(),
            placed_at: order.placed_at(),
            currency: order.total().currency,
            version,
            status: order.status(),
            items: order.items(),
            total_amount: order.total().amount,
            address_name: part(|address| &address.name),
            address_street: part(|address| &address.street),
            address_city: part(|address| &address.city),
            address_country: part(|address| &address.country),
            tracking: order.tracking().cloned(),
        }
    }

    /// An address is there whole or not at all.
    fn address(&mut self) -> Result<Option<Address>, Unreadable> {
        let name = self.address_name.take();
        let street = self.address_street.take();
        match (name, street, self.address_city.take(), self.address_country.take()) {
            (None, None, None, None) => Ok(None),
            (Some(name), Some(street), Some(city), Some(country)) => {
                Ok(Some(Address { name, street, city, country }))
            }
            _ => Err(Unreadable::new("`address_*` in `orders`")),
        }
    }
}

impl LineRow {
    fn of(order: &Order, line: &Line, place: i64) -> Self {
        Self {
            order_id: order.id(),
            sku: Arc::clone(&line.sku),
            line: place,
            description: Arc::clone(&line.description),
            unit_price_amount: line.unit_price.amount,
            quantity: line.quantity,
        }
    }
}
