//! What both twins write into the journal, with the texts of the real thing.

use rusqlite::{Connection, params};
use uuid::Uuid;

use super::schema::sql;
use crate::work;

/// One event on its way into the journal.
pub(crate) struct Event {
    pub(crate) aggregate_type: &'static str,
    pub(crate) aggregate_id: Uuid,
    pub(crate) version: i64,
    pub(crate) event_type: &'static str,
    pub(crate) payload: String,
}

/// Where a listing's bidding stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Standing {
    pub(crate) price: i64,
    pub(crate) leader: Uuid,
    pub(crate) bids: usize,
}

/// The texts of a bid that was accepted: one event, or two where the lead changes.
pub(crate) fn bid_events(
    bid: &work::Bid,
    version: i64,
    number: i64,
    before: Option<Uuid>,
    after: Standing,
) -> Vec<Event> {
    let listing = work::id("listing", bid.listing);
    let Standing { price, leader, bids } = after;
    let money = |amount: i64| format!(r#"{{"amount":{amount},"currency":"EUR"}}"#);
    let event = |version, event_type, payload| Event {
        aggregate_type: "listing",
        aggregate_id: listing,
        version,
        event_type,
        payload,
    };
    let placed = format!(
        r#"{{"bidder":"{}","ceiling":{},"number":{number},"price":{},"leader":"{leader}","bids":{bids},"next_minimum":{}}}"#,
        bid.bidder,
        money(bid.ceiling),
        money(price),
        money(price + 100),
    );
    let mut events = vec![event(version + 1, "BidPlaced", placed)];
    if let Some(previous) = before.filter(|previous| *previous != leader) {
        let outbid = format!(r#"{{"previous":"{previous}","leader":"{leader}","price":{}}}"#, money(price));
        events.push(event(version + 2, "LeaderOutbid", outbid));
    }
    events
}

/// The text of a new order with three lines.
pub(crate) fn order_event(order: Uuid, customer: Uuid, at: i64) -> Event {
    let line = |n: i64| {
        format!(
            r#"{{"sku":"SKU-{n}","description":"brass lamp","quantity":{n},"unit_price":{{"amount":{},"currency":"EUR"}}}}"#,
            1_000 * n
        )
    };
    let payload = format!(
        r#"{{"order":"{order}","customer":"{customer}","lines":[{},{},{}],"total":{{"amount":14000,"currency":"EUR"}},"placed_at":{at}}}"#,
        line(1),
        line(2),
        line(3),
    );
    Event { aggregate_type: "order", aggregate_id: order, version: 1, event_type: "OrderPlaced", payload }
}

/// Writes a command's events at the positions after `head`, and its outcome; answers the last position.
pub(crate) fn write(
    connection: &Connection,
    head: i64,
    command_id: Uuid,
    events: &[Event],
    at: i64,
) -> rusqlite::Result<i64> {
    let last = head + events.len() as i64;
    let metadata =
        format!(r#"{{"command_id":"{command_id}","correlation_id":"{command_id}","kept":"forever"}}"#);
    let mut insert = connection.prepare_cached(sql::PUT_EVENT)?;
    for (index, event) in events.iter().enumerate() {
        let position = head + 1 + index as i64;
        let event_id = Uuid::from_u64_pair(
            0x019b_8d2c_0000_7000 + ((position as u64) << 16),
            0x8000_0000_0000_0000 | work::random(7, position as u64),
        );
        insert.execute(params![
            position,
            last,
            event_id.as_bytes(),
            event.aggregate_type,
            event.aggregate_id.as_bytes(),
            event.version,
            event.event_type,
            event.payload,
            metadata,
            at,
            at,
        ])?;
    }
    let (id, version) = events.last().map_or((Uuid::nil(), 0), |event| (event.aggregate_id, event.version));
    let outcome = format!(r#"{{"accepted":{{"id":"{id}","version":{version},"position":{last}}}}}"#);
    let fingerprint = Uuid::new_v5(&Uuid::NAMESPACE_OID, command_id.as_bytes());
    connection.prepare_cached(sql::PUT_COMMAND)?.execute(params![
        command_id.as_bytes(),
        fingerprint.as_bytes(),
        outcome,
        at
    ])?;
    Ok(last)
}
