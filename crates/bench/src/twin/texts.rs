//! What both twins write into the journal: the texts of the real thing, to the letter.

use uuid::Uuid;

use super::Receipt;
use super::auction::Placed;
use crate::work::{self, Bid, LINES, Order};

/// One event on its way into the journal.
pub(super) struct Event {
    pub(super) event_type: &'static str,
    pub(super) payload: String,
}

/// An accepted bid: one event, or two where the lead changes.
pub(super) fn of_bid(bid: &Bid, placed: &Placed) -> (Event, Option<Event>) {
    let &Placed { number, price, next_minimum, leader, outbid, bids, .. } = placed;
    let Bid { bidder, ceiling, .. } = bid;
    let payload = format!(
        "{{\"bidder\":\"{bidder}\",\"ceiling\":{{\"amount\":{ceiling},\"currency\":\"EUR\"}},\"number\":{number},\
         \"price\":{{\"amount\":{price},\"currency\":\"EUR\"}},\"leader\":\"{leader}\",\"bids\":{bids},\
         \"next_minimum\":{{\"amount\":{next_minimum},\"currency\":\"EUR\"}}}}",
    );
    let outbid = outbid.map(|previous| Event {
        event_type: "LeaderOutbid",
        payload: format!(
            "{{\"previous\":\"{previous}\",\"leader\":\"{leader}\",\
             \"price\":{{\"amount\":{price},\"currency\":\"EUR\"}}}}",
        ),
    });
    (Event { event_type: "BidPlaced", payload }, outbid)
}

/// A new order.
pub(super) fn of_order(order: &Order, placed_at: &str) -> Event {
    let Order { id, customer } = order;
    let mut lines = String::with_capacity(300);
    for line in &LINES {
        let work::Line { sku, description, quantity, unit_price } = line;
        let separator = if lines.is_empty() { "" } else { "," };
        lines.push_str(&format!(
            "{separator}{{\"sku\":\"{sku}\",\"description\":\"{description}\",\"quantity\":{quantity},\
             \"unit_price\":{{\"amount\":{unit_price},\"currency\":\"EUR\"}}}}",
        ));
    }
    let (items, total) = totals();
    let payload = format!(
        "{{\"order\":\"{id}\",\"customer\":\"{customer}\",\"lines\":[{lines}],\"address\":null,\"items\":{items},\
         \"total\":{{\"amount\":{total},\"currency\":\"EUR\"}},\"placed_at\":\"{placed_at}\"}}",
    );
    Event { event_type: "OrderPlaced", payload }
}

/// How many things every order has, and what they cost together.
pub(super) fn totals() -> (i64, i64) {
    LINES
        .iter()
        .fold((0, 0), |(items, total), line| (items + line.quantity, total + line.quantity * line.unit_price))
}

/// What is kept with each event of a command.
pub(super) fn metadata(command_id: Uuid, trace: u64) -> String {
    let span = work::random(trace, 1);
    format!(
        "{{\"command_id\":\"{command_id}\",\"correlation_id\":\"{command_id}\",\
         \"traceparent\":\"00-{trace:016x}{span:016x}-{span:016x}-01\",\"kept\":\"forever\"}}",
    )
}

/// What a repeat of the command is to be answered.
pub(super) fn outcome(receipt: &Receipt) -> String {
    let Receipt { id, version, position } = receipt;
    format!("{{\"accepted\":{{\"id\":\"{id}\",\"version\":{version},\"position\":{position}}}}}")
}
