//! Moving a store to another: copied page by page, made anew where it can be, and compared row by row at the end.

use portolan_kernel::{
    AggregateType, Checkpoint, Error, Loaded, Part, Position, Registry, Result, Selection, SubscriptionId,
    Transfer,
};
use uuid::Uuid;

/// How many rows are read, and held, at once.
const PAGE: usize = 1_000;

/// How often what was written to the source meanwhile is copied after it, before the copy gives up on it.
const ROUNDS: usize = 20;

/// How many differences are told at the most.
const TOLD: usize = 100;

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
    /// So many rows were compared.
    Compared(u64),
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
        "the source is being written all the time; end the programs that write it, and start the copy again"
    )]
    SourceIsWritten,
    /// The copy is not what the source is. It stays an unfinished copy.
    #[error("the copy differs from the source: {}", .0.join("; "))]
    Differs(Vec<String>),
}

/// A copy from one store to another.
#[derive(Clone, Copy)]
pub struct StoreCopy<'a> {
    /// Where from. It is only read.
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
        let of = self.from.store_id().await?;
        if of == self.to.store_id().await? {
            return Err(Error::Invalid("the source and the target are one store".to_owned()).into());
        }
        self.to.begin_copy(&of).await?;
        let mut differed_at = None;
        for _ in 0..ROUNDS {
            let stood_at = self.copy_what_stands_still(&mut tell).await?;
            self.rebuild(&mut tell).await?;
            let mut comparison = Comparison { copy: *self, found: Vec::new(), compared: 0 };
            let copied = comparison.run(&mut tell).await?;
            let stands_still = self.from.head().await? == stood_at;
            match comparison.found.is_empty() {
                true if stands_still => {
                    self.to.end_copy().await?;
                    return Ok(copied);
                }
                // What no position tells, such as a refusal, may have come in between: once.
                false if stands_still && differed_at == Some(stood_at) => {
                    return Err(NotCopied::Differs(comparison.found));
                }
                true => differed_at = None,
                false => differed_at = Some(stood_at),
            }
        }
        Err(NotCopied::SourceIsWritten)
    }

    async fn rebuild(&self, tell: &mut (impl FnMut(Progress) + Send)) -> Result<()> {
        let (mut after, mut groups) = (None, 0);
        loop {
            after = self.to.rebuild(after).await?;
            if after.is_none() {
                return Ok(());
            }
            groups += 1;
            tell(Progress::Rebuilt(groups));
        }
    }

    /// Copies the journal and all that is beside it, of one state of the source: again, until it stood still
    /// meanwhile. Answers its head.
    async fn copy_what_stands_still(
        &self,
        tell: &mut (impl FnMut(Progress) + Send),
    ) -> Result<Position, NotCopied> {
        for _ in 0..ROUNDS {
            self.copy_journal(tell).await?;
            self.copy_outcomes().await?;
            self.copy_deadlines().await?;
            let checkpoints = self.checkpoints(self.from).await?;
            self.to.take_over(Part::Checkpoints(checkpoints.clone())).await?;
            let copied_to = self.to.head().await?;
            let stood_still =
                self.from.head().await? == copied_to && self.checkpoints(self.from).await? == checkpoints;
            if stood_still {
                return Ok(copied_to);
            }
        }
        Err(NotCopied::SourceIsWritten)
    }

    async fn copy_journal(&self, tell: &mut (impl FnMut(Progress) + Send)) -> Result<()> {
        let head = self.from.head().await?;
        let mut position = self.to.head().await?;
        if position > head {
            return Err(Error::Invalid(format!(
                "the copy is at position {position}, beyond the source's {head}"
            )));
        }
        while position < head {
            let page = self.from.read(position, PAGE).await?;
            let Some(last) = page.last() else {
                return Err(Error::Invalid(format!("the source has nothing behind position {position}")));
            };
            position = last.position;
            self.to.take_over(Part::Events(page)).await?;
            tell(Progress::Journal { position, head });
        }
        Ok(())
    }

    async fn copy_outcomes(&self) -> Result<()> {
        let mut after = None;
        loop {
            let page = self.from.outcomes(after, PAGE).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after = Some(last.command_id);
            self.to.take_over(Part::Outcomes(page)).await?;
        }
    }

    async fn copy_deadlines(&self) -> Result<()> {
        self.to.take_over(Part::NoDeadlines).await?;
        let mut after = None;
        loop {
            let page = self.from.deadlines(after.as_ref(), PAGE).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after = Some(last.clone());
            self.to.take_over(Part::Deadlines(page)).await?;
        }
    }

    /// The checkpoints that are moved, as this store has them.
    async fn checkpoints(&self, of: &dyn Transfer) -> Result<Vec<Checkpoint>> {
        let mut checkpoints = of.list().await?;
        checkpoints.retain(|checkpoint| self.processes.contains(&checkpoint.subscription));
        Ok(checkpoints)
    }
}

