//! The marketplace's aggregates come back from their rows as they were, whatever happened to them.
#![cfg(feature = "market")]
#![expect(clippy::unwrap_used, reason = "a test ends where what it stands on fails")]

mod support;

use std::fmt::Debug;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use portolan_application::wire;
use portolan_diesel::diesel;
use portolan_diesel::diesel::connection::{InstrumentationEvent, SimpleConnection as _};
use portolan_diesel::diesel::prelude::*;
use portolan_diesel::diesel::sql_types::BigInt;
use portolan_diesel::market::{self, ListingMapper};
use portolan_diesel::rows::{Children as _, Rows};
use portolan_diesel::sqlite::{Config, Conn, OpenMode, Store};
use portolan_diesel::{Mapper, RowChange};
use portolan_domain::PartyId;
use portolan_domain::listing::{Draft, Listing, ListingId};
use portolan_domain::order::{Address, Line, Order, OrderId, Placement};
use portolan_kernel::{
    Aggregate, AggregateKey, Clock as _, Context, Id, IdSource as _, Journal as _, Money, Timestamp, Until,
    Version, WriteSide,
};
use portolan_testkit::{ManualClock, SequentialIds};
use support::{beside, findings};

struct Market {
    folder: tempfile::TempDir,
    store: Store,
    side: WriteSide,
    clock: ManualClock,
    ids: Arc<SequentialIds>,
}

impl Market {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (clock, ids) = (ManualClock::default(), Arc::new(SequentialIds::new(1)));
        let config = Config::file(folder.path().join("store.db"));
        let registry = wire::registry();
        let store =
            Store::open(&config, OpenMode::ReadWrite, &registry, &market::mappers(), Arc::new(clock.clone()))
                .unwrap();
        let side = WriteSide::new(Arc::new(store.clone()), registry, ids.clone());
        Self { folder, store, side, clock, ids }
    }

    fn id<I: Id>(&self) -> I {
        I::from_uuid(self.ids.next_id())
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    async fn add<A: Aggregate>(&self, events: Vec<A::Event>) -> A {
        let unit = self.side.begin(Context::new(self.ids.next_id(), self.now()));
        let handle = unit.repository::<A>().add(events).unwrap();
        let (key, state) = (handle.key(), handle.state());
        unit.commit(key).await.unwrap();
        self.comes_back(&*state).await
    }

    /// Lets the aggregate decide, commits it, and answers what the store has then.
    async fn change<A: Aggregate, E: Debug>(
        &self,
        id: A::Id,
        decide: impl FnOnce(&A) -> Result<Vec<A::Event>, E>,
    ) -> A {
        let unit = self.side.begin(Context::new(self.ids.next_id(), self.now()));
        let handle = unit.repository::<A>().get(id).await.unwrap().unwrap();
        handle.execute(decide).unwrap();
        let state = handle.state();
        unit.commit(AggregateKey::of::<A>(id)).await.unwrap();
        self.comes_back(&*state).await
    }

    async fn comes_back<A: Aggregate>(&self, state: &A) -> A {
        let unit = self.side.begin(Context::new(self.ids.next_id(), self.now()));
        let stored = unit.repository::<A>().get(state.id()).await.unwrap().unwrap();
        assert_eq!(&*stored.state(), state);
        A::clone(&stored.state())
    }

    async fn load(&self, id: ListingId) -> Listing {
        let unit = self.side.begin(Context::new(self.ids.next_id(), self.now()));
        Listing::clone(&unit.repository::<Listing>().get(id).await.unwrap().unwrap().state())
    }

    async fn publish(&self, reserve: Option<i64>) -> ListingId {
        let draft = Draft {
            listing: self.id(),
            seller: self.id(),
            title: "Brass lamp".into(),
            description: "Old".into(),
            asking: euro(10),
            increment: euro(1),
            reserve: reserve.map(|cents| euro(cents).into()),
            ends_at: self.now().plus(Duration::from_secs(7 * 24 * 3_600)),
        };
        let listing: Listing = self.add(Listing::draft(draft).unwrap()).await;
        let now = self.now();
        self.change(listing.id(), |listing: &Listing| listing.revise("Lamp".into(), "Brass, old\r\n".into()))
            .await;
        self.change(listing.id(), |listing: &Listing| listing.publish(now)).await;
        listing.id()
    }

    async fn bid(&self, listing: ListingId, bidder: PartyId, ceiling: i64) -> Listing {
        let now = self.now();
        self.change(listing, |listing: &Listing| listing.place_bid(bidder, euro(ceiling), now)).await
    }
}

