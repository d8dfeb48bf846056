//! The answering side of a read model in memory.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use portolan_kernel::{
    Error, Explanation, Page, Position, Query, ReadRepository, Result, Row, Specification, View,
};
use tokio::sync::watch;

use super::table::Snapshot;
use super::{Model, scan};
use crate::plan::Plan;

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

    /// Builds every declared index that is not built yet. Without this each is built when a first question would
    /// have been served by it.
    ///
    /// # Errors
    /// [`Error::Unavailable`] where the view cannot be read.
    pub async fn build_indexes(&self) -> Result<()> {
        let declared = self.model.read()?.snapshot().declared;
        self.build(&(0..declared.indexes.len()).collect::<Vec<_>>()).await
    }

    /// How many rows satisfy the criteria, by a look at every row: what an index is measured against.
    ///
    /// # Errors
    /// As [`count`](ReadRepository::count).
    pub async fn scan_count(&self, criteria: &Specification<V>) -> Result<u64> {
        let tree = criteria.tree()?;
        let snapshot = self.model.read()?.snapshot();
        Ok(scan::count(snapshot.rows.parts(), tree).await)
    }

    /// Each index that is built, in words, with the bytes that it takes.
    ///
    /// # Errors
    /// [`Error::Unavailable`] where the view cannot be read.
    pub fn index_sizes(&self) -> Result<Vec<(String, usize)>> {
        Ok(self.model.read()?.snapshot().sizes().collect())
    }

    /// Builds these, and waits until they are there, whoever builds them.
    async fn build(&self, indexes: &[usize]) -> Result<()> {
        let mut told = self.model.indexed.subscribe();
        for index in indexes {
            let (model, index) = (Arc::clone(&self.model), *index);
            drop(tokio::task::spawn_blocking(move || model.build(index)));
        }
        loop {
            told.borrow_and_update();
            let snapshot = self.model.read()?.snapshot();
            if indexes.iter().all(|index| snapshot.built(*index).is_some()) {
                return Ok(());
            }
            if told.changed().await.is_err() {
                return Err(Error::Closed(format!("the view `{}`", V::NAME)));
            }
        }
    }

    /// Sets about building what would have served; this question does not wait for it.
    fn build_later(&self, snapshot: &Snapshot<V>, indexes: &[usize]) {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        for index in indexes.iter().filter(|index| snapshot.declared.is_first_to_want(**index)) {
            let (model, index) = (Arc::clone(&self.model), *index);
            drop(runtime.spawn_blocking(move || model.build(index)));
        }
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
        let snapshot = self.model.read()?.snapshot();
        let have = snapshot.rows.position();
        if let Some(want) = query.at_least.filter(|want| *want > have) {
            return Err(Error::Stale { have, want });
        }
        let plan = Plan::of(&snapshot, &checked);
        self.build_later(&snapshot, &plan.missing);
        let page = plan.page(&snapshot, &checked).await;
        let count = match query.is_counted {
            true => Some(Plan::to_rows(&snapshot, checked.tree).count(&snapshot).await),
            false => None,
        };
        Ok(Page { count, ..page })
    }

    async fn count(&self, criteria: &Specification<V>) -> Result<u64> {
        let tree = criteria.tree()?;
        let snapshot = self.model.read()?.snapshot();
        let plan = Plan::to_rows(&snapshot, tree);
        self.build_later(&snapshot, &plan.missing);
        Ok(plan.count(&snapshot).await)
    }

    async fn explain(&self, query: &Query<V>) -> Result<Explanation> {
        let checked = query.checked()?;
        // What a question that comes again is answered by: each round may find out that more would serve.
        loop {
            let snapshot = self.model.read()?.snapshot();
            let plan = Plan::of(&snapshot, &checked);
            if plan.missing.is_empty() {
                return Ok(plan.explanation(&snapshot, &checked));
            }
            self.build(&plan.missing).await?;
        }
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
