//! Moving a store to another: copied page by page, made anew where it can be, compared row by row, followed while the
//! source is written, and at last taken in its place.

use portolan_kernel::{Error, Position, Registry, Result, SubscriptionId, Transfer};
use tokio::time::{Duration, Instant, sleep};
use uuid::Uuid;

use self::comparison::Comparison;
pub use self::switch::{StoreSwitch, Switched, Undone};
use self::tail::Tail;

mod comparison;
mod sorted;
mod switch;
mod tail;

/// How many rows are read, and held, at once.
const PAGE: usize = 1_000;

/// How often what was written to the source meanwhile is copied after it, before the copy gives up on it.
const ROUNDS: usize = 20;

/// The hands that a copy which is to be ended without a switch is in.
const HANDS: Uuid = Uuid::nil();

/// How long a copy that follows waits for news, and how long after one that failed.
const FOLLOW_EVERY: Duration = Duration::from_millis(200);
const FOLLOW_AGAIN: Duration = Duration::from_secs(1);

/// How far a copy is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// The journal is copied up to here, of so many events.
    Journal {
        /// The last position that is copied.
        position: Position,
        /// The last one of the source.
        head: Position,
    },
    /// So many groups of aggregates were made of their histories; how many there are is not known before the last.
    Rebuilt(u64),
    /// So many rows of what stands beside the journal were looked at: outcomes of commands.
    Beside(u64),
    /// So many rows were compared.
    Compared(u64),
    /// Everything is copied, and what is written goes on being copied.
    Following {
        /// The last position that is copied.
        position: Position,
        /// The last one of the source.
        head: Position,
    },
    /// A store failed, and is tried again.
    Failing(Error),
    /// The source is about to stand still: from here on a switch is not to be broken off.
    HandingOver,
    /// The source takes no commands from now on.
    ReadOnly,
}

/// What was copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Copied {
    /// Events.
    pub events: u64,
    /// Outcomes of commands.
    pub outcomes: u64,
    /// Deadlines.
    pub deadlines: u64,
    /// Aggregates that are there.
    pub aggregates: u64,
}

/// Why there is no copy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotCopied {
    /// A store failed.
    #[error(transparent)]
    Failed(#[from] Error),
    /// Others go on writing to the source.
    #[error(
        "the source is being written all the time; end the programs that write it and start the copy again, or let it \
         follow with `--follow`"
    )]
    SourceIsWritten,
    /// The copy is not what the source is. It stays an unfinished copy.
    #[error("the copy differs from the source: {}", .0.join("; "))]
    Differs(Vec<String>),
    /// What was written last could not be copied and compared while the source may stand still.
    #[error(
        "the source stood still for {} ms and its last events were not copied yet; it takes commands again. Try when less \
         is written, or let it stand still for longer",
        .0.as_millis()
    )]
    TooSlow(Duration),
}

/// How a copy that followed its source has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Followed {
    /// It was asked to; it is unfinished, and can go on.
    UpTo(Position),
    /// The copy is whole: another program has ended it.
    Ended,
}

/// A copy from one store to another.
#[derive(Clone, Copy)]
pub struct StoreCopy<'a> {
    /// Where from. A copy only reads it.
    pub from: &'a dyn Transfer,
    /// Where to: an empty store, or an unfinished copy of the same one.
    pub to: &'a dyn Transfer,
    /// The aggregates.
    pub registry: &'a Registry,
    /// The subscriptions whose checkpoints are moved: processes. A read model is filled anew.
    pub processes: &'a [SubscriptionId],
}

