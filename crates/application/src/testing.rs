//! Given these commands, when that one comes, then these events or that refusal: use cases on a store in memory.

use std::collections::{BTreeMap, HashMap};
use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context as Task, Poll, Waker};
use std::time::Duration;

use async_trait::async_trait;
use portolan_domain::{Listing, ListingId, Order, OrderId, PartyId, order};
use portolan_kernel::{
    AggregateKey, ChangeSet, CommandError, CommandHandler, Committed, Context, Decoder, Envelope, Error, Id,
    IdSource, Loaded, Money, Origin, Page, Position, Projector, Query, ReadRepository, Receipt, Recorded,
    RecordedOutcome, Result, Row, Selection, Specification, Timestamp, Version, View, WriteSide, WriteStore,
    check_expected,
};
use uuid::Uuid;

use crate::projections::{CustomerProjector, ListingProjector, OrderProjector, TotalsProjector};
use crate::wire::{MarketDecoder, MarketEvent, registry};
use crate::{Market, MarketCommand, Views};

/// A market in which these commands were accepted, all at the same time.
pub(crate) fn given(history: impl IntoIterator<Item = MarketCommand>) -> Fixture {
    let fixture = Fixture::default();
    for command in history {
        fixture.send(&command, at(0)).expect("the preparation is accepted");
    }
    fixture
}

/// A market on a store in memory.
pub(crate) struct Fixture {
    store: Arc<Store>,
    side: WriteSide,
}

impl Default for Fixture {
    fn default() -> Self {
        let store = Arc::new(Store::default());
        let side = WriteSide::new(Arc::clone(&store) as _, registry(), Arc::new(Counted::default()));
        Self { store, side }
    }
}

impl Fixture {
    pub(crate) fn when(self, command: impl Into<MarketCommand>) -> When {
        self.when_at(command, at(0))
    }

    pub(crate) fn when_at(self, command: impl Into<MarketCommand>, now: Timestamp) -> When {
        let before = self.store.last_position().get();
        let outcome = self.send(&command.into(), now);
        let events = self.events_after(before).into_iter().map(|recorded| recorded.event).collect();
        When { outcome, events }
    }

    pub(crate) fn send(&self, command: &MarketCommand, now: Timestamp) -> Result<Receipt, CommandError> {
        ready(async {
            let unit = self.side.begin(Context::new(Uuid::nil(), now));
            let decided = Market::new(no_rows()).handle(command, &unit).await;
            unit.finish(decided).await
        })
    }

    pub(crate) fn events(&self) -> Vec<Recorded<MarketEvent>> {
        self.events_after(0)
    }

    pub(crate) fn events_after(&self, position: u64) -> Vec<Recorded<MarketEvent>> {
        let journal = self.store.journal.lock().unwrap();
        journal.iter().skip(position as usize).map(recorded).collect()
    }

    pub(crate) fn rows(&self) -> Vec<Envelope> {
        self.store.journal.lock().unwrap().clone()
    }

    pub(crate) fn stored(&self, aggregate_type: &'static str, id: Uuid) -> Loaded {
        self.store.states.lock().unwrap()[&AggregateKey { aggregate_type, id }].clone()
    }

    pub(crate) fn listing(&self, id: ListingId) -> Option<Listing> {
        let unit = self.side.begin(Context::new(Uuid::nil(), at(0)));
        ready(unit.repository::<Listing>().get(id)).unwrap().map(|handle| (*handle.state()).clone())
    }

    pub(crate) fn order(&self, id: OrderId) -> Option<Order> {
        let unit = self.side.begin(Context::new(Uuid::nil(), at(0)));
        ready(unit.repository::<Order>().get(id)).unwrap().map(|handle| (*handle.state()).clone())
    }
}

#[must_use]
pub(crate) struct When {
    outcome: Result<Receipt, CommandError>,
    events: Vec<MarketEvent>,
}

impl When {
    #[track_caller]
    pub(crate) fn then(self, names: impl IntoIterator<Item = &'static str>) {
        assert!(self.outcome.is_ok(), "{:?}", self.outcome);
        let expected: Vec<_> = names.into_iter().collect();
        assert_eq!(self.events.iter().map(MarketEvent::name).collect::<Vec<_>>(), expected);
    }

