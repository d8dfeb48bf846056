//! What every subscription does: take the next batch, hand it to its consumer, try again what fails.

use std::sync::Arc;

use async_trait::async_trait;
use portolan_kernel::{Error, Position};
use tracing::error;

use super::attempt::{Attempts, Failure, Halt, caught};
use super::feed::{Decoded, Feed};
use super::settings::Settings;
use super::status::{Board, SubscriptionState};
use super::stop::Stop;

/// What a subscription does with events.
#[async_trait]
pub(crate) trait Consumer<E>: Send + Sync + 'static {
    /// Takes the events behind `done` over, and moves `done` on as they are done: also where it fails after some.
    /// It may leave off in between when `stop` is requested.
    async fn consume(&mut self, batch: &Decoded<E>, done: &mut Position, stop: &Stop) -> Result<(), Failure>;
}

/// A subscription on its way through the journal.
pub(crate) struct Follower<E> {
    pub(crate) feed: Arc<Feed<E>>,
    pub(crate) board: Board,
    pub(crate) settings: Settings,
    pub(crate) stop: Stop,
}

impl<E> Clone for Follower<E> {
    fn clone(&self) -> Self {
        Self {
            feed: Arc::clone(&self.feed),
            board: self.board.clone(),
            settings: self.settings,
            stop: self.stop.clone(),
        }
    }
}

impl<E: Send + Sync + 'static> Follower<E> {
    /// The next batch; waits for one. A journal that cannot be reached is waited for without end.
    pub(crate) async fn next(&self, after: Position) -> Result<Arc<Decoded<E>>, Halt> {
        let mut attempts = Attempts::new(&self.settings, &self.board, &self.stop);
        let mut was_away = false;
        loop {
            let next = tokio::select! {
                biased;
                () = self.stop.requested() => return Err(Halt::Shutdown),
                next = self.try_next(after, was_away) => next,
            };
            let failure: Failure = match next {
                Ok(batch) => return Ok(batch),
                Err(Error::Closed(_)) => return Err(Halt::Shutdown),
                Err(error) => error.into(),
            };
            was_away = matches!(failure, Failure::Later(_));
            attempts.failed(failure).await?;
        }
    }

    /// The next batch. After a journal that `was_away` it is asked first whether it is back: there may be no next event
    /// for long that would show it.
    async fn try_next(&self, after: Position, was_away: bool) -> portolan_kernel::Result<Arc<Decoded<E>>> {
        if was_away {
            self.feed.journal.head().await?;
            self.board.set(SubscriptionState::Running);
        }
        self.feed.next(after).await
    }

    /// Hands the batch to the consumer until it is done, or the attempts are spent.
    pub(crate) async fn take(
        &self,
        batch: &Decoded<E>,
        done: &mut Position,
        consumer: &mut dyn Consumer<E>,
    ) -> Result<(), Halt> {
        let mut attempts = Attempts::new(&self.settings, &self.board, &self.stop);
        loop {
            let before = *done;
            let Err(failure) = caught(consumer.consume(batch, done, &self.stop)).await else {
                self.board.running_at(*done);
                return Ok(());
            };
            if *done > before {
                self.board.running_at(*done);
                attempts.went_well();
            }
            attempts.failed(failure).await?;
        }
    }

    /// Follows the journal from this position on, to the end.
    pub(crate) async fn run(self, mut consumer: Box<dyn Consumer<E>>, mut done: Position) {
        self.board.running_at(done);
        let halt = loop {
            let batch = match self.next(done).await {
                Ok(batch) => batch,
                Err(halt) => break halt,
            };
            if let Err(halt) = self.take(&batch, &mut done, &mut *consumer).await {
                break halt;
            }
        };
        match halt {
            Halt::Shutdown => self.board.set(SubscriptionState::Ended),
            Halt::Stopped(reason) => drop(self.stopped(done, reason)),
            Halt::Fenced => {
                drop(self.stopped(done, "it is local, and yet another process owns it".to_owned()));
            }
        }
    }

    /// Says that it stopped behind this position, and why; answers the whole reason.
    pub(crate) fn stopped(&self, done: Position, reason: String) -> String {
        let reason = format!("behind position {done}: {reason}");
        error!(subscription = %self.board.id(), reason, "stopped");
        self.board.set_position(done);
        self.board.set(SubscriptionState::Stopped { reason: reason.clone() });
        reason
    }
}
