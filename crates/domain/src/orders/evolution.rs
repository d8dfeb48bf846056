//! What its events do to an order.

use std::sync::Arc;

use portolan_kernel::{Aggregate, weight_of_bytes};

use super::{Address, Event, Line, Order, OrderId, Status};

impl Aggregate for Order {
    const TYPE: &'static str = "order";

    type Id = OrderId;
    type Event = Event;

    fn create(event: &Event) -> Option<Self> {
        let Event::OrderPlaced { order, customer, lines, address, items, total, placed_at } = event else {
            return None;
        };
        Some(Self {
            id: *order,
            customer: *customer,
            status: Status::Pending,
            placed_at: *placed_at,
            lines: Arc::clone(lines),
            items: *items,
            total: *total,
            address: address.clone(),
            tracking: None,
        })
    }

    fn apply(&mut self, event: &Event) {
        match event {
            // Its beginning is `create`'s.
            Event::OrderPlaced { .. } => {}
            Event::OrderLineChanged { sku, quantity, items, total } => {
                let lines = Arc::make_mut(&mut self.lines);
                lines.iter_mut().filter(|line| line.sku == *sku).for_each(|line| line.quantity = *quantity);
                (self.items, self.total) = (*items, *total);
            }
            Event::OrderLineRemoved { sku, items, total } => {
                self.lines = self.lines.iter().filter(|line| line.sku != *sku).cloned().collect();
                (self.items, self.total) = (*items, *total);
            }
            Event::OrderAddressSet { address } => self.address = Some(address.clone()),
            Event::OrderPaid { .. } => self.status = Status::Paid,
            Event::OrderShipped { tracking, .. } => {
                self.status = Status::Shipped;
                self.tracking = Some(Arc::clone(tracking));
            }
            Event::OrderDelivered { .. } => self.status = Status::Delivered,
            Event::OrderCancelled { .. } => self.status = Status::Cancelled,
        }
    }

    fn id(&self) -> OrderId {
        self.id
    }

    fn weight(&self) -> u32 {
        let lines: usize = self.lines.iter().map(line_bytes).sum();
        let address = self.address.as_ref().map_or(0, address_bytes);
        let tracking = self.tracking.as_ref().map_or(0, |tracking| tracking.len());
        weight_of_bytes(size_of::<Self>() + lines + address + tracking)
    }
}

fn line_bytes(line: &Line) -> usize {
    size_of::<Line>() + line.sku.len() + line.description.len()
}

fn address_bytes(address: &Address) -> usize {
    address.name.len() + address.street.len() + address.city.len() + address.country.len()
}

#[cfg(test)]
mod tests {
    use portolan_kernel::Id;

    use super::*;
    use crate::testing::{at, eur, party};

    fn order(lines: usize, description: &str, city: &str) -> Order {
        let line = |n: usize| Line {
            sku: format!("{n:8}").into(),
            description: description.into(),
            quantity: 1,
            unit_price: eur(1),
        };
        let [name, street, country] = ["Ann", "1 pewter street", "DE"].map(str::to_owned);
        let placed = Event::OrderPlaced {
            order: OrderId::from_uuid(uuid::Uuid::from_u128(7)),
            customer: party(1),
            lines: (0..lines).map(line).collect(),
            address: Some(Address { name, street, city: city.to_owned(), country }),
            items: 1,
            total: eur(1),
            placed_at: at(0),
        };
        Order::create(&placed).unwrap()
    }

    #[test]
    fn an_order_weighs_what_its_texts_and_lines_take() {
        let small = order(1, "a lamp", "Berlin").weight();
        assert!((1..=3).contains(&small), "{small}");
        let text = "x".repeat(6 + 256 * 4_096);
        assert_eq!(order(1, &text, "Berlin").weight(), small + 4_096);
        assert_eq!(order(1, "a lamp", &text).weight(), small + 4_096);
        assert!(order(1_000, "a lamp", "Berlin").weight() > 250);
        assert!(order(2, &text, "Berlin").weight() > 2 * 4_096);
    }
}
