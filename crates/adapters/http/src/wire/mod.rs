//! The bodies, parameters and headers of requests and answers, as they are read and as the OpenAPI document says.

pub(crate) mod headers;
mod listing;
mod order;
mod parameters;
mod problems;
mod receipt;
mod schema;
mod status;
mod views;

pub(crate) use listing::{DraftBody, PlaceBidBody, ReviseBody};
pub(crate) use order::{AddressBody, PlaceOrderBody, QuantityBody, ShipBody};
pub(crate) use parameters::{
    HistoryParameters, PageParameters, ReadHeaders, RowHeaders, StreamHeaders, WriteHeaders,
};
pub(crate) use problems::{ListProblems, ReadProblems, WriteProblems};
pub(crate) use receipt::ReceiptBody;
pub(crate) use schema::{EventSchema, HistoryPage, MoneySchema, ProblemSchema};
pub(crate) use status::{LiveBody, PartBody, ReadyBody};
pub(crate) use views::{CustomerSchema, ListingPage, ListingSchema, OrderPage, OrderSchema, TotalsPage};

use serde::{Deserialize, Deserializer};

/// A value that may be left out, but is not null.
fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}
