//! No caller waits without end.

use std::time::Duration;

use async_trait::async_trait;
use portolan_kernel::{CommandError, Error, Receipt, Result};

use super::{CommandCall, CommandMiddleware, NextCommand, NextQuery, QueryCall, QueryMiddleware};

/// Ends a message that takes too long.
///
/// A command is answered [`Error::Unavailable`] with `outcome_unknown`: its change set may be with the store
/// already, which finishes what it was given. A query is answered plain [`Error::Unavailable`].
#[derive(Debug, Clone, Copy)]
pub struct Timeout {
    command: Duration,
    query: Duration,
}

impl Timeout {
    /// These bounds, for each command and each query.
    #[must_use]
    pub const fn new(command: Duration, query: Duration) -> Self {
        Self { command, query }
    }
}

#[async_trait]
impl CommandMiddleware for Timeout {
    async fn command(&self, call: CommandCall<'_>, next: NextCommand<'_>) -> Result<Receipt, CommandError> {
        tokio::time::timeout(self.command, next.run(call)).await.unwrap_or_else(|_| {
            let message = format!("the command `{}` took longer than {:?}", call.name, self.command);
            Err(Error::outcome_unknown(message).into())
        })
    }
}

#[async_trait]
impl QueryMiddleware for Timeout {
    async fn query(&self, call: QueryCall, next: NextQuery<'_>) -> Result<()> {
        tokio::time::timeout(self.query, next.run(call)).await.unwrap_or_else(|_| {
            let message = format!("the query `{}` took longer than {:?}", call.name, self.query);
            Err(Error::unavailable(message))
        })
    }
}