fn euro(cents: i64) -> Money {
    Money::new(cents, "EUR".parse().unwrap())
}

fn line(sku: &str, quantity: i64) -> Line {
    Line { sku: sku.into(), description: format!("{sku}, new").into(), quantity, unit_price: euro(250) }
}

#[tokio::test]
async fn a_listing_comes_back_after_everything_that_happens_to_one() {
    let market = Market::new();
    let sold = market.publish(Some(40)).await;
    let [one, two, three] = [market.id(), market.id(), market.id()];
    market.bid(sold, one, 30).await;
    market.bid(sold, two, 20).await;
    market.bid(sold, three, 60).await;
    market.bid(sold, two, 50).await;
    let now = market.now();
    let listing = market.change(sold, |listing: &Listing| listing.retract_bid(one, now)).await;
    assert_eq!(listing.bids().iter().map(|bid| bid.bidder).collect::<Vec<_>>(), [three, two]);
    let withdrawn = market.publish(None).await;
    let now = market.now();
    market.change(withdrawn, |listing: &Listing| listing.withdraw(now)).await;
    let unsold = market.publish(Some(1_000)).await;
    market.bid(unsold, one, 10).await;
    market.clock.advance(Duration::from_secs(8 * 24 * 3_600));
    let now = market.now();
    market.change(sold, |listing: &Listing| listing.close(now)).await;
    market.change(unsold, |listing: &Listing| listing.close(now)).await;
    assert_eq!(findings(&market.store).await, []);
}

#[tokio::test]
async fn an_order_comes_back_after_everything_that_happens_to_one() {
    let market = Market::new();
    let placement = || Placement {
        order: market.id(),
        customer: market.id(),
        lines: vec![line("b", 2), line("a", 1), line("c", 3)].into(),
        address: None,
    };
    let order: Order = market.add(Order::place(placement(), market.now()).unwrap()).await;
    let id: OrderId = order.id();
    market.change(id, |order: &Order| order.change_quantity("a", 7)).await;
    let order = market.change(id, |order: &Order| order.remove_line("b")).await;
    assert_eq!(order.lines().iter().map(|line| &*line.sku).collect::<Vec<_>>(), ["a", "c"]);
    let address = Address {
        name: "Ada".to_owned(),
        street: "Main Street 1".to_owned(),
        city: "London".to_owned(),
        country: "GB".to_owned(),
    };
    market.change(id, |order: &Order| order.set_address(address.clone())).await;
    market.change(id, Order::pay).await;
    market.change(id, |order: &Order| order.ship("T-1".into())).await;
    market.change(id, Order::deliver).await;
    let cancelled: Order = market.add(Order::place(placement(), market.now()).unwrap()).await;
    market.change(cancelled.id(), Order::cancel).await;
    assert_eq!(findings(&market.store).await, []);
}

#[tokio::test]
async fn what_is_removed_leaves_no_row() {
    let market = Market::new();
    let listing = market.publish(None).await;
    market.bid(listing, market.id(), 10).await;
    let unit = market.side.begin(Context::new(market.ids.next_id(), market.now()));
    let handle = unit.repository::<Listing>().get(listing).await.unwrap().unwrap();
    unit.repository::<Listing>().remove(&handle);
    unit.commit(handle.key()).await.unwrap();
    let mut conn = beside(&market.folder.path().join("store.db"));
    for table in ["listings", "listing_texts", "bids"] {
        assert_eq!(number(&mut conn, &format!("select count(*) as number from {table}")), 0, "{table}");
    }
    assert_eq!(findings(&market.store).await, []);
}

