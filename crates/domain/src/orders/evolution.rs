//! What its events do to an order.

use std::sync::Arc;

use portolan_kernel::Aggregate;

use super::{Event, Order, OrderId, Status};

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
        u32::try_from(self.lines.len()).unwrap_or(u32::MAX).saturating_add(1)
    }
}
