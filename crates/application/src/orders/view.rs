//! What readers see of an order.

use std::sync::Arc;

use portolan_domain::order::{Address, Line, Status};
use portolan_domain::{OrderId, PartyId};
use portolan_kernel::specification::{Embedded, Value};
use portolan_kernel::{Id as _, Index, Money, Result, StoredRow, StoredView, Timestamp, View};
use serde::{Deserialize, Serialize};

/// An order; a cancelled one keeps all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderView {
    /// Its id.
    pub id: OrderId,
    /// Who buys.
    pub customer: PartyId,
    /// Where it is in its life.
    #[serde(with = "crate::text")]
    pub status: Status,
    /// When it was placed.
    pub placed_at: Timestamp,
    /// The sum of the quantities.
    pub items: i64,
    /// The sum of quantity times unit price.
    pub total: Money,
    /// What is bought, in order.
    pub lines: Vec<LineView>,
    /// The carrier's number, once shipped.
    pub tracking: Option<Arc<str>>,
    /// Where it goes, where that is known.
    pub address: Option<AddressView>,
}

/// One article of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineView {
    /// The article.
    pub sku: Arc<str>,
    /// What it is, in words.
    pub description: Arc<str>,
    /// How many.
    pub quantity: i64,
    /// The price of one.
    pub unit_price: Money,
}

impl From<&Line> for LineView {
    fn from(line: &Line) -> Self {
        Self {
            sku: Arc::clone(&line.sku),
            description: Arc::clone(&line.description),
            quantity: line.quantity,
            unit_price: line.unit_price,
        }
    }
}

/// Where an order goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddressView {
    /// Who receives it.
    pub name: String,
    /// Street and number.
    pub street: String,
    /// Town.
    pub city: String,
    /// An ISO 3166-1 alpha-2 code.
    pub country: String,
}

impl From<&Address> for AddressView {
    fn from(address: &Address) -> Self {
        let Address { name, street, city, country } = address.clone();
        Self { name, street, city, country }
    }
}

impl View for OrderView {
    const NAME: &'static str = "orders";

    type Id = OrderId;

    fn id(&self) -> OrderId {
        self.id
    }

    fn indexes() -> Vec<Index<Self>> {
        vec![
            Index::hash(fields::customer()),
            Index::hash(fields::status()),
            Index::hash(fields::tracking()),
            Index::hash_within(fields::lines(), line_fields::sku()),
            Index::ordered(fields::id()),
            Index::ordered(fields::placed_at()),
            Index::ordered(fields::total().amount()),
            Index::words_within(fields::lines(), line_fields::description()),
        ]
    }
}

impl StoredView for OrderView {
    fn stored_id(id: &OrderId) -> Value {
        Value::Uuid(id.uuid())
    }

    fn restore(row: &mut dyn StoredRow) -> Result<Self> {
        Ok(Self {
            id: row.take(fields::id())?,
            customer: row.take(fields::customer())?,
            status: row.take(fields::status())?,
            placed_at: row.take(fields::placed_at())?,
            items: row.take(fields::items())?,
            total: row.take(fields::total())?,
            lines: row.take_each(fields::lines(), LineView::restore)?,
            tracking: row.take(fields::tracking())?,
            address: AddressView::restore(row)?,
        })
    }
}

impl LineView {
    fn restore(row: &mut dyn StoredRow) -> Result<Self> {
        Ok(Self {
            sku: row.take(line_fields::sku())?,
            description: row.take(line_fields::description())?,
            quantity: row.take(line_fields::quantity())?,
            unit_price: row.take(line_fields::unit_price())?,
        })
    }
}

impl AddressView {
    fn restore(row: &mut dyn StoredRow) -> Result<Option<Self>> {
        if row.take::<_, _, Option<Embedded>>(fields::address())?.is_none() {
            return Ok(None);
        }
        Ok(Some(Self {
            name: row.take(fields::address_name())?,
            street: row.take(fields::address_street())?,
            city: row.take(fields::address_city())?,
            country: row.take(fields::address_country())?,
        }))
    }
}

portolan_kernel::candidate! {
    /// The fields of an [`OrderView`].
    pub mod fields: OrderView {
        id: OrderId [sortable],
        customer: PartyId [sortable],
        status: Status [sortable],
        placed_at: Timestamp [sortable],
        items: i64 [sortable],
        total: Money [sortable],
        lines: Vec<LineView> [],
        tracking: Option<Arc<str>> [sortable],
        address: Option<Embedded> [] = |order| order.address.as_ref().map(|_| Embedded),
        address_name as "address.name": Option<String> [sortable] = |order| order.address.as_ref().map(|to| &*to.name),
        address_street as "address.street": Option<String> [sortable] = |order| order.address.as_ref().map(|to| &*to.street),
        address_city as "address.city": Option<String> [sortable] = |order| order.address.as_ref().map(|to| &*to.city),
        address_country as "address.country": Option<String> [sortable] = |order| order.address.as_ref().map(|to| &*to.country),
    }
}

portolan_kernel::candidate! {
    /// The fields of a [`LineView`].
    pub mod line_fields: LineView {
        sku: Arc<str> [],
        description: Arc<str> [searchable],
        quantity: i64 [],
        unit_price: Money [],
    }
}

#[cfg(test)]
mod tests {
    use portolan_domain::order;

    use super::*;

    #[test]
    fn what_the_domain_asks_of_orders_can_be_asked_of_their_rows() {
        let week_ago: Timestamp = "2026-01-05T08:00:00Z".parse().unwrap();
        let in_status = |status| fields::status().eq(status);
        for (asked, of_rows) in [
            (order::unpaid_since(week_ago), in_status(Status::Pending) & fields::placed_at().lte(week_ago)),
            (order::awaiting_shipment(), in_status(Status::Paid)),
            (order::ready_to_ship(), in_status(Status::Paid) & !fields::address().is_null()),
            (order::on_the_way(), in_status(Status::Shipped)),
        ] {
            assert_eq!(asked.asked_of::<OrderView>().unwrap(), of_rows);
        }
        // Lines are asked as deep as they go.
        let lamps = order::unpaid() & order::fields::lines().any(order::line_fields::sku().eq("lamp"));
        let of_rows = in_status(Status::Pending) & fields::lines().any(line_fields::sku().eq("lamp"));
        assert_eq!(lamps.asked_of::<OrderView>().unwrap(), of_rows);
    }
}
