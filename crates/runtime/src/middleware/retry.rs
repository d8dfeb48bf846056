//! Somebody else was faster: load again and decide again.

use async_trait::async_trait;
use portolan_kernel::{CommandError, Error, Receipt, Result};
use tracing::debug;

use super::{CommandCall, CommandMiddleware, NextCommand};
use crate::Backoff;

/// Decides a command again after a conflict, with a new unit of work, until the attempts are spent.
///
/// Nothing else is tried again: a refusal is an answer, and after "outcome unknown" only the caller knows whether
/// the command may be repeated. Where the caller named the version that it saw (`If-Match`) and that is what the
/// conflict is about, the command is decided once more and not oftener: the first decision may have been made on
/// a kept copy that is behind, the second is made on the store's.
#[derive(Debug, Clone, Copy)]
pub struct Retry {
    attempts: u32,
    backoff: Backoff,
}

impl Retry {
    /// At most this many attempts (at least one). The second and the third follow at once, those after them with these waits.
    #[must_use]
    pub const fn new(attempts: u32, backoff: Backoff) -> Self {
        Self { attempts, backoff }
    }
}

#[async_trait]
impl CommandMiddleware for Retry {
    async fn command(&self, call: CommandCall<'_>, next: NextCommand<'_>) -> Result<Receipt, CommandError> {
        let mut attempt = 1;
        loop {
            let outcome = next.run(CommandCall { attempts: attempt - 1, ..call }).await;
            let Err(CommandError::Failed(Error::Conflict { what, expected, actual })) = &outcome else {
                return outcome;
            };
            let attempts = if is_about_if_match(call, what, *expected) { 2 } else { self.attempts };
            if attempt >= attempts {
                return outcome;
            }
            debug!(attempt, expected, actual, "conflict: the command is decided again");
            // At once, the first two times: a store that told of the first conflict behind its commit may hold its next
            // transaction open for the one that is overtaken again.
            if attempt > 2 {
                tokio::time::sleep(self.backoff.wait(attempt - 2)).await;
            }
            attempt += 1;
        }
    }
}

/// Whether the version that the conflict speaks of is the one that the caller named.
fn is_about_if_match(call: CommandCall<'_>, what: &str, expected: u64) -> bool {
    call.context.if_match.is_some_and(|version| version.get() == expected)
        && call.target.is_some_and(|target| target.to_string() == what)
}
