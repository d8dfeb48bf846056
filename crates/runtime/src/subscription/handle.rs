//! The running engine, as the rest of the program sees it.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use portolan_kernel::{Checkpoints, Journal, Position, Result, Status, SubscriptionId};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout_at};

use super::status::{Board, SubscriptionKind, SubscriptionState, SubscriptionStatus};
use super::stop::Stopper;

/// The longest pause between two looks at how far a subscription is that another process runs.
const LOOK_ELSEWHERE: Duration = Duration::from_millis(50);

/// How long a chain of events that cause each other [`EngineHandle::settled`] follows.
const LONGEST_CHAIN: usize = 8;

/// How many rows [`EngineHandle::settled`] reads at once.
const READ_AT_ONCE: usize = 1_000;

/// A running engine. A clone is a handle on the same one; when the last is dropped, its subscriptions end at once.
#[derive(Clone)]
pub struct EngineHandle(Arc<Inner>);

struct Inner {
    journal: Arc<dyn Journal>,
    /// Where each shared subscription has its checkpoint.
    checkpoints: HashMap<String, Arc<dyn Checkpoints>>,
    boards: Vec<Board>,
    stopper: Stopper,
    tasks: Mutex<Option<JoinSet<()>>>,
}

/// Why a wait for subscriptions ended before they were there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotCaughtUp {
    /// There is no such subscription.
    #[error("there is no subscription `{0}`")]
    Unknown(String),
    /// The time is over.
    #[error("`{name}` is at position {have}, not yet at {want}")]
    Late {
        /// The subscription.
        name: String,
        /// How far it is.
        have: Position,
        /// How far it was to be.
        want: Position,
    },
    /// It is paused, so that waiting is of no use.
    #[error("`{name}` is paused at position {have}")]
    Paused {
        /// The subscription.
        name: String,
        /// How far it is.
        have: Position,
    },
    /// It stopped, or was shut down.
    #[error("`{name}` has stopped: {reason}")]
    Stopped {
        /// The subscription.
        name: String,
        /// Why.
        reason: String,
    },
    /// The store cannot be read.
    #[error(transparent)]
    Failed(#[from] portolan_kernel::Error),
}

impl EngineHandle {
    pub(crate) fn new(
        journal: Arc<dyn Journal>,
        checkpoints: HashMap<String, Arc<dyn Checkpoints>>,
        boards: Vec<Board>,
        stopper: Stopper,
        tasks: JoinSet<()>,
    ) -> Self {
        Self(Arc::new(Inner { journal, checkpoints, boards, stopper, tasks: Mutex::new(Some(tasks)) }))
    }