    #[track_caller]
    pub(crate) fn then_refused(self, code: &str) {
        assert_eq!(self.events, []);
        match self.outcome {
            Err(CommandError::Refused(refusal)) => assert_eq!(refusal.code, code),
            other => panic!("expected the refusal {code}, got {other:?}"),
        }
    }
}

/// The result of a future that never waits.
pub(crate) fn ready<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Task::from_waker(Waker::noop())) {
        Poll::Ready(result) => result,
        Poll::Pending => panic!("nothing here waits"),
    }
}

pub(crate) fn at(seconds: i64) -> Timestamp {
    let start: Timestamp = "2026-01-02T00:00:00Z".parse().unwrap();
    Timestamp::from_micros(start.as_micros() + seconds * 1_000_000)
}

pub(crate) fn eur(amount: i64) -> Money {
    Money::new(amount, "EUR".parse().unwrap())
}

pub(crate) fn party(number: u128) -> PartyId {
    PartyId::from_uuid(Uuid::from_u128(number))
}

/// The listing of the tests.
pub(crate) fn lamp() -> ListingId {
    ListingId::from_uuid(Uuid::from_u128(100))
}

/// The order of the tests.
pub(crate) fn basket() -> OrderId {
    OrderId::from_uuid(Uuid::from_u128(200))
}

/// A draft of the lamp by party 1: asking 10, increment 1, ending after two days.
pub(crate) fn draft() -> crate::listings::DraftListing {
    crate::listings::DraftListing {
        listing: lamp(),
        seller: party(1),
        title: "a lamp".into(),
        description: "brass".into(),
        asking: eur(10),
        increment: eur(1),
        reserve: None,
        ends_at: at(2 * 24 * 60 * 60),
    }
}

/// A bid on the lamp.
pub(crate) fn bid(bidder: u128, ceiling: i64) -> MarketCommand {
    crate::listings::PlaceBid { listing: lamp(), bidder: party(bidder), ceiling: eur(ceiling).into() }.into()
}

/// The lamp, drafted and published.
pub(crate) fn published() -> [MarketCommand; 2] {
    [draft().into(), crate::listings::PublishListing { listing: lamp() }.into()]
}

/// An order by party 2: two lamps at 10 and one vase at 5.
pub(crate) fn placement() -> crate::orders::PlaceOrder {
    let line = |sku: &str, quantity, price| order::Line {
        sku: sku.into(),
        description: sku.into(),
        quantity,
        unit_price: eur(price),
    };
    crate::orders::PlaceOrder {
        order: basket(),
        customer: party(2),
        lines: [line("lamp", 2, 10), line("vase", 1, 5)].into(),
        address: Some(address("Berlin", "DE")),
    }
}

pub(crate) fn address(city: &str, country: &str) -> order::Address {
    let [name, street] = ["Ann", "1 pewter street"].map(str::to_owned);
    order::Address { name, street, city: city.to_owned(), country: country.to_owned() }
}

/// What a projector makes of these events.
pub(crate) fn project<P: Projector<MarketEvent>>(
    projector: &P,
    events: &[Recorded<MarketEvent>],
) -> BTreeMap<<P::View as View>::Id, P::View> {
    let mut rows = BTreeMap::new();
    for event in events {
        let Some(id) = projector.target(event) else { continue };
        let mut row = rows.remove(&id);
        projector.project(&mut row, event);
        rows.extend(row.map(|row| (id, row)));
    }
    rows
}

/// A market in which the lamp is published and the basket placed, with its views filled.
pub(crate) fn projected() -> Market {
    let fixture = given(published().into_iter().chain([placement().into()]));
    let events = fixture.events();
    Market::new(Views {
        listings: Arc::new(Rows(project(&ListingProjector, &events))),
        orders: Arc::new(Rows(project(&OrderProjector, &events))),
        customers: Arc::new(Rows(project(&CustomerProjector, &events))),
        totals: Arc::new(Rows(project(&TotalsProjector, &events))),
    })
}

fn no_rows() -> Views {
    Views {
        listings: Arc::new(Rows(BTreeMap::new())),
        orders: Arc::new(Rows(BTreeMap::new())),
        customers: Arc::new(Rows(BTreeMap::new())),
        totals: Arc::new(Rows(BTreeMap::new())),
    }
}

