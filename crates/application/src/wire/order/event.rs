//! The payloads of an order's events, schema version 1. None of them has a secret, so they are public as they are.

use std::borrow::Cow;

use portolan_domain::order::{Event, Status};
use portolan_domain::{OrderId, PartyId};
use portolan_kernel::{Encoded, Error, Money, Result, Timestamp};
use serde::{Deserialize, Serialize, Serializer};

use super::line::{AddressJson, BorrowedLines, StoredLines};
use crate::wire::{decoded, encoded, unknown_event};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct OrderPlaced<'a, L> {
    order: OrderId,
    customer: PartyId,
    lines: L,
    #[serde(borrow)]
    address: Option<AddressJson<'a>>,
    items: i64,
    total: Money,
    placed_at: Timestamp,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct OrderLineChanged<'a> {
    #[serde(borrow)]
    sku: Cow<'a, str>,
    quantity: i64,
    items: i64,
    total: Money,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct OrderLineRemoved<'a> {
    #[serde(borrow)]
    sku: Cow<'a, str>,
    items: i64,
    total: Money,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct OrderAddressSet<'a> {
    #[serde(borrow)]
    address: AddressJson<'a>,
}

/// `OrderPaid` and `OrderDelivered`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Moved {
    customer: PartyId,
    total: Money,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct OrderShipped<'a> {
    customer: PartyId,
    total: Money,
    #[serde(borrow)]
    tracking: Cow<'a, str>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct OrderCancelled<'a> {
    customer: PartyId,
    total: Money,
    #[serde(borrow)]
    was: Cow<'a, str>,
}

/// The payload of an event.
pub(in crate::wire) struct Payload<'a>(pub(in crate::wire) &'a Event);

impl Serialize for Payload<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        match self.0 {
            &Event::OrderPlaced { order, customer, ref lines, ref address, items, total, placed_at } => {
                let (lines, address) = (BorrowedLines(lines), address.as_ref().map(AddressJson::from));
                OrderPlaced { order, customer, lines, address, items, total, placed_at }.serialize(serializer)
            }
            &Event::OrderLineChanged { ref sku, quantity, items, total } => {
                OrderLineChanged { sku: Cow::Borrowed(sku), quantity, items, total }.serialize(serializer)
            }
            &Event::OrderLineRemoved { ref sku, items, total } => {
                OrderLineRemoved { sku: Cow::Borrowed(sku), items, total }.serialize(serializer)
            }
            Event::OrderAddressSet { address } => {
                OrderAddressSet { address: address.into() }.serialize(serializer)
            }
            &Event::OrderPaid { customer, total } | &Event::OrderDelivered { customer, total } => {
                Moved { customer, total }.serialize(serializer)
            }
            &Event::OrderShipped { customer, total, ref tracking } => {
                OrderShipped { customer, total, tracking: Cow::Borrowed(tracking) }.serialize(serializer)
            }
            &Event::OrderCancelled { customer, total, was } => {
                OrderCancelled { customer, total, was: Cow::Borrowed(was.as_str()) }.serialize(serializer)
            }
        }
    }
}

pub(super) fn encode(event: &Event) -> Result<Encoded> {
    encoded(event.name(), &Payload(event))
}

pub(super) fn decode(event_type: &str, payload: &str) -> Result<Event> {
    Ok(match event_type {
        "OrderPlaced" => {
            let it: OrderPlaced<'_, StoredLines<'_>> = decoded(event_type, payload)?;
            Event::OrderPlaced {
                order: it.order,
                customer: it.customer,
                lines: it.lines.into(),
                address: it.address.map(Into::into),
                items: it.items,
                total: it.total,
                placed_at: it.placed_at,
            }
        }
        "OrderLineChanged" => {
            let OrderLineChanged { sku, quantity, items, total } = decoded(event_type, payload)?;
            Event::OrderLineChanged { sku: sku.into(), quantity, items, total }
        }
        "OrderLineRemoved" => {
            let OrderLineRemoved { sku, items, total } = decoded(event_type, payload)?;
            Event::OrderLineRemoved { sku: sku.into(), items, total }
        }
        "OrderAddressSet" => {
            let OrderAddressSet { address } = decoded(event_type, payload)?;
            Event::OrderAddressSet { address: address.into() }
        }
        "OrderPaid" => {
            let Moved { customer, total } = decoded(event_type, payload)?;
            Event::OrderPaid { customer, total }
        }
        "OrderShipped" => {
            let OrderShipped { customer, total, tracking } = decoded(event_type, payload)?;
            Event::OrderShipped { customer, total, tracking: tracking.into() }
        }
        "OrderDelivered" => {
            let Moved { customer, total } = decoded(event_type, payload)?;
            Event::OrderDelivered { customer, total }
        }
        "OrderCancelled" => {
            let OrderCancelled { customer, total, was } = decoded(event_type, payload)?;
            Event::OrderCancelled { customer, total, was: status(&was)? }
        }
        unknown => return Err(unknown_event("an order", unknown)),
    })
}

pub(super) fn status(text: &str) -> Result<Status> {
    text.parse().map_err(|error| Error::Invalid(format!("a stored order: {error}")))
}