    /// The names of the subscriptions of this kind.
    pub fn names(&self, kind: SubscriptionKind) -> impl Iterator<Item = &str> + '_ {
        self.0.boards.iter().filter(move |board| board.kind() == kind).map(|board| board.id().name.as_str())
    }

    /// Waits until these subscriptions have done everything up to this position, wherever they run.
    ///
    /// # Errors
    /// [`NotCaughtUp`], naming the one that is not there: late after `within`; at once where it is stopped or
    /// paused, or is none of this engine's.
    pub async fn caught_up<'a>(
        &self,
        names: impl IntoIterator<Item = &'a str>,
        position: Position,
        within: Duration,
    ) -> Result<(), NotCaughtUp> {
        let deadline = Instant::now() + within;
        for name in names {
            let board = self.board(name)?;
            if let Ok(reached) = timeout_at(deadline, self.reach(board, position)).await {
                reached?;
                continue;
            }
            let have = board.now().position;
            if have < position {
                return Err(NotCaughtUp::Late { name: name.to_owned(), have, want: position });
            }
        }
        Ok(())
    }

    /// Waits until these subscriptions have done everything that is committed by now, and what they caused
    /// themselves by doing it. What others commit meanwhile is not waited for, so this ends beside busy writers.
    ///
    /// An event counts as caused where its metadata names a cause. What was caused may cause more: that is waited
    /// for too, up to a chain of eight, so that processes which keep each other going do not keep the caller.
    /// Answers the last position that was waited for.
    ///
    /// # Errors
    /// As [`caught_up`](Self::caught_up).
    pub async fn settled(&self, names: &[&str], within: Duration) -> Result<Position, NotCaughtUp> {
        let deadline = Instant::now() + within;
        let mut seen = self.0.journal.head().await?;
        let (mut want, mut links) = (seen, 0);
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            self.caught_up(names.iter().copied(), want, left).await?;
            // A process is past an event only when what that event caused is committed, so all of it is here.
            let head = self.0.journal.head().await?;
            match self.last_caused(seen, head).await? {
                Some(caused) if links < LONGEST_CHAIN => (seen, want, links) = (head, caused, links + 1),
                _ => return Ok(want),
            }
        }
    }

    /// Every subscription, in the order in which they were given. Its lag is counted from the journal's head now.
    ///
    /// # Errors
    /// [`Error::Unavailable`](portolan_kernel::Error::Unavailable) where that head cannot be read.
    pub async fn status(&self) -> Result<Vec<SubscriptionStatus>> {
        Ok(self.status_at(self.0.journal.head().await?))
    }

    /// The same, with the lag counted from a head that the caller knows. No I/O.
    #[must_use]
    pub fn status_at(&self, head: Position) -> Vec<SubscriptionStatus> {
        self.0.boards.iter().map(|board| board.status(head)).collect()
    }

    /// Ends every subscription: each finishes what it has in hand, saves how far it is, and stops. What is not done
    /// `within` this time is cut off; it is done again by the next process. Later calls have nothing to do.
    ///
    /// # Errors
    /// The names of those that were cut off.
    pub async fn shutdown(&self, within: Duration) -> Result<(), Vec<SubscriptionId>> {
        self.0.stopper.stop();
        let tasks = self.0.tasks.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(mut tasks) = tasks else { return Ok(()) };
        let ended = async { while tasks.join_next().await.is_some() {} };
        if timeout_at(Instant::now() + within, ended).await.is_ok() {
            return Ok(());
        }
        tasks.shutdown().await;
        let is_running = |board: &&Board| {
            !matches!(board.now().state, SubscriptionState::Ended | SubscriptionState::Stopped { .. })
        };
        Err(self.0.boards.iter().filter(is_running).map(|board| board.id().clone()).collect())
    }

    /// The last event behind `after` and up to `head` that another event caused.
    async fn last_caused(&self, mut after: Position, head: Position) -> Result<Option<Position>> {
        let mut last = None;
        while after < head {
            let rows = self.0.journal.read(after, READ_AT_ONCE).await?;
            let Some(end) = rows.last() else { break };
            after = end.position;
            for row in rows {
                if row.position <= head && row.metadata()?.causation_id.is_some() {
                    last = Some(row.position);
                }
            }
        }
        Ok(last)
    }

    fn board(&self, name: &str) -> Result<&Board, NotCaughtUp> {
        let found = self.0.boards.iter().find(|board| board.id().name == name);
        found.ok_or_else(|| NotCaughtUp::Unknown(name.to_owned()))
    }

    async fn reach(&self, board: &Board, want: Position) -> Result<(), NotCaughtUp> {
        let name = || board.id().name.clone();
        let mut changes = board.watch();
        let mut look = Duration::from_millis(2);
        loop {
            let now = changes.borrow_and_update().clone();
            if now.position >= want {
                return Ok(());
            }
            match now.state {
                SubscriptionState::Stopped { reason } => {
                    return Err(NotCaughtUp::Stopped { name: name(), reason });
                }
                SubscriptionState::Ended => {
                    return Err(NotCaughtUp::Stopped { name: name(), reason: "it was shut down".to_owned() });
                }
                SubscriptionState::Paused => {
                    return Err(NotCaughtUp::Paused { name: name(), have: now.position });
                }
                SubscriptionState::Elsewhere { .. } => {
                    if self.is_there(board, want).await? {
                        return Ok(());
                    }
                    let _ = tokio::time::timeout(look, changes.changed()).await;
                    look = (look * 2).min(LOOK_ELSEWHERE);
                }
                _ => {
                    // An error says that nobody writes the board any more; the state then says why.
                    if changes.changed().await.is_err() {
                        sleep(LOOK_ELSEWHERE).await;
                    }
                }
            }
        }
    }

    /// Whether another process has brought the subscription this far.
    async fn is_there(&self, board: &Board, want: Position) -> Result<bool, NotCaughtUp> {
        let Some(checkpoints) = self.0.checkpoints.get(&board.id().name) else { return Ok(false) };
        let Some(checkpoint) = checkpoints.get(board.id()).await? else { return Ok(false) };
        board.set_position(checkpoint.position);
        if checkpoint.position >= want {
            return Ok(true);
        }
        let name = board.id().name.clone();
        match checkpoint.status {
            Status::Running => Ok(false),
            Status::Paused => Err(NotCaughtUp::Paused { name, have: checkpoint.position }),
            Status::Stopped { reason } => Err(NotCaughtUp::Stopped { name, reason }),
        }
    }
}

impl fmt::Debug for EngineHandle {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let now = self.0.boards.iter().map(|board| (board.id().to_string(), board.now()));
        formatter.debug_map().entries(now).finish()
    }
}