/// A read model in memory, at position 3.
struct Rows<V: View>(BTreeMap<V::Id, V>);

#[async_trait]
impl<V: View> ReadRepository<V> for Rows<V> {
    async fn get(&self, id: &V::Id) -> Result<Option<Row<V>>> {
        let view = self.0.get(id).cloned();
        Ok(view.map(|view| Row { view: Arc::new(view), version: Version(1) }))
    }

    async fn find(&self, query: &Query<V>) -> Result<Page<V>> {
        let rows = self.0.values().filter(|view| query.criteria.is_satisfied_by(view));
        let rows: Vec<_> =
            rows.map(|view| Row { view: Arc::new(view.clone()), version: Version(1) }).collect();
        let count = query.is_counted.then_some(rows.len() as u64);
        Ok(Page { rows, next: None, position: Position(3), count })
    }

    async fn count(&self, criteria: &Specification<V>) -> Result<u64> {
        Ok(self.0.values().filter(|view| criteria.is_satisfied_by(view)).count() as u64)
    }

    async fn position(&self) -> Result<Position> {
        Ok(Position(3))
    }

    async fn wait_for(&self, position: Position, _patience: Duration) -> Result<Position> {
        let have = Position(3);
        if have < position { Err(Error::Stale { have, want: position }) } else { Ok(have) }
    }
}

fn recorded(row: &Envelope) -> Recorded<MarketEvent> {
    Recorded {
        position: row.position,
        event_id: row.event_id,
        aggregate_id: row.aggregate_id,
        version: row.version,
        occurred_at: row.occurred_at,
        recorded_at: row.recorded_at,
        metadata: row.metadata.clone(),
        event: MarketDecoder.decode(row).unwrap(),
    }
}

#[derive(Default)]
struct Counted(AtomicU64);

impl IdSource for Counted {
    fn next_id(&self) -> Uuid {
        Uuid::from_u128(u128::from(self.0.fetch_add(1, Ordering::Relaxed)) + (1 << 64))
    }
}

/// States and journal in memory.
#[derive(Default)]
struct Store {
    states: Mutex<HashMap<AggregateKey, Loaded>>,
    journal: Mutex<Vec<Envelope>>,
}

#[async_trait]
impl WriteStore for Store {
    async fn load(&self, key: AggregateKey) -> Result<Option<Loaded>> {
        Ok(self.states.lock().unwrap().get(&key).cloned())
    }

    async fn select(&self, _selection: Selection<'_>) -> Result<Vec<Loaded>> {
        Ok(Vec::new())
    }

    async fn commit(&self, change_set: ChangeSet) -> Result<Committed> {
        let (mut states, mut journal) = (self.states.lock().unwrap(), self.journal.lock().unwrap());
        for change in &change_set.changes {
            let current = states.get(&change.key).map(|loaded| loaded.version);
            check_expected(change.key, change.expected, current, !change.events.is_empty())?;
        }
        let mut versions = Vec::new();
        for change in &change_set.changes {
            let mut version = states.get(&change.key).map_or(Version::ZERO, |loaded| loaded.version);
            for event in &change.events {
                version = version.plus(1);
                let position = Position(journal.len() as u64 + 1);
                journal.push(Envelope {
                    position,
                    commit_position: position,
                    event_id: event.event_id,
                    aggregate_type: change.key.aggregate_type.to_owned(),
                    aggregate_id: change.key.id,
                    version,
                    event_type: event.event_type.to_owned(),
                    schema_version: event.schema_version,
                    payload: event.payload.clone(),
                    metadata: change_set.metadata.to_string(),
                    occurred_at: change_set.occurred_at,
                    recorded_at: change_set.occurred_at,
                });
            }
            let state = change.state.clone().expect("nothing is removed here");
            states.insert(change.key, Loaded { id: change.key.id, version, state, origin: Origin::Stored });
            versions.push(version);
        }
        let outcome = change_set.outcome(&versions, Position(journal.len() as u64));
        Ok(Committed::Done { outcome, versions })
    }

    async fn outcome(&self, _command_id: Uuid) -> Result<Option<RecordedOutcome>> {
        Ok(None)
    }

    fn last_position(&self) -> Position {
        Position(self.journal.lock().unwrap().len() as u64)
    }
}
