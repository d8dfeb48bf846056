//! What the OpenAPI document says of the views. A test holds it to the views' JSON.

#![expect(dead_code, reason = "these types document a form; nothing is made of them")]

use utoipa::ToSchema;
use uuid::Uuid;

use super::MoneySchema;

/// A listing, without its secrets.
#[derive(ToSchema)]
#[schema(as = Listing)]
pub(crate) struct ListingSchema {
    id: Uuid,
    seller: Uuid,
    title: String,
    description: String,
    status: ListingStatus,
    /// The price at which bidding starts.
    asking: MoneySchema,
    /// The current price; once sold the price paid.
    price: MoneySchema,
    /// The least that the next bid must offer; only while published.
    #[schema(required = true)]
    next_minimum: Option<MoneySchema>,
    /// Who leads.
    #[schema(required = true)]
    leader: Option<Uuid>,
    /// How many bidders there are.
    bids: i64,
    /// When bidding ends.
    #[schema(format = DateTime)]
    ends_at: String,
    /// When it was published.
    #[schema(required = true, format = DateTime)]
    published_at: Option<String>,
}

#[derive(ToSchema)]
#[serde(rename_all = "snake_case")]
enum ListingStatus {
    Draft,
    Published,
    Sold,
    Unsold,
    Withdrawn,
}

/// An order; a cancelled one keeps all.
#[derive(ToSchema)]
#[schema(as = Order)]
pub(crate) struct OrderSchema {
    id: Uuid,
    customer: Uuid,
    status: OrderStatus,
    #[schema(format = DateTime)]
    placed_at: String,
    /// The sum of the quantities.
    items: i64,
    /// The sum of quantity times unit price.
    total: MoneySchema,
    lines: Vec<LineSchema>,
    /// The carrier's number, once shipped.
    #[schema(required = true)]
    tracking: Option<String>,
    /// Where it goes, where that is known.
    #[schema(required = true)]
    address: Option<AddressSchema>,
}

#[derive(ToSchema)]
#[serde(rename_all = "snake_case")]
enum OrderStatus {
    Pending,
    Paid,
    Shipped,
    Delivered,
    Cancelled,
}

/// An article of an order.
#[derive(ToSchema)]
#[schema(as = Line)]
struct LineSchema {
    sku: String,
    description: String,
    quantity: i64,
    /// The price of one.
    unit_price: MoneySchema,
}

/// Where an order goes.
#[derive(ToSchema)]
#[schema(as = AddressView)]
struct AddressSchema {
    name: String,
    street: String,
    city: String,
    /// An ISO 3166-1 alpha-2 code.
    country: String,
}

/// A customer's orders, counted and added up.
#[derive(ToSchema)]
#[schema(as = Customer)]
pub(crate) struct CustomerSchema {
    id: Uuid,
    /// How many orders there are in each status.
    orders: OrderCounts,
    /// What was spent on paid, shipped and delivered orders, one amount a currency.
    spent: Vec<MoneySchema>,
    #[schema(format = DateTime)]
    last_order_at: String,
}

#[derive(ToSchema)]
struct OrderCounts {
    pending: i64,
    paid: i64,
    shipped: i64,
    delivered: i64,
    cancelled: i64,
}

/// What happened in the market on one UTC day in one currency.
#[derive(ToSchema)]
#[schema(as = Totals)]
pub(crate) struct TotalsSchema {
    /// Day and currency.
    #[schema(example = "2026-01-05/EUR")]
    id: String,
    /// The UTC day.
    #[schema(format = Date)]
    day: String,
    currency: String,
    listings_published: i64,
    listings_sold: i64,
    sold_value: MoneySchema,
    orders_placed: i64,
    orders_shipped: i64,
}

macro_rules! pages {
    ($($page:ident as $name:ident of $row:ident)+) => {$(
        /// One page of rows.
        #[derive(ToSchema)]
        #[schema(as = $name)]
        pub(crate) struct $page {
            items: Vec<$row>,
            /// Where the next page begins (`after`); null where there are no more rows.
            #[schema(required = true)]
            next: Option<String>,
            /// Every event up to this position is in the answer.
            position: u64,
            /// How many rows there are on all pages; only where `count=true` asks for it.
            #[schema(required = false, value_type = u64)]
            count: Option<u64>,
        }
    )+};
}

pages! {
    ListingPage as Listings of ListingSchema
    OrderPage as Orders of OrderSchema
    TotalsPage as TotalsPage of TotalsSchema
}
