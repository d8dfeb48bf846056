//! What can go wrong in a subscription, and how often it may.

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

use portolan_kernel::{CommandError, Error};
use tracing::warn;

use super::settings::Settings;
use super::status::{Board, SubscriptionState};
use super::stop::Stop;

/// Why an event is not done.
#[derive(Debug)]
pub(crate) enum Failure {
    /// It may go well the next time; each time counts.
    Again(String),
    /// There was no room or no turn for it now, or the store is away: that passes by itself and does not count.
    Later(String),
    /// It will never go well.
    Never(String),
    /// Another process owns the subscription by now.
    Fenced,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            // Also with an unknown outcome: what is sent again is answered its first outcome, or has no effect.
            Error::Full(_) | Error::Unavailable { .. } => Self::Later(error.to_string()),
            Error::Fenced(_) => Self::Fenced,
            _ => Self::Again(error.to_string()),
        }
    }
}

impl From<CommandError> for Failure {
    fn from(error: CommandError) -> Self {
        match error {
            CommandError::Failed(error) => error.into(),
            CommandError::InProgress { .. } => Self::Later(error.to_string()),
            CommandError::Refused(refusal) => {
                // The refusal is kept under the command's id, so that a repeat would answer it again.
                Self::Never(format!("refused with `{}`: {}", refusal.code, refusal.message))
            }
            CommandError::Reused { .. } => Self::Never(error.to_string()),
        }
    }
}

/// Why a subscription goes no further.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Halt {
    /// The engine ends.
    Shutdown,
    /// The attempts are spent, or none can help.
    Stopped(String),
    /// Another process owns the subscription by now.
    Fenced,
}

/// Counts failures in a row, and waits after each.
pub(crate) struct Attempts<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) board: &'a Board,
    pub(crate) stop: &'a Stop,
    failures: u32,
    delays: u32,
}

impl<'a> Attempts<'a> {
    pub(crate) fn new(settings: &'a Settings, board: &'a Board, stop: &'a Stop) -> Self {
        Self { settings, board, stop, failures: 0, delays: 0 }
    }

    /// Something went well: the count begins anew.
    pub(crate) fn went_well(&mut self) {
        (self.failures, self.delays) = (0, 0);
    }

    /// Waits before the next attempt, where there is to be one.
    ///
    /// # Errors
    /// The halt, where there is none.
    pub(crate) async fn failed(&mut self, failure: Failure) -> Result<(), Halt> {
        self.delays = self.delays.saturating_add(1);
        let reason = match failure {
            Failure::Later(reason) => reason,
            Failure::Never(reason) => return Err(Halt::Stopped(reason)),
            Failure::Fenced => return Err(Halt::Fenced),
            Failure::Again(reason) => {
                self.failures += 1;
                if self.failures >= self.settings.attempts {
                    return Err(Halt::Stopped(reason));
                }
                reason
            }
        };
        warn!(subscription = %self.board.id(), failures = self.delays, reason, "trying again");
        self.board.set(SubscriptionState::Retrying { failures: self.delays, reason });
        tokio::select! {
            () = tokio::time::sleep(self.settings.backoff.wait(self.delays)) => Ok(()),
            () = self.stop.requested() => Err(Halt::Shutdown),
        }
    }
}

/// Runs the work, and makes a failure of a panic. What the panic says stays in the panic hook's output: it may hold
/// what no log may.
pub(crate) async fn caught<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let mut work = pin!(work);
    poll_fn(|context| {
        catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(context)))
            .unwrap_or_else(|_| Poll::Ready(Err(Failure::Again("it panicked".to_owned()))))
    })
    .await
}
