//! What happens to listings and orders from their first event to their last: the marketplace as it goes through the
//! contracts, whatever the adapter.

use std::time::Duration;

use portolan_domain::PartyId;
use portolan_domain::listing::{self, Draft, Listing, ListingId};
use portolan_domain::order::{self, Address, Line, Order, OrderId, Placement};
use portolan_kernel::{Aggregate, Money, Timestamp};
use portolan_testkit::contracts::sample::Sample;
use uuid::Uuid;

/// A listing with a reserve, and bids that outbid each other, replace each other and are taken back; it is sold.
pub(crate) struct Sold;

/// A listing that is taken back.
pub(crate) struct Withdrawn;

/// An order whose lines change, and which is delivered.
pub(crate) struct Delivered;

/// An order that is cancelled.
pub(crate) struct Cancelled;

const NOW: Timestamp = Timestamp::from_micros(1_767_609_743_612_654);

impl Sample for Sold {
    type Aggregate = Listing;

    fn id(name: &str) -> ListingId {
        ListingId::derived(Uuid::NAMESPACE_OID, name)
    }

    fn life(name: &str) -> Vec<Vec<listing::Event>> {
        let later = NOW.plus(Duration::from_secs(8 * 24 * 3_600));
        let mut life = published(Self::id(name), Some(40));
        for (bidder, ceiling) in [(1, 30), (2, 20), (3, 60), (2, 50)] {
            life.then(|listing| listing.place_bid(party(bidder), euro(ceiling), NOW));
        }
        life.then(|listing| listing.retract_bid(party(1), NOW));
        life.then(|listing| listing.close(later));
        life.commits
    }
}

impl Sample for Withdrawn {
    type Aggregate = Listing;

    fn id(name: &str) -> ListingId {
        ListingId::derived(Uuid::NAMESPACE_OID, name)
    }

    fn life(name: &str) -> Vec<Vec<listing::Event>> {
        let mut life = published(Self::id(name), None);
        life.then(|listing| listing.withdraw(NOW));
        life.commits
    }
}

impl Sample for Delivered {
    type Aggregate = Order;

    fn id(name: &str) -> OrderId {
        OrderId::derived(Uuid::NAMESPACE_OID, name)
    }

    fn life(name: &str) -> Vec<Vec<order::Event>> {
        let mut life = placed(Self::id(name));
        life.then(|order| order.change_quantity("a", 7));
        life.then(|order| order.remove_line("b"));
        life.then(|order| order.set_address(address()));
        life.then(Order::pay);
        life.then(|order| order.ship("T-1 \u{1f4e6}".into()));
        life.then(Order::deliver);
        life.commits
    }
}

impl Sample for Cancelled {
    type Aggregate = Order;

    fn id(name: &str) -> OrderId {
        OrderId::derived(Uuid::NAMESPACE_OID, name)
    }

    fn life(name: &str) -> Vec<Vec<order::Event>> {
        let mut life = placed(Self::id(name));
        life.then(|order| order.set_address(address()));
        life.then(Order::pay);
        life.then(Order::cancel);
        life.commits
    }
}

/// An aggregate, and the commits that made it.
struct Life<A: Aggregate> {
    state: A,
    commits: Vec<Vec<A::Event>>,
}

impl<A: Aggregate> Life<A> {
    fn begins(events: Vec<A::Event>) -> Self {
        let state = portolan_kernel::replay(&events).unwrap();
        Self { state, commits: vec![events] }
    }

    fn then<E: std::fmt::Debug>(&mut self, decide: impl FnOnce(&A) -> Result<Vec<A::Event>, E>) {
        let events = decide(&self.state).unwrap();
        events.iter().for_each(|event| self.state.apply(event));
        self.commits.push(events);
    }
}

fn published(listing: ListingId, reserve: Option<i64>) -> Life<Listing> {
    let mut life = Life::<Listing>::begins(
        Listing::draft(Draft {
            listing,
            seller: party(9),
            title: "Brass lamp".into(),
            description: "Old".into(),
            asking: euro(10),
            increment: euro(1),
            reserve: reserve.map(|cents| euro(cents).into()),
            ends_at: NOW.plus(Duration::from_secs(7 * 24 * 3_600)),
        })
        .unwrap(),
    );
    life.then(|listing| listing.revise("La\u{308}mp \u{1f3ee}".into(), "Brass, old\r\n".into()));
    life.then(|listing| listing.publish(NOW));
    life
}

fn placed(order: OrderId) -> Life<Order> {
    let lines = vec![line("b", 2), line("a", 1), line("c", 3)].into();
    Life::begins(Order::place(Placement { order, customer: party(2), lines, address: None }, NOW).unwrap())
}

fn line(sku: &str, quantity: i64) -> Line {
    Line {
        sku: sku.into(),
        description: format!("{sku}, \u{c6}r\u{f8}").into(),
        quantity,
        unit_price: euro(250),
    }
}

fn address() -> Address {
    Address {
        name: "Ada".to_owned(),
        street: "Main Street 1".to_owned(),
        city: "London".to_owned(),
        country: "GB".to_owned(),
    }
}

fn party(number: u128) -> PartyId {
    portolan_kernel::Id::from_uuid(Uuid::from_u128(number))
}

fn euro(cents: i64) -> Money {
    Money::new(cents, "EUR".parse().unwrap())
}
