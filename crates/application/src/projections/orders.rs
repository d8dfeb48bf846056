//! Events of orders -> [`OrderView`].

use portolan_domain::OrderId;
use portolan_domain::order::{Event, Status};
use portolan_kernel::{Projector, Recorded};

use crate::orders::{LineView, OrderView};
use crate::wire::MarketEvent;

/// Fills the view `orders`.
#[derive(Debug, Clone, Copy, Default)]
pub struct OrderProjector;

impl Projector<MarketEvent> for OrderProjector {
    type View = OrderView;

    fn target(&self, recorded: &Recorded<MarketEvent>) -> Option<OrderId> {
        match recorded.event {
            MarketEvent::Order(id, _) | MarketEvent::OrderRemoved(id) => Some(id),
            MarketEvent::Listing(..) | MarketEvent::ListingRemoved(_) => None,
        }
    }

    fn project(&self, row: &mut Option<OrderView>, recorded: &Recorded<MarketEvent>) {
        match (&recorded.event, row) {
            (MarketEvent::Order(_, event @ Event::OrderPlaced { .. }), row) => *row = placed(event),
            (MarketEvent::Order(_, event), Some(row)) => change(row, event),
            (MarketEvent::OrderRemoved(_), row) => *row = None,
            _ => {}
        }
    }
}

fn placed(event: &Event) -> Option<OrderView> {
    let Event::OrderPlaced { order, customer, lines, address, items, total, placed_at } = event else {
        return None;
    };
    Some(OrderView {
        id: *order,
        customer: *customer,
        status: Status::Pending,
        placed_at: *placed_at,
        items: *items,
        total: *total,
        lines: lines.iter().map(LineView::from).collect(),
        tracking: None,
        address: address.as_ref().map(Into::into),
    })
}

fn change(row: &mut OrderView, event: &Event) {
    match event {
        Event::OrderLineChanged { sku, quantity, items, total } => {
            let lines = row.lines.iter_mut().filter(|line| line.sku == *sku);
            lines.for_each(|line| line.quantity = *quantity);
            (row.items, row.total) = (*items, *total);
        }
        Event::OrderLineRemoved { sku, items, total } => {
            row.lines.retain(|line| line.sku != *sku);
            (row.items, row.total) = (*items, *total);
        }
        Event::OrderAddressSet { address } => row.address = Some(address.into()),
        Event::OrderPaid { .. } => row.status = Status::Paid,
        Event::OrderShipped { tracking, .. } => {
            row.status = Status::Shipped;
            row.tracking = Some(tracking.clone());
        }
        Event::OrderDelivered { .. } => row.status = Status::Delivered,
        Event::OrderCancelled { .. } => row.status = Status::Cancelled,
        Event::OrderPlaced { .. } => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::MarketCommand;
    use crate::orders::{CancelOrder, ChangeQuantity, PayOrder, RemoveLine, SetAddress, ShipOrder};
    use crate::testing::{address, basket, given, party, placement, project};

    fn view(history: impl IntoIterator<Item = MarketCommand>) -> OrderView {
        let market = given([placement().into()].into_iter().chain(history));
        project(&OrderProjector, &market.events()).remove(&basket()).unwrap()
    }

    #[test]
    fn an_order_shows_what_was_ordered() {
        let line = |sku, quantity, amount| {
            let unit_price = json!({"amount": amount, "currency": "EUR"});
            json!({"sku": sku, "description": sku, "quantity": quantity, "unit_price": unit_price})
        };
        assert_eq!(
            serde_json::to_value(view([])).unwrap(),
            json!({
                "id": basket(), "customer": party(2), "status": "pending", "placed_at": "2026-01-02T00:00:00Z",
                "items": 3, "total": {"amount": 25, "currency": "EUR"},
                "lines": [line("lamp", 2, 10), line("vase", 1, 5)], "tracking": null,
                "address": {"name": "Ann", "street": "1 pewter street", "city": "Berlin", "country": "DE"},
            })
        );
    }

    #[test]
    fn changes_of_lines_and_address_are_taken_over() {
        let order = basket();
        let row = view([
            ChangeQuantity { order, sku: "vase".into(), quantity: 4 }.into(),
            RemoveLine { order, sku: "lamp".into() }.into(),
            SetAddress { order, address: address("Porto", "PT") }.into(),
        ]);
        let lines: Vec<_> = row.lines.iter().map(|line| (&*line.sku, line.quantity)).collect();
        assert_eq!((lines, row.items, row.total.amount), (vec![("vase", 4)], 4, 20));
        assert_eq!(row.address.unwrap().city, "Porto");
    }

    #[test]
    fn the_way_to_the_door_is_followed_and_a_cancelled_order_keeps_all() {
        let order = basket();
        let shipped = view([PayOrder { order }.into(), ShipOrder { order, tracking: "T1".into() }.into()]);
        assert_eq!((shipped.status, shipped.tracking.as_deref()), (Status::Shipped, Some("T1")));
        let cancelled = view([PayOrder { order }.into(), CancelOrder { order }.into()]);
        assert_eq!((cancelled.status, cancelled.items, cancelled.lines.len()), (Status::Cancelled, 3, 2));
    }

    #[test]
    fn the_view_is_read_back_as_it_was_shown() {
        let row = view([]);
        let text = serde_json::to_string(&row).unwrap();
        assert_eq!(serde_json::from_str::<OrderView>(&text).unwrap(), row);
    }
}
