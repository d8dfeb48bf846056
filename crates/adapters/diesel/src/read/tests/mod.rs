//! Views of parcels, which have a field of every kind: what SQL answers, against what memory says.

use std::sync::Arc;

use portolan_kernel::{
    Batch, Id as _, PageRequest, Position, Projection, Query, ReadRepository, Recorded, Registry, Result,
    Timestamp, Version,
};

use super::super::{OpenMode, Store, trial};
use super::layout::Layout;
use super::translate::Mistake;
use super::{SqlProjection, SqlView};
use crate::Mappers;
use crate::parcel::{Parcel, ParcelId};
use crate::parcels::{AsItIs, Midnight, Parcels};

mod agreement;
mod bodies;
mod catching_up;
mod handles;
#[cfg(feature = "market")]
mod listing_plans;
mod long_texts;
mod pace;
mod plans;
mod saboteurs;
mod source;
mod texts;
mod words;

/// A view of parcels, asked from where nothing is asynchronous.
struct Shelf {
    runtime: tokio::runtime::Runtime,
    view: SqlView<Parcel>,
    projection: SqlProjection<Parcel, AsItIs>,
    position: Position,
    store: Store,
    _place: trial::Place,
}

impl Shelf {
    /// None where the engine's server is not there.
    fn new() -> Option<Self> {
        Self::bent(None)
    }

    /// A view whose translator makes a mistake.
    fn bent(mistake: Option<Mistake>) -> Option<Self> {
        let place = trial::place()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let (registry, mappers) = (Registry::new(), Mappers::new());
        let store =
            Store::open(&place.config, OpenMode::ReadWrite, &registry, &mappers, Arc::new(Midnight)).unwrap();
        let layout = Layout { mistake, ..Layout::of::<Parcel>("parcels").unwrap() };
        let (view, projection) = runtime.block_on(store.view_of(layout, 1, AsItIs)).unwrap();
        Some(Self { runtime, view, projection, position: Position::ZERO, store, _place: place })
    }

    /// Puts these on the shelf, or takes those away that are none any more.
    fn put(&mut self, parcels: impl IntoIterator<Item = (ParcelId, Option<Parcel>)>) {
        self.apply(parcels, true);
    }

    /// As [`put`](Self::put); more is to come unless these are the last for now.
    fn apply(&mut self, parcels: impl IntoIterator<Item = (ParcelId, Option<Parcel>)>, are_last: bool) {
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
        let batch = if are_last { batch.last() } else { batch };
        self.runtime.block_on(self.projection.apply(batch)).unwrap();
    }

    /// As before the first event.
    fn reset(&mut self) {
        self.runtime.block_on(Projection::<Option<Parcel>>::reset(&self.projection)).unwrap();
        self.position = Position::ZERO;
    }

    /// These and no others.
    fn hold(&mut self, parcels: &[Parcel]) {
        self.reset();
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
