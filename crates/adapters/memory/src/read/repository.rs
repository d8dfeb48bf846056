//! The answering side of a read model in memory.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use portolan_kernel::{Error, Page, Position, Query, ReadRepository, Result, Row, Specification, View};
use tokio::sync::watch;

use super::{Model, scan};

/// A read model in memory, as readers see it. Clones answer from the same rows.
///
/// # Behaviour
/// An answer is made from a snapshot: however long it takes, it does not hold up the writer, which copies the
/// few rows that it changes meanwhile. Long answers give way to other tasks as they go.
pub struct MemoryView<V: View> {
    model: Arc<Model<V>>,
    announced: watch::Receiver<Position>,
}

impl<V: View> MemoryView<V> {
    pub(super) const fn new(model: Arc<Model<V>>, announced: watch::Receiver<Position>) -> Self {
        Self { model, announced }
    }
}

#[async_trait]
impl<V: View> ReadRepository<V> for MemoryView<V> {
    async fn get(&self, id: &V::Id) -> Result<Option<Row<V>>> {
        let table = self.model.read()?;
        Ok(table.get(id).map(|(view, version)| Row { view: Arc::new(view.clone()), version }))
    }

    async fn find(&self, query: &Query<V>) -> Result<Page<V>> {
        let checked = query.checked()?;
        let rows = self.model.read()?.snapshot();
        if let Some(want) = query.at_least.filter(|want| *want > rows.position()) {
            return Err(Error::Stale { have: rows.position(), want });
        }
        Ok(scan::page(&rows, &checked).await)
    }

    async fn count(&self, criteria: &Specification<V>) -> Result<u64> {
        let tree = criteria.tree()?;
        let rows = self.model.read()?.snapshot();
        Ok(scan::count(&rows, tree).await)
    }

    async fn position(&self) -> Result<Position> {
        Ok(self.model.read()?.position())
    }

    async fn wait_for(&self, want: Position, patience: Duration) -> Result<Position> {
        let mut announced = self.announced.clone();
        let waited = tokio::time::timeout(patience, announced.wait_for(|have| *have >= want)).await;
        match waited {
            Ok(Ok(have)) => Ok(*have),
            Ok(Err(_)) => Err(Error::Closed(format!("the view `{}`", V::NAME))),
            Err(_) => Err(Error::Stale { have: *self.announced.borrow(), want }),
        }
    }
}

impl<V: View> Clone for MemoryView<V> {
    fn clone(&self) -> Self {
        Self { model: Arc::clone(&self.model), announced: self.announced.clone() }
    }
}

impl<V: View> std::fmt::Debug for MemoryView<V> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "MemoryView({} at {})", V::NAME, *self.announced.borrow())
    }
}
