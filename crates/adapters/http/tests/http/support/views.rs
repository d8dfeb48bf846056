//! Read models that are filled when the test says so.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use portolan_application::wire::{MarketDecoder, MarketEvent};
use portolan_kernel::{
    Decoder, Envelope, Error, Page, Position, Projector, Query, ReadRepository, Recorded, Result, Row,
    Specification, View,
};
use tokio::sync::watch;

type Table<V> = BTreeMap<<V as View>::Id, Row<V>>;

pub(crate) struct Rows<P: Projector<MarketEvent>> {
    projector: P,
    rows: Mutex<Table<P::View>>,
    position: watch::Sender<Position>,
}

impl<P: Projector<MarketEvent>> Rows<P> {
    pub(crate) fn new(projector: P) -> Self {
        Self { projector, rows: Mutex::default(), position: watch::Sender::new(Position::ZERO) }
    }

    /// Takes over those of these rows of the journal that it has not seen.
    pub(crate) fn fill(&self, journal: &[Envelope]) {
        let seen = *self.position.borrow();
        for envelope in journal.iter().filter(|envelope| envelope.position > seen) {
            let event = recorded(envelope);
            let Some(id) = self.projector.target(&event) else { continue };
            let mut rows = self.rows.lock().unwrap();
            let mut view = rows.get(&id).map(|row| (*row.view).clone());
            self.projector.project(&mut view, &event);
            match view {
                Some(view) => {
                    rows.insert(id, Row { view: Arc::new(view), version: self.projector.version(&event) })
                }
                None => rows.remove(&id),
            };
        }
        if let Some(last) = journal.last() {
            self.position.send_replace(last.position);
        }
    }
}

#[async_trait]
impl<P: Projector<MarketEvent>> ReadRepository<P::View> for Rows<P> {
    async fn get(&self, id: &<P::View as View>::Id) -> Result<Option<Row<P::View>>> {
        Ok(self.rows.lock().unwrap().get(id).cloned())
    }

    async fn find(&self, query: &Query<P::View>) -> Result<Page<P::View>> {
        let checked = query.checked()?;
        let position = *self.position.borrow();
        if let Some(want) = query.at_least.filter(|want| *want > position) {
            return Err(Error::Stale { have: position, want });
        }
        let mut rows: Vec<_> = self.rows.lock().unwrap().values().cloned().collect();
        rows.retain(|row| query.criteria.is_satisfied_by(&row.view));
        let count = query.is_counted.then_some(rows.len() as u64);
        rows.retain(|row| checked.is_behind_start(&*row.view));
        rows.sort_by(|left, right| checked.order(&*left.view, &*right.view));
        let limit = checked.rows.unwrap_or(usize::MAX);
        let next = (rows.len() > limit).then(|| checked.cursor_behind(&*rows[limit - 1].view));
        rows.truncate(limit);
        Ok(Page { rows, next, position, count })
    }

    async fn count(&self, criteria: &Specification<P::View>) -> Result<u64> {
        let rows = self.rows.lock().unwrap();
        Ok(rows.values().filter(|row| criteria.is_satisfied_by(&row.view)).count() as u64)
    }

    async fn position(&self) -> Result<Position> {
        Ok(*self.position.borrow())
    }

    async fn wait_for(&self, position: Position, patience: Duration) -> Result<Position> {
        let mut reached = self.position.subscribe();
        let reached = tokio::time::timeout(patience, reached.wait_for(|reached| *reached >= position)).await;
        match reached {
            Ok(reached) => Ok(*reached.map_err(|_| Error::Closed("the view".to_owned()))?),
            Err(_) => Err(Error::Stale { have: *self.position.borrow(), want: position }),
        }
    }
}

fn recorded(envelope: &Envelope) -> Recorded<MarketEvent> {
    Recorded {
        position: envelope.position,
        event_id: envelope.event_id,
        aggregate_id: envelope.aggregate_id,
        version: envelope.version,
        occurred_at: envelope.occurred_at,
        recorded_at: envelope.recorded_at,
        metadata: envelope.metadata.clone(),
        event: MarketDecoder.decode(envelope).unwrap(),
    }
}
