//! A read model that is not built into this program.

use std::time::Duration;

use async_trait::async_trait;
use portolan_kernel::{Error, Page, Position, Query, ReadRepository, Result, Row, Specification, View};

/// Answers every question with what would answer it.
pub(super) struct Absent;

impl Absent {
    fn refuse<T>() -> Result<T> {
        Err(Error::Unsupported(
            "no read model is built into this program: it needs the Cargo feature `memory`".to_owned(),
        ))
    }
}

#[async_trait]
impl<V: View> ReadRepository<V> for Absent {
    async fn get(&self, _: &V::Id) -> Result<Option<Row<V>>> {
        Self::refuse()
    }

    async fn find(&self, _: &Query<V>) -> Result<Page<V>> {
        Self::refuse()
    }

    async fn count(&self, _: &Specification<V>) -> Result<u64> {
        Self::refuse()
    }

    async fn position(&self) -> Result<Position> {
        Self::refuse()
    }

    async fn wait_for(&self, _: Position, _: Duration) -> Result<Position> {
        Self::refuse()
    }
}
