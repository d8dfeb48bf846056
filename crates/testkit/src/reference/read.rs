//! The reference read model: a map behind a lock, sorted anew for every question.

use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use portolan_kernel::{
    Batch, Error, Page, Position, Projection, Projector, Query, ReadRepository, Recorded, Result, Row,
    Specification, Version, View,
};
use tokio::sync::watch;

use crate::counter::{CounterEvent, CounterProjector, CounterView};
use crate::specimen::{Specimen, SpecimenEvent, SpecimenProjector};
use crate::{ReadHarness, ReadModel};

/// A read model that does what its ports say: of counters, unless it says otherwise. Clones are the same model.
pub struct ReferenceModel<P: Projector<E> = CounterProjector, E = CounterEvent> {
    name: &'static str,
    projector: Arc<P>,
    pub(crate) rows: Arc<Mutex<Rows<P::View>>>,
    announced: watch::Sender<Position>,
    event: PhantomData<fn(&E)>,
}

/// The rows of a model, and how far it is.
pub(crate) struct Rows<V: View = CounterView> {
    pub(crate) by_id: BTreeMap<V::Id, (Version, V)>,
    pub(crate) position: Position,
}

impl<V: View> Default for Rows<V> {
    fn default() -> Self {
        Self { by_id: BTreeMap::new(), position: Position::ZERO }
    }
}

impl<V: View> Clone for Rows<V> {
    fn clone(&self) -> Self {
        Self { by_id: self.by_id.clone(), position: self.position }
    }
}

impl<P: Projector<E>, E> Clone for ReferenceModel<P, E> {
    fn clone(&self) -> Self {
        Self {
            name: self.name,
            projector: Arc::clone(&self.projector),
            rows: Arc::clone(&self.rows),
            announced: self.announced.clone(),
            event: PhantomData,
        }
    }
}

impl ReferenceModel {
    /// An empty model of counters.
    #[must_use]
    pub fn new(name: &'static str) -> Self {
        Self::filled_by(name, CounterProjector)
    }
}

impl<P: Projector<E>, E> ReferenceModel<P, E> {
    /// An empty model.
    #[must_use]
    pub fn filled_by(name: &'static str, projector: P) -> Self {
        Self {
            name,
            projector: Arc::new(projector),
            rows: Arc::default(),
            announced: watch::Sender::new(Position::ZERO),
            event: PhantomData,
        }
    }

    pub(crate) fn look(&self) -> MutexGuard<'_, Rows<P::View>> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says how far the model is now.
    pub(crate) fn announce(&self) {
        self.announced.send_replace(self.look().position);
    }
}

impl<P: Projector<E>, E> std::fmt::Debug for ReferenceModel<P, E> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("ReferenceModel").field(&self.name).finish()
    }
}

impl<V: View> Rows<V> {
    /// Takes one event over, unless it was taken over before.
    pub(crate) fn take<E>(&mut self, projector: &impl Projector<E, View = V>, event: &Recorded<E>) {
        let Some(id) = projector.target(event) else { return };
        let version = projector.version(event);
        if self.by_id.get(&id).is_some_and(|(current, _)| version <= *current) {
            return;
        }
        let mut row = self.by_id.remove(&id).map(|(_, view)| view);
        projector.project(&mut row, event);
        if let Some(view) = row {
            self.by_id.insert(id, (version, view));
        }
    }
}

#[async_trait]
impl<P: Projector<E>, E: Send + Sync + 'static> ReadRepository<P::View> for ReferenceModel<P, E> {
    async fn get(&self, id: &<P::View as View>::Id) -> Result<Option<Row<P::View>>> {
        let rows = self.look();
        Ok(rows.by_id.get(id).map(|(version, view)| Row { view: Arc::new(view.clone()), version: *version }))
    }

    async fn find(&self, query: &Query<P::View>) -> Result<Page<P::View>> {
        let checked = query.checked()?;
        let rows = self.look().clone();
        if let Some(want) = query.at_least.filter(|want| *want > rows.position) {
            return Err(Error::Stale { have: rows.position, want });
        }
        let mut found: Vec<_> = rows.by_id.into_values().collect();
        found.retain(|(_, view)| query.criteria.is_satisfied_by(view));
        let count = query.is_counted.then_some(found.len() as u64);
        found.retain(|(_, view)| checked.is_behind_start(view));
        found.sort_by(|(_, left), (_, right)| checked.order(left, right));
        let more = checked.rows.is_some_and(|rows| found.len() > rows);
        found.truncate(checked.rows.unwrap_or(usize::MAX));
        let next = found.last().filter(|_| more).map(|(_, last)| checked.cursor_behind(last));
        let row = |(version, view)| Row { view: Arc::new(view), version };
        Ok(Page { rows: found.into_iter().map(row).collect(), next, position: rows.position, count })
    }

    async fn count(&self, criteria: &Specification<P::View>) -> Result<u64> {
        criteria.tree()?;
        let rows = self.look();
        Ok(rows.by_id.values().filter(|(_, view)| criteria.is_satisfied_by(view)).count() as u64)
    }

    async fn position(&self) -> Result<Position> {
        Ok(self.look().position)
    }

    async fn wait_for(&self, want: Position, patience: Duration) -> Result<Position> {
        let mut announced = self.announced.subscribe();
        let come = tokio::time::timeout(patience, announced.wait_for(|have| *have >= want)).await;
        match come {
            Ok(Ok(have)) => Ok(*have),
            _ => Err(Error::Stale { have: self.look().position, want }),
        }
    }
}

#[async_trait]
impl<P: Projector<E>, E: Send + Sync + 'static> Projection<E> for ReferenceModel<P, E> {
    fn name(&self) -> &str {
        self.name
    }

    async fn position(&self) -> Result<Position> {
        Ok(self.look().position)
    }

    async fn apply(&self, batch: Batch<'_, E>) -> Result<()> {
        {
            let mut rows = self.look();
            batch.events().iter().for_each(|event| rows.take(&*self.projector, event));
            rows.position = rows.position.max(batch.to());
        }
        self.announce();
        Ok(())
    }

    async fn reset(&self) -> Result<()> {
        *self.look() = Rows::default();
        self.announce();
        Ok(())
    }
}

/// Makes reference read models.
#[derive(Debug, Clone, Copy)]
pub struct ReferenceReadHarness;

#[async_trait]
impl ReadHarness for ReferenceReadHarness {
    async fn models(&self) -> Result<[ReadModel; 2]> {
        Ok(["counters", "others"].map(|name| {
            let model = Arc::new(ReferenceModel::new(name));
            ReadModel { repository: Arc::clone(&model) as _, projection: model }
        }))
    }

    async fn specimens(&self) -> Result<ReadModel<Specimen, SpecimenEvent>> {
        let model = Arc::new(ReferenceModel::filled_by("specimens", SpecimenProjector));
        Ok(ReadModel { repository: Arc::clone(&model) as _, projection: model })
    }
}
