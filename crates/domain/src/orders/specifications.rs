//! What a specification can ask of an order.

use std::sync::Arc;

use portolan_kernel::specification::Embedded;
use portolan_kernel::{Money, Specification, Timestamp};

use super::{Line, Order, OrderId, Status};
use crate::PartyId;

portolan_kernel::candidate! {
    /// The fields of an [`Order`].
    pub mod order: Order {
        id: OrderId [sortable],
        customer: PartyId [sortable],
        status: Status [sortable],
        placed_at: Timestamp [sortable],
        items: i64 [sortable],
        total: Money [sortable],
        lines: Arc<[Line]> [],
        tracking: Option<Arc<str>> [sortable],
        address: Option<Embedded> [] = |order| order.address().map(|_| Embedded),
        address_name as "address.name": Option<String> [] = |order| order.address().map(|to| &*to.name),
        address_street as "address.street": Option<String> [] = |order| order.address().map(|to| &*to.street),
        address_city as "address.city": Option<String> [] = |order| order.address().map(|to| &*to.city),
        address_country as "address.country": Option<String> [] = |order| order.address().map(|to| &*to.country),
    }
}

portolan_kernel::candidate! {
    /// The fields of a [`Line`].
    pub mod line: Line {
        sku: Arc<str> [],
        description: Arc<str> [searchable],
        quantity: i64 [],
        unit_price: Money [],
    }
}

/// Orders that wait for their customer to pay: the ones that can be paid.
#[must_use]
pub fn unpaid() -> Specification<Order> {
    order::status().eq(Status::Pending)
}

/// Those of them that were placed at this time or before.
#[must_use]
pub fn unpaid_since(time: Timestamp) -> Specification<Order> {
    unpaid() & order::placed_at().lte(time)
}

/// Orders that are paid for and not sent off.
#[must_use]
pub fn awaiting_shipment() -> Specification<Order> {
    order::status().eq(Status::Paid)
}

/// Those of them that can be sent off: it is known where to.
#[must_use]
pub fn ready_to_ship() -> Specification<Order> {
    awaiting_shipment() & !order::address().is_null()
}

/// Orders that were sent off and have not arrived, as far as is known.
#[must_use]
pub fn on_the_way() -> Specification<Order> {
    order::status().eq(Status::Shipped)
}

#[cfg(test)]
mod tests {
    use portolan_kernel::{Aggregate, Id};

    use super::*;
    use crate::order::{self, Address, Placement, fields, line_fields};
    use crate::testing::{Given, at, eur, given, party};

    fn lamps(address: Option<Address>) -> Given<Order> {
        let line = Line { sku: "lamp".into(), description: "brass".into(), quantity: 2, unit_price: eur(5) };
        let (order, customer) = (OrderId::from_uuid(uuid::Uuid::nil()), party(1));
        given(Order::place(Placement { order, customer, lines: [line].into(), address }, at(0)).unwrap())
    }

    fn porto() -> Address {
        let [name, street, city, country] = ["n", "s", "Porto", "PT"].map(str::to_owned);
        Address { name, street, city, country }
    }

    #[test]
    fn orders_are_found_by_their_fields_and_their_lines() {
        let order = lamps(Some(porto())).state;
        let two_lamps = fields::lines().any(line_fields::sku().eq("lamp") & line_fields::quantity().gt(1));
        assert!(two_lamps.is_satisfied_by(&order));
        assert!(!fields::lines().any(line_fields::sku().eq("vase")).is_satisfied_by(&order));
        assert!(fields::address_city().eq("Porto").is_satisfied_by(&order));
        assert!(!fields::address().is_null().is_satisfied_by(&order));
        assert!(fields::tracking().is_null().is_satisfied_by(&order));
        assert!(fields::id().eq(order.id()).is_satisfied_by(&order));
    }
    #[test]
    fn what_is_asked_for_by_name_is_what_can_be_done_with_an_order() {
        let paid = || lamps(None).and(Order::pay);
        let with_address = |given: Given<Order>| given.and(|order| order.set_address(porto()));
        let shipped = || with_address(paid()).and(|order| order.ship("1Z".into()));
        let mut counts = [0; 4];
        for given in [
            lamps(None),
            with_address(lamps(None)),
            paid(),
            with_address(paid()),
            shipped(),
            shipped().and(Order::deliver),
            lamps(None).and(Order::cancel),
            paid().and(Order::cancel),
        ] {
            let order = given.state;
            let asked = |specification: Specification<Order>| specification.is_satisfied_by(&order);
            let seen =
                [asked(unpaid()), asked(awaiting_shipment()), asked(ready_to_ship()), asked(on_the_way())];
            assert_eq!(seen[0], order.pay().is_ok(), "{order:?}");
            assert_eq!(seen[1], order.status() == Status::Paid, "{order:?}");
            assert_eq!(seen[2], order.ship("1Z".into()).is_ok(), "{order:?}");
            assert_eq!(seen[3], order.deliver().is_ok(), "{order:?}");
            counts.iter_mut().zip(seen).for_each(|(count, seen)| *count += i32::from(seen));
        }
        assert_eq!(counts, [2, 2, 1, 1]);
    }

    #[test]
    fn an_order_is_unpaid_since_it_was_placed_and_that_composes_with_what_else_is_asked() {
        let order = lamps(None).state;
        let placed = order.placed_at().as_micros();
        let since = |micros| order::unpaid_since(Timestamp::from_micros(placed + micros));
        assert!(!since(-1).is_satisfied_by(&order));
        assert!(since(0).is_satisfied_by(&order));
        assert!((since(1) & fields::total().gte(eur(10))).is_satisfied_by(&order));
        assert!(!(since(1) & fields::total().gt(eur(10))).is_satisfied_by(&order));
        assert!(!since(1).is_satisfied_by(&lamps(None).and(Order::pay).state));
    }
}
