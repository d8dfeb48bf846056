//! Views of parcels, which have a field of every kind: what SQL answers, against what memory says.

use std::sync::Arc;

use portolan_kernel::specification::{Embedded, Node, Value};
use portolan_kernel::{
    Batch, Candidate, Clock, Id as _, Index, PageRequest, Position, Projection, Projector, Query,
    ReadRepository, Recorded, Registry, Result, Sort, Specification, StoredRow, StoredView, Timestamp,
    Version, View,
};

use super::super::{Config, OpenMode, Store};
use super::layout::Layout;
use super::translate::Mistake;
use super::{SqlProjection, SqlView};
use crate::Mappers;
use crate::parcel::{Parcel, ParcelId, Stop, parcel, stop};

mod agreement;
mod handles;
mod plans;
mod saboteurs;
mod source;
mod texts;

type Parcels = Specification<Parcel>;

impl View for Parcel {
    const NAME: &'static str = "parcels";
    type Id = ParcelId;

    fn id(&self) -> ParcelId {
        self.id
    }

    fn indexes() -> Vec<Index<Self>> {
        vec![
            Index::ordered(parcel::id()),
            Index::ordered(parcel::weight()),
            Index::ordered(parcel::label()),
            Index::ordered(parcel::sent_at()),
            Index::ordered(parcel::postage().amount()),
            Index::hash(parcel::stage()),
            Index::hash(parcel::volume()),
            Index::words(parcel::label()),
            Index::hash_within(parcel::stops(), stop::city()),
            Index::words_within(parcel::stops(), stop::city()),
        ]
    }
}

impl StoredView for Parcel {
    fn stored_id(id: &ParcelId) -> Value {
        Value::Uuid(id.uuid())
    }

    fn restore(row: &mut dyn StoredRow) -> Result<Self> {
        let address: Option<Embedded> = row.take(parcel::address())?;
        let city: Option<String> = row.take(parcel::city())?;
        Ok(Self {
            id: row.take(parcel::id())?,
            fragile: row.take(parcel::fragile())?,
            weight: row.take(parcel::weight())?,
            volume: row.take(parcel::volume())?,
            label: row.take(parcel::label())?,
            stage: row.take(parcel::stage())?,
            sent_at: row.take(parcel::sent_at())?,
            postage: row.take(parcel::postage())?,
            // The country is no field, so no store keeps it.
            address: address.zip(city).map(|(_, city)| (city, String::new())),
            tags: row.take_list(parcel::tags())?,
            stops: row.take_each(parcel::stops(), |stop| {
                Ok(Stop { city: stop.take(stop::city())?, toll: stop.take(stop::toll())? })
            })?,
        })
    }
}

/// An event is the parcel as it is now.
#[derive(Debug, Clone, Copy)]
struct AsItIs;

impl Projector<Option<Parcel>> for AsItIs {
    type View = Parcel;

    fn target(&self, event: &Recorded<Option<Parcel>>) -> Option<ParcelId> {
        Some(ParcelId::from_uuid(event.aggregate_id))
    }

    fn version(&self, event: &Recorded<Option<Parcel>>) -> Version {
        Version(event.position.get())
    }

    fn project(&self, row: &mut Option<Parcel>, event: &Recorded<Option<Parcel>>) {
        row.clone_from(&event.event);
    }
}

#[derive(Debug)]
struct Midnight;

impl Clock for Midnight {
    fn now(&self) -> Timestamp {
        Timestamp::default()
    }
}

/// A view of parcels in memory, asked from where nothing is asynchronous.
struct Shelf {
    runtime: tokio::runtime::Runtime,
    view: SqlView<Parcel>,
    projection: SqlProjection<Parcel, AsItIs>,
    position: Position,
}

impl Shelf {
    fn new() -> Self {
        Self::bent(None)
    }

    /// A view whose translator makes a mistake.
    fn bent(mistake: Option<Mistake>) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let (registry, mappers) = (Registry::new(), Mappers::new());
        let store =
            Store::open(&Config::memory(), OpenMode::ReadWrite, &registry, &mappers, Arc::new(Midnight))
                .unwrap();
        let layout = Layout { mistake, ..Layout::of::<Parcel>("parcels").unwrap() };
        let (view, projection) = runtime.block_on(store.view_of(layout, 1, AsItIs)).unwrap();
        Self { runtime, view, projection, position: Position::ZERO }
    }

    /// Puts these on the shelf, or takes those away that are none any more.
    fn put(&mut self, parcels: impl IntoIterator<Item = (ParcelId, Option<Parcel>)>) {
        let events: Vec<_> = parcels
            .into_iter()
            .map(|(id, event)| {
                self.position = self.position.plus(1);
                Recorded {
                    position: self.position,
                    event_id: uuid::Uuid::from_u128(u128::from(self.position.get())),
                    aggregate_id: id.uuid(),
                    version: Version(self.position.get()),
                    occurred_at: Timestamp::default(),
                    recorded_at: Timestamp::default(),
                    metadata: String::new(),
                    event,
                }
            })
            .collect();
        let batch = Batch::new(&events, self.position).unwrap();
        self.runtime.block_on(self.projection.apply(batch)).unwrap();
    }

    /// These and no others.
    fn hold(&mut self, parcels: &[Parcel]) {
        self.runtime.block_on(Projection::<Option<Parcel>>::reset(&self.projection)).unwrap();
        self.position = Position::ZERO;
        self.put(parcels.iter().map(|parcel| (parcel.id, Some(parcel.clone()))));
    }

    fn find(&self, query: &Query<Parcel>) -> Result<(Vec<ParcelId>, Option<portolan_kernel::Cursor>)> {
        let page = self.runtime.block_on(self.view.find(query))?;
        Ok((page.rows.iter().map(|row| row.view.id).collect(), page.next))
    }

    /// The ids of all that satisfy it, in order.
    fn ids(&self, criteria: &Parcels) -> Result<Vec<ParcelId>> {
        let query = Query::new(criteria.clone()).page(PageRequest::everything());
        self.find(&query).map(|(ids, _)| ids)
    }

    fn count(&self, criteria: &Parcels) -> Result<u64> {
        self.runtime.block_on(self.view.count(criteria))
    }
}

/// What memory answers.
fn in_memory(parcels: &[Parcel], criteria: &Parcels, sort: &Sort<Parcel>) -> Vec<ParcelId> {
    let query = Query::new(criteria.clone()).sort(sort.clone());
    let checked = query.checked().unwrap();
    let mut rows: Vec<_> = parcels.iter().filter(|parcel| criteria.is_satisfied_by(parcel)).collect();
    rows.sort_by(|left, right| checked.order(*left, *right));
    rows.into_iter().map(|parcel| parcel.id).collect()
}

/// The specification in this text.
fn parsed(text: &str) -> Parcels {
    Parcels::parse(text).unwrap()
}

/// Gives each parcel an id of its own, and keeps of it what a store keeps.
fn numbered(parcels: Vec<Parcel>) -> Vec<Parcel> {
    let numbered = parcels.into_iter().zip(1_u128..).map(|(parcel, number)| Parcel {
        // In no order.
        id: uuid::Uuid::from_u128(number.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835)).into(),
        address: parcel.address.map(|(city, _)| (city, String::new())),
        ..parcel
    });
    numbered.collect()
}

/// The trees that a specification may have: few regular expressions.
fn is_allowed(node: &Node) -> bool {
    Parcels::from_tree(Node::or(vec![node.clone(), Node::not(node.clone())]))
        .is_ok_and(|both| both.tree().is_ok())
        && Parcel::schema().name == "Parcel"
}
