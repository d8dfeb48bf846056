//! What a group of commands writes, column by column.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use portolan_kernel::Timestamp;
use uuid::Uuid;

use super::{Done, Server};
use crate::twin::Receipt;
use crate::twin::auction::Standing;
use crate::twin::texts::{self, Event};
use crate::work::{self, Bid, LINES, Order};

/// The rows of a group, table by table; a listing and a bid are there once, as they are at the end.
#[derive(Default)]
pub(crate) struct Group {
    /// The last position before it.
    pub(crate) after: i64,
    /// The last position of it.
    pub(crate) head: i64,
    pub(crate) now: i64,
    pub(crate) commands: Vec<Command>,
    pub(crate) events: Vec<Journalled>,
    pub(crate) listings: HashMap<Uuid, Priced>,
    pub(crate) bids: HashMap<(Uuid, Uuid), Ceiling>,
    pub(crate) orders: Vec<Order>,
}

pub(crate) struct Command {
    pub(crate) id: Uuid,
    pub(crate) fingerprint: Uuid,
    pub(crate) outcome: String,
}

pub(crate) struct Journalled {
    pub(crate) position: i64,
    pub(crate) commit_position: i64,
    pub(crate) event_id: Uuid,
    pub(crate) aggregate_type: &'static str,
    pub(crate) aggregate_id: Uuid,
    pub(crate) version: i64,
    pub(crate) event_type: &'static str,
    pub(crate) payload: String,
    pub(crate) metadata: String,
}

#[derive(Clone, Copy)]
pub(crate) struct Priced {
    pub(crate) version: i64,
    pub(crate) price: i64,
    pub(crate) next_minimum: i64,
    pub(crate) ends_at: i64,
}

#[derive(Clone, Copy)]
pub(crate) struct Ceiling {
    pub(crate) number: i64,
    pub(crate) amount: i64,
}

/// The listings as the writer keeps them.
#[derive(Default)]
pub(super) struct Kept(HashMap<Uuid, Listing>);

struct Listing {
    standing: Standing,
    ceilings: HashMap<Uuid, i64>,
}

impl Group {
    pub(super) fn after(head: i64, now: Timestamp) -> Self {
        Self { after: head, head, now: now.as_micros(), ..Self::default() }
    }

    pub(super) fn place_bid<S: Server>(
        &mut self,
        server: &mut S,
        kept: &mut Kept,
        bid: &Bid,
    ) -> Done<Option<Receipt>> {
        let listing = match kept.0.entry(bid.listing) {
            Entry::Occupied(kept) => kept.into_mut(),
            Entry::Vacant(place) => place.insert(load(server, bid.listing)?),
        };
        let own = listing.ceilings.get(&bid.bidder).copied();
        let Some(placed) = listing.standing.place(bid, own, self.now) else { return Ok(None) };
        listing.ceilings.insert(bid.bidder, bid.ceiling);
        let (first, second) = texts::of_bid(bid, &placed);
        let priced = Priced {
            version: placed.version,
            price: placed.price,
            next_minimum: placed.next_minimum,
            ends_at: listing.standing.ends_at,
        };
        self.listings.insert(bid.listing, priced);
        let ceiling = Ceiling { number: placed.number, amount: bid.ceiling };
        self.bids.insert((bid.listing, bid.bidder), ceiling);
        let events = [Some(first), second].into_iter().flatten().collect();
        Ok(Some(self.put_events("listing", bid.listing, placed.version, bid.command_id, events)))
    }

    pub(super) fn place_order(&mut self, order: &Order, now: Timestamp) -> Receipt {
        self.orders.push(*order);
        let event = texts::of_order(order, &now.to_string());
        self.put_events("order", order.id, 1, order.id, vec![event])
    }

    fn put_events(
        &mut self,
        aggregate_type: &'static str,
        id: Uuid,
        version: i64,
        command_id: Uuid,
        events: Vec<Event>,
    ) -> Receipt {
        let count = i64::try_from(events.len()).unwrap_or(0);
        let receipt = Receipt { id, version, position: self.head + count };
        let metadata = texts::metadata(command_id, command_id.as_u64_pair().0);
        for (event, position) in events.into_iter().zip(self.head + 1..) {
            self.events.push(Journalled {
                position,
                commit_position: receipt.position,
                event_id: work::rising_id(7, position.cast_unsigned()),
                aggregate_type,
                aggregate_id: id,
                version: version + position - receipt.position,
                event_type: event.event_type,
                payload: event.payload,
                metadata: metadata.clone(),
            });
        }
        self.commands.push(Command {
            id: command_id,
            fingerprint: Uuid::new_v5(&Uuid::NAMESPACE_OID, command_id.as_bytes()),
            outcome: texts::outcome(&receipt),
        });
        self.head = receipt.position;
        receipt
    }

    /// The lines of all orders: whose, which, and what.
    pub(crate) fn lines(&self) -> impl Iterator<Item = (Uuid, i64, &'static work::Line)> + '_ {
        self.orders
            .iter()
            .flat_map(|order| LINES.iter().zip(1_i64..).map(|(line, number)| (order.id, number, line)))
    }
}

fn load<S: Server>(server: &mut S, id: Uuid) -> Done<Listing> {
    let mut listing = Listing { standing: server.listing(id)?, ceilings: HashMap::new() };
    let standing = &mut listing.standing;
    // Where ceilings are equal, the earlier bid is the higher.
    let (mut first, mut second) = (None::<(i64, i64, Uuid)>, None::<(i64, i64, Uuid)>);
    for (bidder, ceiling, number) in server.bids(id)? {
        let bid = Some((ceiling, -number, bidder));
        if bid > first {
            (first, second) = (bid, first);
        } else if bid > second {
            second = bid;
        }
        standing.bids += 1;
        standing.last_number = standing.last_number.max(number);
        listing.ceilings.insert(bidder, ceiling);
    }
    standing.first = first.map(|(ceiling, _, bidder)| (bidder, ceiling));
    standing.second = second.map(|(ceiling, _, bidder)| (bidder, ceiling));
    Ok(listing)
}
