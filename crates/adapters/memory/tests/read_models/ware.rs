//! A small view to fill: wares with a name, a price and a stock.

use std::sync::Arc;

use portolan_kernel::{Batch, Money, Position, Projection, Projector, Recorded, Timestamp, Version, View};
use portolan_memory::{MemoryProjection, MemoryView};
use uuid::Uuid;

portolan_kernel::id_type! {
    /// One ware.
    pub(crate) struct WareId;
}

/// What can be bought.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Ware {
    pub(crate) id: WareId,
    pub(crate) name: Arc<str>,
    pub(crate) price: Option<Money>,
    pub(crate) stock: i64,
}

portolan_kernel::candidate! {
    /// The fields of a [`Ware`].
    pub(crate) mod ware: Ware {
        id: WareId [sortable],
        name: Arc<str> [sortable, searchable],
        price: Option<Money> [sortable],
        stock: i64 [sortable],
    }
}

impl View for Ware {
    const NAME: &'static str = "wares";
    type Id = WareId;

    fn id(&self) -> WareId {
        self.id
    }
}

/// What happens to wares.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Event {
    Offered {
        name: String,
        price: Option<Money>,
    },
    Counted(i64),
    /// Of no use to the view.
    Admired,
    Withdrawn,
    /// The projector cannot take this one.
    Cursed,
    /// Of something else.
    Rained,
}

pub(crate) struct Wares;

impl Projector<Event> for Wares {
    type View = Ware;

    fn target(&self, event: &Recorded<Event>) -> Option<WareId> {
        (event.event != Event::Rained).then(|| WareId::from(event.aggregate_id))
    }

    fn project(&self, row: &mut Option<Ware>, event: &Recorded<Event>) {
        match &event.event {
            Event::Offered { name, price } => {
                *row = Some(Ware {
                    id: WareId::from(event.aggregate_id),
                    name: name.as_str().into(),
                    price: *price,
                    stock: 0,
                });
            }
            Event::Counted(stock) => row.iter_mut().for_each(|ware| ware.stock += stock),
            Event::Withdrawn => *row = None,
            Event::Admired | Event::Rained => {}
            Event::Cursed => panic!("this projector was told to fail"),
        }
    }
}

/// A view that is filled by hand.
pub(crate) struct Shop {
    pub(crate) view: MemoryView<Ware>,
    pub(crate) projection: MemoryProjection<Ware, Wares>,
}

impl Shop {
    pub(crate) fn new() -> Self {
        let (view, projection) = portolan_memory::view("wares", Wares);
        Self { view, projection }
    }

    /// A shop with these wares, each at version 1; the last is at the position of their number.
    pub(crate) async fn with(wares: &[(&str, Option<Money>)]) -> Self {
        let shop = Self::new();
        let offered: Vec<_> = (1..)
            .zip(wares)
            .map(|(position, (name, price))| at(position, name, 1, offered(name, *price)))
            .collect();
        shop.apply(&offered).await;
        shop
    }

    pub(crate) async fn apply(&self, events: &[Recorded<Event>]) {
        let to = events.last().map_or(Position::ZERO, |last| last.position);
        self.projection.apply(Batch::new(events, to).unwrap()).await.unwrap();
    }
}

/// The id of the ware that is called so.
pub(crate) fn id(name: &str) -> WareId {
    WareId::derived(Uuid::nil(), name)
}

pub(crate) fn offered(name: &str, price: Option<Money>) -> Event {
    Event::Offered { name: name.to_owned(), price }
}

/// The event at this position: the ware's, at this version.
pub(crate) fn at(position: u64, name: &str, version: u64, event: Event) -> Recorded<Event> {
    Recorded {
        position: Position(position),
        event_id: Uuid::from_u128(u128::from(position)),
        aggregate_id: id(name).into(),
        version: Version(version),
        occurred_at: Timestamp::default(),
        recorded_at: Timestamp::default(),
        metadata: "{}".into(),
        event,
    }
}
