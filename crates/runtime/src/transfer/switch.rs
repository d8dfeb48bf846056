//! The copy in place of its source, while programs go on writing: the source is handed over, what was written last is
//! copied, and whoever has the source open goes on with the copy.
//!
//! Three facts stand in the two stores, and each is written in one transaction, so that a switch may be broken off between
//! any two of them and be run again, or undone:
//!
//! 1. the source says that it is handed over, and where to: from then on nobody writes to it;
//! 2. the copy is no unfinished one any more: from then on it takes commands. Only the hands that the copy is in can say
//!    so, and taking it into other hands is what undoes a switch;
//! 3. the source says that this is done: for those who ask later.

use std::collections::BTreeSet;
use std::sync::Arc;

use portolan_kernel::{Clock, Error, Moved, Named, Result};
use tokio::time::{Duration, Instant};
use uuid::Uuid;

use super::comparison::Comparison;
use super::tail::Tail;
use super::{Copied, NotCopied, Progress, StoreCopy};

/// When a round of what was written meanwhile is short enough to hope for a short rest.
const SHORT: Duration = Duration::from_millis(250);

/// How many rounds there are at the most before it is tried all the same.
const ROUNDS: usize = 40;

/// How often it is tried within the time that the source may stand still.
const TRIES: usize = 3;

/// A switch from a store to its copy.
#[derive(Clone)]
pub struct StoreSwitch<'a> {
    /// Both sides. The source was opened to be handed over.
    pub copy: StoreCopy<'a>,
    /// The address of the source, without what is secret.
    pub source: String,
    /// The address of the target, without what is secret: what the source says, and shows.
    pub target: String,
    /// How long the source may stand still before it is taken back.
    pub at_most: Duration,
    /// When it is.
    pub clock: Arc<dyn Clock>,
    /// Tells this run from every other.
    pub hands: Uuid,
}

/// What a switch has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Switched {
    /// What the copy holds. Of one that was whole before, nothing is said but its events.
    pub copied: Copied,
    /// How long no commands were taken; none where it was done before.
    pub read_only: Option<Duration>,
}

/// What undoing a switch has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Undone {
    /// There was nothing to undo: the source takes commands.
    Nothing,
    /// The source takes commands again; the copy is unfinished still, and can go on.
    Unfinished,
    /// The source takes commands again; the copy, which was whole and had taken none of its own, is handed over to it.
    HandedBack,
}