impl std::fmt::Debug for StoreCopy<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("StoreCopy").field("processes", &self.processes).finish_non_exhaustive()
    }
}

/// Looks at both sides, row by row. It names what differs, and never a value.
struct Comparison<'a> {
    copy: StoreCopy<'a>,
    found: Vec<String>,
    compared: u64,
}

impl Comparison<'_> {
    async fn run(&mut self, tell: &mut (impl FnMut(Progress) + Send)) -> Result<Copied> {
        let events = self.journal(tell).await?;
        let outcomes = self.outcomes().await?;
        let deadlines = self.deadlines().await?;
        if self.copy.checkpoints(self.copy.from).await? != self.copy.checkpoints(self.copy.to).await? {
            self.differs("the checkpoints of the processes".to_owned());
        }
        let mut aggregates = 0;
        for known in self.copy.registry.types() {
            aggregates += self.aggregates(known, tell).await?;
        }
        Ok(Copied { events, outcomes, deadlines, aggregates })
    }

    async fn journal(&mut self, tell: &mut (impl FnMut(Progress) + Send)) -> Result<u64> {
        let mut after = Position::ZERO;
        loop {
            let (ours, theirs) =
                (self.copy.from.read(after, PAGE).await?, self.copy.to.read(after, PAGE).await?);
            let Some(last) = ours.last() else {
                if !theirs.is_empty() {
                    self.differs(format!("the copy has events behind position {after}"));
                }
                return Ok(after.get());
            };
            for (index, event) in ours.iter().enumerate() {
                if theirs.get(index) != Some(event) {
                    self.differs(format!("the event at position {}", event.position));
                }
            }
            after = last.position;
            self.compared += ours.len() as u64;
            tell(Progress::Compared(self.compared));
        }
    }

    /// The copy may keep outcomes whose time is over, which the source has removed meanwhile.
    async fn outcomes(&mut self) -> Result<u64> {
        let (mut after, mut count) = (None, 0);
        loop {
            let ours = self.copy.from.outcomes(after, PAGE).await?;
            let Some(last) = ours.last() else { return Ok(count) };
            let last = last.command_id;
            let mut theirs = self.copy.to.outcomes(after, PAGE).await?;
            while theirs.last().is_some_and(|end| end.command_id < last) {
                let more = self.copy.to.outcomes(theirs.last().map(|end| end.command_id), PAGE).await?;
                if more.is_empty() {
                    break;
                }
                theirs.extend(more);
            }
            for outcome in &ours {
                let found = theirs.binary_search_by_key(&outcome.command_id, |theirs| theirs.command_id);
                if found.ok().and_then(|index| theirs.get(index)) != Some(outcome) {
                    self.differs(format!("the outcome of the command {}", outcome.command_id));
                }
            }
            count += ours.len() as u64;
            after = Some(last);
        }
    }

    async fn deadlines(&mut self) -> Result<u64> {
        let (mut after, mut count) = (None, 0);
        loop {
            let ours = self.copy.from.deadlines(after.as_ref(), PAGE).await?;
            let theirs = self.copy.to.deadlines(after.as_ref(), PAGE).await?;
            if ours != theirs {
                self.differs(format!("the deadlines behind the {count} first"));
            }
            let Some(last) = ours.last() else { return Ok(count) };
            after = Some(last.clone());
            count += ours.len() as u64;
        }
    }

    async fn aggregates(
        &mut self,
        known: &dyn AggregateType,
        tell: &mut (impl FnMut(Progress) + Send),
    ) -> Result<u64> {
        let (mut after, mut count) = (None, 0);
        loop {
            let ours = page(self.copy.from, known, after).await?;
            let theirs = page(self.copy.to, known, after).await?;
            for loaded in &ours {
                let found = theirs.binary_search_by_key(&loaded.id, |theirs| theirs.id);
                let same = found.ok().and_then(|index| theirs.get(index)).is_some_and(|theirs| {
                    theirs.version == loaded.version
                        && known.difference(&loaded.state, &theirs.state).is_none()
                });
                if !same {
                    self.differs(format!("the {} {}", known.name(), loaded.id));
                }
            }
            if ours.len() != theirs.len() {
                self.differs(format!("how many there are of {}", known.name()));
            }
            let Some(last) = ours.last() else { return Ok(count) };
            after = Some(last.id);
            count += ours.len() as u64;
            self.compared += ours.len() as u64;
            tell(Progress::Compared(self.compared));
        }
    }

    fn differs(&mut self, what: String) {
        if self.found.len() < TOLD {
            self.found.push(what);
        }
    }
}

async fn page(of: &dyn Transfer, known: &dyn AggregateType, after: Option<Uuid>) -> Result<Vec<Loaded>> {
    of.select(Selection { aggregate_type: known.name(), criteria: &(), after, limit: PAGE }).await
}
