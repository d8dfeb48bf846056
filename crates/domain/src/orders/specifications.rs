//! What a specification can ask of an order.

use std::sync::Arc;

use portolan_kernel::specification::Embedded;
use portolan_kernel::{Money, Timestamp};

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

#[cfg(test)]
mod tests {
    use portolan_kernel::{Aggregate, Id};

    use super::*;
    use crate::order::{Address, Placement, fields, line_fields};
    use crate::testing::{at, eur, given, party};

    #[test]
    fn orders_are_found_by_their_fields_and_their_lines() {
        let line = Line { sku: "lamp".into(), description: "brass".into(), quantity: 2, unit_price: eur(5) };
        let [name, street, city, country] = ["n", "s", "Porto", "PT"].map(str::to_owned);
        let order = given::<Order>(
            Order::place(
                Placement {
                    order: OrderId::from_uuid(uuid::Uuid::nil()),
                    customer: party(1),
                    lines: [line].into(),
                    address: Some(Address { name, street, city, country }),
                },
                at(0),
            )
            .unwrap(),
        )
        .state;
        let lamps = fields::lines().any(line_fields::sku().eq("lamp") & line_fields::quantity().gt(1));
        assert!(lamps.is_satisfied_by(&order));
        assert!(!fields::lines().any(line_fields::sku().eq("vase")).is_satisfied_by(&order));
        assert!(fields::address_city().eq("Porto").is_satisfied_by(&order));
        assert!(!fields::address().is_null().is_satisfied_by(&order));
        assert!(fields::tracking().is_null().is_satisfied_by(&order));
        assert!(fields::id().eq(order.id()).is_satisfied_by(&order));
    }
}
