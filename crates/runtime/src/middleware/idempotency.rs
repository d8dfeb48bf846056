//! The same command twice at once: the second is told that the first is still running.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use portolan_kernel::{CommandError, Receipt, Result};
use uuid::Uuid;

use super::{CommandCall, CommandMiddleware, NextCommand};

/// Sets that commands are spread over, so that they seldom wait for each other's lock.
const SHARDS: usize = 16;

/// Answers [`CommandError::InProgress`] to a command whose repeat must give its first outcome, while that first one
/// runs in this process.
///
/// This is the cheap half of idempotency; the lasting half is the store's, which answers a repeat with the kept
/// outcome ([`WriteStore::commit`](portolan_kernel::WriteStore::commit)), across processes too. What is held here
/// is one id for each command that is running.
#[derive(Debug, Default)]
pub struct Idempotency {
    running: [Mutex<HashSet<Uuid>>; SHARDS],
}

impl Idempotency {
    /// None is running.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Marks the command as running until the answer is dropped; `None` where it runs already.
    fn enter(&self, command_id: Uuid) -> Option<Running<'_>> {
        let shard = &self.running[usize::from(command_id.as_bytes()[15]) % SHARDS];
        // Made only where it is entered: dropping one takes the id out again.
        lock(shard).insert(command_id).then(|| Running { shard, command_id })
    }
}

#[async_trait]
impl CommandMiddleware for Idempotency {
    async fn command(&self, call: CommandCall<'_>, next: NextCommand<'_>) -> Result<Receipt, CommandError> {
        if call.context.idempotency.is_none() {
            return next.run(call).await;
        }
        let command_id = call.context.command_id;
        let _running = self.enter(command_id).ok_or(CommandError::InProgress { command_id })?;
        next.run(call).await
    }
}

/// A command that is running; dropping it says that it is not.
struct Running<'a> {
    shard: &'a Mutex<HashSet<Uuid>>,
    command_id: Uuid,
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        lock(self.shard).remove(&self.command_id);
    }
}

fn lock(shard: &Mutex<HashSet<Uuid>>) -> MutexGuard<'_, HashSet<Uuid>> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}
