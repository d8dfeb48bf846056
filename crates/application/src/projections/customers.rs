//! Events of orders -> [`CustomerSummary`].

use portolan_domain::PartyId;
use portolan_domain::order::{Event, Status};
use portolan_kernel::{Money, Projector, Recorded, Version};

use crate::customers::{CustomerSummary, OrderCounts, Spent};
use crate::wire::MarketEvent;

/// Fills the view `customers`.
///
/// A summary is over many orders, so its version is the position in the journal. It sums up what happened: an order that
/// is removed from the store stays counted.
#[derive(Debug, Clone, Copy, Default)]
pub struct CustomerProjector;

impl Projector<MarketEvent> for CustomerProjector {
    type View = CustomerSummary;

    fn target(&self, recorded: &Recorded<MarketEvent>) -> Option<PartyId> {
        let MarketEvent::Order(_, event) = &recorded.event else { return None };
        match event {
            Event::OrderPlaced { customer, .. }
            | Event::OrderPaid { customer, .. }
            | Event::OrderShipped { customer, .. }
            | Event::OrderDelivered { customer, .. }
            | Event::OrderCancelled { customer, .. } => Some(*customer),
            // They happen while the order is pending, and then nothing was spent on it, or are about its address.
            Event::OrderLineChanged { .. }
            | Event::OrderLineRemoved { .. }
            | Event::OrderAddressSet { .. } => None,
        }
    }

    fn version(&self, recorded: &Recorded<MarketEvent>) -> Version {
        Version(recorded.position.get())
    }

    fn project(&self, row: &mut Option<CustomerSummary>, recorded: &Recorded<MarketEvent>) {
        let MarketEvent::Order(_, event) = &recorded.event else { return };
        if let Event::OrderPlaced { customer, placed_at, .. } = event {
            let row = row.get_or_insert_with(|| CustomerSummary {
                id: *customer,
                orders: OrderCounts::default(),
                spent: Vec::new(),
                last_order_at: *placed_at,
            });
            row.orders.pending += 1;
            row.last_order_at = row.last_order_at.max(*placed_at);
            return;
        }
        let Some(row) = row else { return };
        match *event {
            Event::OrderPaid { total, .. } => {
                moved(row, Status::Pending, Status::Paid);
                add(&mut row.spent, total, i64::saturating_add);
            }
            Event::OrderShipped { .. } => moved(row, Status::Paid, Status::Shipped),
            Event::OrderDelivered { .. } => moved(row, Status::Shipped, Status::Delivered),
            Event::OrderCancelled { total, was, .. } => {
                moved(row, was, Status::Cancelled);
                if was == Status::Paid {
                    add(&mut row.spent, total, i64::saturating_sub);
                }
            }
            _ => {}
        }
    }
}

const fn moved(row: &mut CustomerSummary, source: Status, target: Status) {
    *row.orders.of(source) -= 1;
    *row.orders.of(target) += 1;
}

/// Keeps one amount a currency, by currency code, none of zero.
fn add(spent: &mut Vec<Spent>, money: Money, combine: fn(i64, i64) -> i64) {
    let place = match spent.binary_search_by(|entry| entry.currency.cmp(&money.currency)) {
        Ok(place) => place,
        Err(place) => {
            spent.insert(place, Spent { amount: 0, currency: money.currency });
            place
        }
    };
    spent[place].amount = combine(spent[place].amount, money.amount);
    if spent[place].amount == 0 {
        spent.remove(place);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use portolan_domain::{OrderId, order};
    use portolan_kernel::Id;
    use serde_json::json;
    use uuid::Uuid;

    use super::*;
    use crate::MarketCommand;
    use crate::orders::{CancelOrder, ChangeQuantity, DeliverOrder, PayOrder, PlaceOrder, ShipOrder};
    use crate::testing::{Fixture, at, given, party, placement, project};

    fn order(number: u128) -> OrderId {
        OrderId::from_uuid(Uuid::from_u128(number))
    }

    /// An order of one article at this price.
    fn place(number: u128, amount: i64, currency: &str) -> MarketCommand {
        let unit_price = Money::new(amount, currency.parse().unwrap());
        let line = order::Line { sku: "a".into(), description: "".into(), quantity: 1, unit_price };
        let lines: Arc<[order::Line]> = [line].into();
        PlaceOrder { order: order(number), lines, ..placement() }.into()
    }

    fn pay(number: u128) -> MarketCommand {
        PayOrder { order: order(number) }.into()
    }

    fn summary(market: &Fixture) -> CustomerSummary {
        project(&CustomerProjector, &market.events()).remove(&party(2)).unwrap()
    }

    #[test]
    fn orders_are_counted_by_status_and_payments_added_up_by_currency() {
        let market = given([
            place(1, 5, "USD"),
            place(2, 7, "EUR"),
            place(3, 11, "USD"),
            place(4, 13, "JPY"),
            ChangeQuantity { order: order(3), sku: "a".into(), quantity: 2 }.into(),
            pay(1),
            pay(2),
            pay(3),
            ShipOrder { order: order(2), tracking: "T".into() }.into(),
            ShipOrder { order: order(3), tracking: "T".into() }.into(),
            DeliverOrder { order: order(3) }.into(),
        ]);
        market.send(&place(5, 1, "EUR"), at(9)).unwrap();
        assert_eq!(
            serde_json::to_value(summary(&market)).unwrap(),
            json!({
                "id": party(2),
                "orders": {"pending": 2, "paid": 1, "shipped": 1, "delivered": 1, "cancelled": 0},
                "spent": [{"amount": 7, "currency": "EUR"}, {"amount": 27, "currency": "USD"}],
                "last_order_at": "2026-01-02T00:00:09Z",
            })
        );
    }

    #[test]
    fn a_cancelled_order_gives_back_what_was_paid_for_it() {
        let cancel = |number| CancelOrder { order: order(number) }.into();
        let market = given([place(1, 5, "EUR"), place(2, 7, "EUR"), pay(1), cancel(1), cancel(2)]);
        let row = summary(&market);
        assert_eq!((row.orders.cancelled, row.orders.pending, row.spent), (2, 0, Vec::new()));
    }

    #[test]
    fn the_version_is_the_position_because_many_orders_make_one_row() {
        let market = given([place(1, 5, "EUR"), place(2, 7, "EUR")]);
        let versions: Vec<_> = market.events().iter().map(|event| CustomerProjector.version(event)).collect();
        assert_eq!(versions, [Version(1), Version(2)]);
    }
}
