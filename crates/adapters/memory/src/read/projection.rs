//! The filling side of a read model in memory.

use std::sync::Arc;

use async_trait::async_trait;
use portolan_kernel::{Batch, Position, Projection, Projector, Result, View};
use tokio::sync::watch;

use super::Model;

/// Fills a read model in memory from the journal, as `P` says.
///
/// # Behaviour
/// A batch is applied under one lock: readers see all of it or nothing. What a batch costs is the events in it;
/// while readers hold a snapshot, also a copy of the chunks of rows that it changes, once a snapshot.
///
/// A projector that panics, or makes a row with another id than its target, leaves the view unavailable until it
/// is [reset](Projection::reset), because half of a batch must not be seen.
pub struct MemoryProjection<V: View, P> {
    name: String,
    model: Arc<Model<V>>,
    projector: P,
    announce: watch::Sender<Position>,
}

impl<V: View, P> MemoryProjection<V, P> {
    pub(super) const fn new(
        name: String,
        model: Arc<Model<V>>,
        projector: P,
        announce: watch::Sender<Position>,
    ) -> Self {
        Self { name, model, projector, announce }
    }
}

#[async_trait]
impl<V, P, E> Projection<E> for MemoryProjection<V, P>
where
    V: View,
    P: Projector<E, View = V>,
    E: Send + Sync,
{
    fn name(&self) -> &str {
        &self.name
    }

    async fn position(&self) -> Result<Position> {
        Ok(self.model.read()?.position())
    }

    async fn apply(&self, batch: Batch<'_, E>) -> Result<()> {
        let position = {
            let mut table = self.model.write()?;
            table.begin();
            // What the rows have already changes nothing, nor does it bring back a row that was removed since: nobody need
            // remember those.
            let had = table.position();
            for event in batch.events().iter().skip_while(|event| event.position <= had) {
                if let Some(id) = self.projector.target(event) {
                    let version = self.projector.version(event);
                    table.change(id, version, |row| self.projector.project(row, event))?;
                }
            }
            table.end(batch.to())
        };
        // Only now, so that whoever is woken finds the rows.
        self.announce.send_replace(position);
        Ok(())
    }

    async fn reset(&self) -> Result<()> {
        self.model.clear();
        self.announce.send_replace(Position::ZERO);
        Ok(())
    }
}

impl<V: View, P> std::fmt::Debug for MemoryProjection<V, P> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "MemoryProjection({} at {})", self.name, *self.announce.borrow())
    }
}
