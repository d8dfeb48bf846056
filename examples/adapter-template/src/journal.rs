//! Every event in the order of commits, for whoever follows.

use async_trait::async_trait;
use portolan_kernel::{AggregateKey, Envelope, Journal, Position, Result, Until, Version};

use crate::Store;

#[async_trait]
impl Journal for Store {
    async fn read(&self, _after: Position, _limit: usize) -> Result<Vec<Envelope>> {
        self.unsupported("read")
    }

    async fn head(&self) -> Result<Position> {
        self.unsupported("head")
    }

    async fn history(
        &self,
        _key: AggregateKey,
        _after: Version,
        _until: Until,
        _limit: usize,
    ) -> Result<Vec<Envelope>> {
        self.unsupported("history")
    }

    async fn changed(&self, _after: Position) -> Result<Position> {
        self.unsupported("changed")
    }
}