#[tokio::test]
async fn a_bid_writes_one_bid_and_one_listing_however_many_there_are() {
    let market = Market::new();
    let id = market.publish(None).await;
    let mut listing = market.load(id).await;
    let mut conn = beside(&market.folder.path().join("store.db"));
    conn.batch_execute("begin").unwrap();
    for number in 1..=500 {
        let events = listing.place_bid(market.id(), euro(10 * number + 10), market.now()).unwrap();
        events.iter().for_each(|event| listing.apply(event));
        let change =
            RowChange { state: &listing, events: &events, version: Version(number.cast_unsigned() + 3) };
        let before = total_changes(&mut conn);
        let mut rows = Rows::new();
        ListingMapper.update(&change, &mut rows);
        rows.write(&mut conn).unwrap();
        assert_eq!(total_changes(&mut conn) - before, 2, "rows written by bid {number}");
    }
    conn.batch_execute("commit").unwrap();
    assert_eq!(market.load(id).await, listing);
}

/// A page of a store is compared with another's a thousand aggregates at a time: each of them is not a statement.
#[tokio::test]
async fn the_rows_of_many_are_looked_for_in_few_statements_and_those_of_each_are_found() {
    type Children = <ListingMapper as Mapper>::Children;
    let market = Market::new();
    let mut ids = Vec::new();
    for number in 0..140 {
        let id = market.publish(None).await;
        for _ in 0..number % 3 {
            market.bid(id, market.id(), 1_000).await;
        }
        ids.push(id.uuid());
        // Nothing is there of these.
        ids.push(market.ids.next_id());
    }
    let mut conn = beside(&market.folder.path().join("store.db"));
    let statements = Arc::new(AtomicUsize::new(0));
    let counts = Arc::clone(&statements);
    conn.set_instrumentation(move |event: InstrumentationEvent<'_>| {
        if matches!(event, InstrumentationEvent::StartQuery { .. }) {
            counts.fetch_add(1, Ordering::Relaxed);
        }
    });
    // Two tables; 64 aggregates at once; few that are left over one by one.
    for (many, expected) in
        [(0, 0), (1, 2), (8, 16), (9, 2), (64, 2), (65, 4), (128, 4), (200, 22), (280, 10)]
    {
        let some = &ids[..many];
        statements.store(0, Ordering::Relaxed);
        let found = Children::load(&mut conn, some).unwrap();
        assert_eq!(statements.load(Ordering::Relaxed), expected, "{many}");
        assert_eq!(found.len(), many);
        for (index, (texts, bids)) in found.iter().enumerate() {
            let is_there = index % 2 == 0;
            assert_eq!(
                texts.iter().filter(|texts| texts.listing_id.uuid() == ids[index]).count(),
                usize::from(is_there)
            );
            assert!(bids.iter().all(|bid| bid.listing_id.uuid() == ids[index]));
            assert_eq!(bids.len(), if is_there { index / 2 % 3 } else { 0 }, "{many}: {index}");
        }
    }
}

fn total_changes(conn: &mut Conn) -> i64 {
    number(conn, "select total_changes() as number")
}

fn number(conn: &mut Conn, sql: &str) -> i64 {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        number: i64,
    }
    diesel::sql_query(sql).get_result::<Row>(conn).unwrap().number
}

#[tokio::test]
async fn a_listing_and_an_order_may_have_one_id() {
    let market = Market::new();
    let listing = market.publish(None).await;
    let order = OrderId::from_uuid(listing.uuid());
    let lines = vec![line("lamp", 1)].into();
    let placement = Placement { order, customer: market.id(), lines, address: None };
    let placed: Order = market.add(Order::place(placement, market.now()).unwrap()).await;
    market.change(order, |order: &Order| order.pay()).await;
    let listing = market.bid(listing, market.id(), 20).await;
    assert_eq!((listing.id().uuid(), placed.id().uuid()), (order.uuid(), order.uuid()));
    let key = AggregateKey::of::<Order>(order);
    let history = market.store.history(key, Version::ZERO, Until::Now, 10).await.unwrap();
    assert_eq!(history.iter().map(|event| event.version.get()).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(findings(&market.store).await, []);
}
