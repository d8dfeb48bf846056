//! What is asked of orders.

use std::sync::Arc;

use portolan_application::orders::{ChangeQuantity, PlaceOrder, SetAddress, ShipOrder};
use portolan_domain::{OrderId, PartyId, order};
use portolan_kernel::Money;
use serde::Deserialize;
use utoipa::ToSchema;

use super::MoneySchema;
use crate::request::RequestBody;

/// A new order.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PlaceOrder)]
pub(crate) struct PlaceOrderBody {
    /// Its id; made here where there is none.
    #[schema(value_type = Option<Uuid>)]
    pub(crate) id: Option<OrderId>,
    #[schema(value_type = Uuid)]
    customer: PartyId,
    /// At least one, in one currency.
    lines: Vec<LineBody>,
    /// Where to, where that is known.
    address: Option<AddressBody>,
}

impl PlaceOrderBody {
    pub(crate) fn into_command(self, order: OrderId) -> PlaceOrder {
        let lines = self.lines.into_iter().map(order::Line::from).collect();
        PlaceOrder { order, customer: self.customer, lines, address: self.address.map(Into::into) }
    }
}

impl RequestBody for PlaceOrderBody {}

/// An article of a new order.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OrderLine)]
pub(crate) struct LineBody {
    /// The article; once in an order.
    #[schema(value_type = String, min_length = 1)]
    sku: Arc<str>,
    #[schema(value_type = String)]
    description: Arc<str>,
    /// 1 or more.
    #[schema(minimum = 1)]
    quantity: i64,
    /// The price of one.
    #[schema(value_type = MoneySchema)]
    unit_price: Money,
}

impl From<LineBody> for order::Line {
    fn from(line: LineBody) -> Self {
        let LineBody { sku, description, quantity, unit_price } = line;
        Self { sku, description, quantity, unit_price }
    }
}

/// A shipping address.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Address)]
pub(crate) struct AddressBody {
    name: String,
    street: String,
    city: String,
    /// An ISO 3166-1 alpha-2 code.
    #[schema(example = "PT")]
    country: String,
}

impl AddressBody {
    pub(crate) fn into_command(self, order: OrderId) -> SetAddress {
        SetAddress { order, address: self.into() }
    }
}

impl From<AddressBody> for order::Address {
    fn from(address: AddressBody) -> Self {
        let AddressBody { name, street, city, country } = address;
        Self { name, street, city, country }
    }
}

impl RequestBody for AddressBody {}

/// How many of an article.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ChangeQuantity)]
pub(crate) struct QuantityBody {
    /// 1 or more.
    #[schema(minimum = 1)]
    quantity: i64,
}

impl QuantityBody {
    pub(crate) fn into_command(self, order: OrderId, sku: Arc<str>) -> ChangeQuantity {
        ChangeQuantity { order, sku, quantity: self.quantity }
    }
}

impl RequestBody for QuantityBody {}

/// How an order is followed on its way.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ShipOrder)]
pub(crate) struct ShipBody {
    /// The carrier's number.
    tracking: String,
}

impl ShipBody {
    pub(crate) fn into_command(self, order: OrderId) -> ShipOrder {
        ShipOrder { order, tracking: self.tracking.into() }
    }
}

impl RequestBody for ShipBody {}
