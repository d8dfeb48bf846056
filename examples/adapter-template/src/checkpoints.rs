//! How far subscriptions are.

use async_trait::async_trait;
use portolan_kernel::{
    Advance, Checkpoint, Checkpoints, Epoch, Position, Reset, Result, Status, SubscriptionId,
};

use crate::Store;

#[async_trait]
impl Checkpoints for Store {
    async fn get(&self, _subscription: &SubscriptionId) -> Result<Option<Checkpoint>> {
        self.unsupported("get")
    }

    async fn list(&self) -> Result<Vec<Checkpoint>> {
        self.unsupported("list")
    }

    async fn initialise(&self, _subscription: &SubscriptionId, _at: Position) -> Result<()> {
        self.unsupported("initialise")
    }

    async fn advance(&self, _advance: &Advance) -> Result<()> {
        self.unsupported("advance")
    }

    async fn reset(&self, _subscription: &SubscriptionId, _reset: &Reset) -> Result<Position> {
        self.unsupported("reset")
    }

    async fn set_status(&self, _subscription: &SubscriptionId, _status: Status) -> Result<()> {
        self.unsupported("set_status")
    }

    async fn stop(&self, _subscription: &SubscriptionId, _epoch: Epoch, _reason: String) -> Result<()> {
        self.unsupported("stop")
    }
}
