//! What readers see of counters: the kit's own view, with something of each kind to sort by.

use portolan_kernel::specification::Value;
use portolan_kernel::{Id as _, Money, Projector, Recorded, Result, StoredRow, StoredView, View, candidate};
use uuid::Uuid;

use super::{CounterEvent, CounterId, Event};

/// A row of the view of counters. It has no use for their moment and for the order of their lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CounterView {
    /// The counter.
    pub id: CounterId,
    /// Its text.
    pub text: String,
    /// How far it has counted.
    pub count: i64,
    /// Its price.
    pub price: Option<Money>,
    /// Who has its one place.
    pub place_taken_by: Option<Uuid>,
    /// How many lines it has.
    pub lines: i64,
}

candidate! {
    /// The fields of a [`CounterView`].
    pub mod counter_view: CounterView {
        id: CounterId [sortable],
        text: String [sortable, searchable],
        count: i64 [sortable],
        price: Option<Money> [sortable],
        place_taken_by: Option<Uuid> [sortable],
        lines: i64 [],
    }
}

impl View for CounterView {
    const NAME: &'static str = "counters";
    type Id = CounterId;

    fn id(&self) -> CounterId {
        self.id
    }
}

impl StoredView for CounterView {
    fn stored_id(id: &CounterId) -> Value {
        Value::Uuid(id.uuid())
    }

    fn restore(row: &mut dyn StoredRow) -> Result<Self> {
        Ok(Self {
            id: row.take(counter_view::id())?,
            text: row.take(counter_view::text())?,
            count: row.take(counter_view::count())?,
            price: row.take(counter_view::price())?,
            place_taken_by: row.take(counter_view::place_taken_by())?,
            lines: row.take(counter_view::lines())?,
        })
    }
}

/// Fills the view of counters.
#[derive(Debug, Clone, Copy)]
pub struct CounterProjector;

impl Projector<CounterEvent> for CounterProjector {
    type View = CounterView;

    fn target(&self, event: &Recorded<CounterEvent>) -> Option<CounterId> {
        Some(CounterId::from_uuid(event.aggregate_id))
    }

    fn project(&self, row: &mut Option<CounterView>, event: &Recorded<CounterEvent>) {
        match (&event.event, row) {
            (CounterEvent::Removed, row) => *row = None,
            (CounterEvent::Happened(Event::Opened(opened)), row) => {
                *row = Some(CounterView {
                    id: opened.id,
                    text: opened.text.clone(),
                    count: opened.count,
                    price: opened.price,
                    place_taken_by: None,
                    lines: 0,
                });
            }
            (CounterEvent::Happened(event), Some(row)) => row.follow(event),
            (CounterEvent::Happened(_), None) => {}
        }
    }
}

impl CounterView {
    fn follow(&mut self, event: &Event) {
        match event {
            Event::Incremented(incremented) => self.count = self.count.saturating_add(incremented.by),
            Event::TextSet(set) => self.text.clone_from(&set.text),
            Event::PriceSet(set) => self.price = set.price,
            Event::LineAdded(_) => self.lines += 1,
            Event::LineRemoved(_) => self.lines -= 1,
            Event::PlaceTaken(taken) => self.place_taken_by = Some(taken.by),
            Event::Opened(_) | Event::MomentSet(_) | Event::LinesReordered(_) => {}
        }
    }
}
