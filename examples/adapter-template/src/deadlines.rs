//! What is to happen at a time, written in the transaction of the checkpoint that it follows from.

use async_trait::async_trait;
use portolan_kernel::{Advance, Deadline, DeadlineChange, Deadlines, Result, Timestamp};

use crate::Store;

#[async_trait]
impl Deadlines for Store {
    async fn apply(&self, _advance: &Advance, _changes: Vec<DeadlineChange>) -> Result<()> {
        self.unsupported("apply")
    }

    async fn due(&self, _process: &str, _now: Timestamp, _limit: usize) -> Result<Vec<Deadline>> {
        self.unsupported("due")
    }

    async fn next(&self, _process: &str) -> Result<Option<Timestamp>> {
        self.unsupported("next")
    }

    async fn complete(&self, _deadline: &Deadline) -> Result<()> {
        self.unsupported("complete")
    }
}
