//! One read model: the side that answers, and the side that fills it.

use std::marker::PhantomData;
use std::time::Duration;

use async_trait::async_trait;
use portolan_kernel::{
    Batch, Page, Position, Projection, Projector, Query, ReadRepository, Result, Row, Specification,
    View as Rows,
};

use crate::Store;

/// A read model that this projector fills. Clones are the same.
pub struct View<P, E> {
    store: Store,
    name: String,
    projector: PhantomData<fn(&P, &E)>,
}

impl<P: Projector<E>, E> View<P, E> {
    /// The read model of this name in this store. What becomes of a row is for the projector to say: keep it.
    pub fn new(store: &Store, name: &str, _projector: P) -> Self {
        Self { store: store.clone(), name: name.to_owned(), projector: PhantomData }
    }
}

#[async_trait]
impl<P: Projector<E>, E: Send + Sync + 'static> ReadRepository<P::View> for View<P, E> {
    async fn get(&self, _id: &<P::View as Rows>::Id) -> Result<Option<Row<P::View>>> {
        self.store.unsupported("get")
    }

    async fn find(&self, _query: &Query<P::View>) -> Result<Page<P::View>> {
        self.store.unsupported("find")
    }

    async fn count(&self, _criteria: &Specification<P::View>) -> Result<u64> {
        self.store.unsupported("count")
    }

    async fn position(&self) -> Result<Position> {
        self.store.unsupported("position")
    }

    async fn wait_for(&self, _position: Position, _patience: Duration) -> Result<Position> {
        self.store.unsupported("wait_for")
    }
}

#[async_trait]
impl<P: Projector<E>, E: Send + Sync + 'static> Projection<E> for View<P, E> {
    fn name(&self) -> &str {
        &self.name
    }

    async fn position(&self) -> Result<Position> {
        self.store.unsupported("position")
    }

    async fn apply(&self, _batch: Batch<'_, E>) -> Result<()> {
        self.store.unsupported("apply")
    }

    async fn reset(&self) -> Result<()> {
        self.store.unsupported("reset")
    }
}
