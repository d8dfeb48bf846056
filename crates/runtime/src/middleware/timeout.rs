//! No caller waits without end.

use std::time::Duration;

use async_trait::async_trait;
use portolan_kernel::{CommandError, Error, Receipt, Result};

use super::{CommandCall, CommandMiddleware, NextCommand, NextQuery, QueryCall, QueryMiddleware};

/// Ends a message that takes too long.
///
/// A command whose change set is with the store is answered [`Error::Unavailable`] with `outcome_unknown`, for the
/// store finishes what it was given. One that still waits for its turn or for what it reads, and a query, is
/// answered plain [`Error::Unavailable`]: nothing of it was done.
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
            let submitted = next.is_submitted();
            Err(if submitted { Error::outcome_unknown(message) } else { Error::unavailable(message) }.into())
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