impl StoreSwitch<'_> {
    /// Copies, follows, compares; then lets the source stand still, copies and compares what was written last, and
    /// lets the copy take its place. A switch that was broken off goes on where it was; one that is done stays so.
    ///
    /// # Errors
    /// [`NotCopied`]. The source takes commands again, unless the message says that it is not known.
    pub async fn run(&self, mut tell: impl FnMut(Progress) + Send) -> Result<Switched, NotCopied> {
        if let Some(done) = self.done_before().await? {
            return Ok(done);
        }
        let StoreCopy { to, .. } = self.copy;
        self.copy.begin().await?;
        to.claim_copy(self.hands, None).await?;
        // Where an earlier run was broken off, nobody need wait for this one to come as far again.
        self.take_back_of_others().await?;
        let mut tail = Tail::begin(self.copy, &mut tell).await?;
        tail.touched();
        let mut comparison = Comparison::new(self.copy);
        let (aggregates, mut open) = comparison.while_written(&mut tell).await?;
        if !comparison.found.is_empty() {
            return Err(NotCopied::Differs(comparison.found));
        }
        for _ in 0..TRIES {
            self.come_near(&mut tail, &mut tell).await?;
            open.append(&mut tail.touched());
            // In other hands by now, this could not go through with it, and the source would stand still for nothing.
            // And another run, which cannot either, may have handed the source over since.
            self.take_back_of_others().await?;
            tell(Progress::HandingOver);
            let began = Instant::now();
            match self.hand_over(&mut tail, &mut comparison, &mut open, &mut tell).await {
                Ok(outcomes) => {
                    let (events, deadlines) = (tail.position().get(), tail.deadlines_seen());
                    let copied = Copied { events, outcomes, deadlines, aggregates };
                    return Ok(Switched { copied, read_only: Some(began.elapsed()) });
                }
                Err(failed) => match self.after_failure(failed).await? {
                    None => {
                        let read_only = Some(began.elapsed());
                        let events = tail.position().get();
                        return Ok(Switched { copied: Copied { events, ..Copied::default() }, read_only });
                    }
                    Some(NotCopied::TooSlow(_)) => {}
                    // Another run was here in between, which finds now that the copy is not in its hands.
                    Some(NotCopied::Failed(Error::AlreadyExists(_))) if !self.leads_elsewhere().await? => {}
                    Some(failed) => return Err(failed),
                },
            }
        }
        Err(NotCopied::TooSlow(self.at_most))
    }

    /// Lets the source take commands again, as long as the copy took none.
    ///
    /// # Errors
    /// [`Error::AlreadyExists`] where it did, or the source is handed over to another store.
    pub async fn undo(&self) -> Result<Undone> {
        let StoreCopy { from, to, .. } = self.copy;
        let Some(moved) = from.moved().await? else { return Ok(Undone::Nothing) };
        self.check_target(&moved).await?;
        match to.claim_copy(self.hands, None).await {
            Ok(()) => {
                self.take_back_of_others().await?;
                return Ok(Undone::Unfinished);
            }
            Err(Error::Fenced(_)) => {}
            Err(error) => return Err(error),
        }
        // It is whole, so that it may have taken commands: from here on it takes none.
        let back = Moved {
            to: self.source.clone(),
            store_id: from.store_id().await?,
            hands: self.hands,
            since: self.clock.now(),
            is_done: false,
        };
        to.hand_over(&back).await?;
        let took_none = from.head().await? == to.head().await? && self.totals_agree().await?;
        if !took_none {
            to.take_back(&back.store_id, self.hands).await?;
            return Err(Error::AlreadyExists(format!(
                "a command that {} took since: it cannot be undone. Copy it back as another store",
                moved.to
            )));
        }
        from.take_back(&moved.store_id, moved.hands).await?;
        to.hand_over(&Moved { is_done: true, ..back }).await?;
        Ok(Undone::HandedBack)
    }

    /// Whether the copy is whole and the source handed over to it, as an earlier run left them.
    async fn done_before(&self) -> Result<Option<Switched>> {
        let StoreCopy { from, to, .. } = self.copy;
        let Some(moved) = from.moved().await? else { return Ok(None) };
        self.check_target(&moved).await?;
        match to.claim_copy(self.hands, None).await {
            Ok(()) => Ok(None),
            Err(Error::Fenced(_)) => {
                from.hand_over(&Moved { is_done: true, ..moved }).await?;
                let events = from.head().await?.get();
                Ok(Some(Switched { copied: Copied { events, ..Copied::default() }, read_only: None }))
            }
            Err(error) => Err(error),
        }
    }

    async fn check_target(&self, moved: &Moved) -> Result<()> {
        if moved.store_id == self.copy.to.store_id().await? {
            return Ok(());
        }
        Err(Error::AlreadyExists(format!("a move of this source to another store, {}", moved.to)))
    }

    /// Follows until little is written between two rounds.
    async fn come_near(&self, tail: &mut Tail<'_>, tell: &mut (impl FnMut(Progress) + Send)) -> Result<()> {
        for _ in 0..ROUNDS {
            let began = Instant::now();
            let head = tail.events().await?;
            tail.beside_the_journal().await?;
            tell(Progress::Following { position: tail.position(), head });
            if began.elapsed() <= SHORT {
                break;
            }
        }
        Ok(())
    }

    /// From the first fact to the third. Answers how many outcomes there are.
    async fn hand_over(
        &self,
        tail: &mut Tail<'_>,
        comparison: &mut Comparison<'_>,
        open: &mut BTreeSet<Named>,
        tell: &mut (impl FnMut(Progress) + Send),
    ) -> Result<u64, NotCopied> {
        let StoreCopy { from, to, .. } = self.copy;
        let (store_id, began) = (to.store_id().await?, Instant::now());
        let (to_address, hands, since) = (self.target.clone(), self.hands, self.clock.now());
        let moved = Moved { to: to_address, store_id, hands, since, is_done: false };
        from.hand_over(&moved).await?;
        tell(Progress::ReadOnly);
        self.in_time(began)?;
        tail.events().await?;
        tail.beside_the_journal().await?;
        self.in_time(began)?;
        let differed = |what: &str| NotCopied::Differs(vec![what.to_owned()]);
        if tail.position() != from.head().await? {
            return Err(differed("the end of the journal"));
        }
        if !self.totals_agree().await? {
            // Written under a clock that is far from the others', or removed in between: all of them, one by one.
            tail.outcomes(&mut |_| {}).await?;
            self.in_time(began)?;
            if !self.totals_agree().await? {
                return Err(differed("the outcomes of commands"));
            }
        }
        open.append(&mut tail.touched());
        comparison.the_rest(open).await?;
        if !comparison.found.is_empty() {
            return Err(NotCopied::Differs(std::mem::take(&mut comparison.found)));
        }
        open.clear();
        self.in_time(began)?;
        let outcomes = to.outcome_totals(moved.since).await?.count;
        to.end_copy(self.hands).await?;
        from.hand_over(&Moved { is_done: true, ..moved }).await?;
        Ok(outcomes)
    }

    /// Takes the source back, unless the copy is whole already: then the switch is done all the same.
    async fn after_failure(&self, failed: NotCopied) -> Result<Option<NotCopied>, NotCopied> {
        let StoreCopy { to, .. } = self.copy;
        let unknown = |error: &Error| {
            let what = format!(
                "{failed}; and whether the source takes commands is not known ({error}): run `store switch` again, or with \
                 `--undo`"
            );
            NotCopied::Failed(Error::unavailable(what))
        };
        match to.claim_copy(self.hands, Some(self.hands)).await {
            Ok(()) => match self.take_back().await {
                Ok(()) => Ok(Some(failed)),
                Err(error) => Err(unknown(&error)),
            },
            Err(fenced @ Error::Fenced(_)) => match self.copy.begin().await {
                // It is whole: what failed was to hear of it.
                Err(Error::AlreadyExists(_)) => Ok(None),
                // It is in other hands, which hand the source over in their own time.
                Ok(()) => match self.take_back().await {
                    Ok(()) => Err(fenced.into()),
                    Err(error) => Err(unknown(&error)),
                },
                Err(error) => Err(unknown(&error)),
            },
            Err(error) => Err(unknown(&error)),
        }
    }

    /// Takes the source back, where this run has handed it over. What another one did is not this one's to undo.
    async fn take_back(&self) -> Result<()> {
        let StoreCopy { from, to, .. } = self.copy;
        match from.take_back(&to.store_id().await?, self.hands).await {
            Err(Error::AlreadyExists(_)) => Ok(()),
            done => done,
        }
    }

    /// Takes the source back, where another run has handed it over to the copy that is in this one's hands now: that run
    /// cannot go through with it any more.
    ///
    /// # Errors
    /// [`Error::Fenced`] where the copy is in other hands; [`Error::AlreadyExists`] where the source is handed over to
    /// another store.
    async fn take_back_of_others(&self) -> Result<()> {
        let StoreCopy { from, to, .. } = self.copy;
        let moved = from.moved().await?;
        // After that was looked at: whoever had done it by then has lost the copy.
        to.claim_copy(self.hands, Some(self.hands)).await?;
        let Some(moved) = moved else { return Ok(()) };
        self.check_target(&moved).await?;
        match from.take_back(&moved.store_id, moved.hands).await {
            // Yet another one, which will take it back itself.
            Err(Error::AlreadyExists(_)) => Ok(()),
            done => done,
        }
    }

    /// Whether the source is handed over to another store than this copy.
    async fn leads_elsewhere(&self) -> Result<bool> {
        let StoreCopy { from, to, .. } = self.copy;
        let store_id = to.store_id().await?;
        Ok(from.moved().await?.is_some_and(|moved| moved.store_id != store_id))
    }

    /// Whether both sides have the same outcomes, those aside whose time is over.
    async fn totals_agree(&self) -> Result<bool> {
        let StoreCopy { from, to, .. } = self.copy;
        let now = self.clock.now();
        let (ours, theirs) = tokio::join!(from.outcome_totals(now), to.outcome_totals(now));
        Ok(ours? == theirs?)
    }

    fn in_time(&self, began: Instant) -> Result<(), NotCopied> {
        if began.elapsed() <= self.at_most { Ok(()) } else { Err(NotCopied::TooSlow(self.at_most)) }
    }
}

impl std::fmt::Debug for StoreSwitch<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("StoreSwitch")
            .field("copy", &self.copy)
            .field("target", &self.target)
            .finish_non_exhaustive()
    }
}