impl StoreCopy<'_> {
    /// Copies everything, makes what can be made anew, and compares both sides. A copy that was broken off goes on
    /// where it was.
    ///
    /// # Errors
    /// [`NotCopied`]; what is copied by then is kept for another try.
    pub async fn run(&self, mut tell: impl FnMut(Progress) + Send) -> Result<Copied, NotCopied> {
        self.begin().await?;
        self.to.claim_copy(HANDS, None).await?;
        let mut tail = Tail::begin(*self, &mut tell).await?;
        let mut differed_at = None;
        for _ in 0..ROUNDS {
            let stood_at = self.copy_what_stands_still(&mut tail).await?;
            let mut comparison = Comparison::new(*self);
            let copied = comparison.run(&mut tell).await?;
            let stands_still = self.from.head().await? == stood_at;
            match comparison.found.is_empty() {
                true if stands_still => {
                    self.to.end_copy(HANDS).await?;
                    return Ok(copied);
                }
                // What no position tells, such as a refusal, may have come in between: once.
                false if stands_still && differed_at == Some(stood_at) => {
                    return Err(NotCopied::Differs(comparison.found));
                }
                true => differed_at = None,
                false => differed_at = Some(stood_at),
            }
            tail.outcomes(&mut tell).await?;
        }
        Err(NotCopied::SourceIsWritten)
    }

    /// Copies everything, and goes on copying what is written, until `stop` or until somebody else ends the copy. A
    /// store that cannot be reached for a while is waited for.
    ///
    /// # Errors
    /// [`NotCopied`], as [`run`](Self::run).
    pub async fn follow(
        &self,
        mut tell: impl FnMut(Progress) + Send,
        stop: impl Future<Output = ()> + Send,
    ) -> Result<Followed, NotCopied> {
        tokio::select! {
            biased;
            () = stop => Ok(Followed::UpTo(self.to.head().await?)),
            followed = self.go_on(&mut tell) => followed,
        }
    }

    async fn go_on(&self, tell: &mut (impl FnMut(Progress) + Send)) -> Result<Followed, NotCopied> {
        self.begin().await?;
        loop {
            match self.keep_up(tell).await {
                Err(Error::Fenced(_)) => return Ok(Followed::Ended),
                Err(error @ (Error::Unavailable { .. } | Error::Full(_))) => {
                    tell(Progress::Failing(error));
                    sleep(FOLLOW_AGAIN).await;
                }
                Err(error) => return Err(error.into()),
                Ok(never) => match never {},
            }
        }
    }

    async fn keep_up(&self, tell: &mut (impl FnMut(Progress) + Send)) -> Result<std::convert::Infallible> {
        let mut tail = Tail::begin(*self, tell).await?;
        let mut rest_until = Instant::now();
        loop {
            let head = tail.events().await?;
            tell(Progress::Following { position: tail.position(), head });
            if Instant::now() >= rest_until {
                let began = Instant::now();
                tail.beside_the_journal().await?;
                // It looks at all outcomes: a small part of the time is for that.
                rest_until = Instant::now() + FOLLOW_AGAIN.max(began.elapsed() * 4);
            }
            // A copy that was ended meanwhile says so when it is written; without news nothing is.
            self.to.take_over(portolan_kernel::Part::Outcomes(Vec::new())).await?;
            let news = tokio::time::timeout(FOLLOW_EVERY, self.from.changed(tail.position()));
            if let Ok(Err(error)) = news.await {
                return Err(error);
            }
        }
    }

    /// Begins the copy, or goes on with it.
    async fn begin(&self) -> Result<()> {
        let of = self.from.store_id().await?;
        if of == self.to.store_id().await? {
            return Err(Error::Invalid("the source and the target are one store".to_owned()));
        }
        self.to.begin_copy(&of).await
    }

    /// Copies the journal and all that is beside it, of one state of the source: again, until it stood still
    /// meanwhile. Answers its head.
    async fn copy_what_stands_still(&self, tail: &mut Tail<'_>) -> Result<Position, NotCopied> {
        for _ in 0..ROUNDS {
            tail.events().await?;
            tail.beside_the_journal().await?;
            if self.from.head().await? == tail.position() && tail.has_checkpoints().await? {
                return Ok(tail.position());
            }
        }
        Err(NotCopied::SourceIsWritten)
    }
}

impl std::fmt::Debug for StoreCopy<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("StoreCopy").field("processes", &self.processes).finish_non_exhaustive()
    }
}
