//! What a copy goes on with: the end of the source's journal, and what stands beside it.

use std::collections::BTreeSet;

use portolan_kernel::{
    Checkpoint, Deadline, Envelope, Epoch, Error, KeptOutcome, Named, Part, Position, Result, SubscriptionId,
    Timestamp, Transfer,
};
use uuid::Uuid;

use super::sorted::{cut, differences};
use super::{PAGE, Progress, StoreCopy};

/// How many events are read, and held, at once: fewer where they are large.
const EVENTS: usize = 5_000;

/// How much earlier than the last ones outcomes are looked for: a commit may take a while, and clocks differ. What is
/// missed all the same is found by the totals.
const EARLIER_MICROS: i64 = 5_000_000;

/// A copy that has everything that its source had, on its way behind it.
pub(super) struct Tail<'a> {
    copy: StoreCopy<'a>,
    /// Up to where events are copied and their aggregates brought up.
    position: Position,
    checkpoints: Vec<Checkpoint>,
    epochs: Vec<(SubscriptionId, Epoch)>,
    /// How many records of checkpoints that were moved by hand are copied.
    resets: u64,
    /// When the last outcome that was seen was written.
    seen: Timestamp,
    /// The aggregates that were brought up since somebody asked.
    touched: BTreeSet<Named>,
    /// How many deadlines the source had.
    deadlines: u64,
}

impl<'a> Tail<'a> {
    /// Copies everything, from where the copy is.
    pub(super) async fn begin(copy: StoreCopy<'a>, tell: &mut (impl FnMut(Progress) + Send)) -> Result<Self> {
        let mut tail = Self {
            copy,
            position: Position::ZERO,
            checkpoints: Vec::new(),
            epochs: Vec::new(),
            resets: 0,
            seen: Timestamp::MIN,
            touched: BTreeSet::new(),
            deadlines: 0,
        };
        tail.position = copy.to.head().await?;
        // Nobody notes the aggregates of the events, which may be all that there are: each is looked at after this.
        tail.journal(None, |position, head| tell(Progress::Journal { position, head })).await?;
        tail.rebuild(tell).await?;
        tail.outcomes(tell).await?;
        tail.deadlines().await?;
        tail.move_checkpoints().await?;
        tail.move_epochs().await?;
        tail.resets().await?;
        Ok(tail)
    }

    /// Up to where events are copied.
    pub(super) const fn position(&self) -> Position {
        self.position
    }

    /// How many deadlines the source had when they were looked at last.
    pub(super) const fn deadlines_seen(&self) -> u64 {
        self.deadlines
    }

    /// The aggregates that were brought up since this was asked last.
    pub(super) fn touched(&mut self) -> BTreeSet<Named> {
        std::mem::take(&mut self.touched)
    }

    /// Copies what is new in the journal, and brings its aggregates up. Answers the source's head as it was.
    pub(super) async fn events(&mut self) -> Result<Position> {
        let mut new = BTreeSet::new();
        let copied = self.journal(Some(&mut new), |_, _| {}).await;
        let names: Vec<Named> = new.iter().cloned().collect();
        self.touched.append(&mut new);
        let head = copied?;
        self.copy.to.renew(&names).await?;
        self.move_checkpoints().await?;
        Ok(head)
    }

    /// Copies what is new of what no position tells: outcomes and deadlines.
    pub(super) async fn beside_the_journal(&mut self) -> Result<()> {
        let since = Timestamp::from_micros(self.seen.as_micros().saturating_sub(EARLIER_MICROS));
        let mut after = None;
        loop {
            let page = self.copy.from.outcomes_since(since, after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.command_id);
            self.see(&page);
            self.copy.to.take_over(Part::Outcomes(page)).await?;
        }
        self.move_epochs().await?;
        self.resets().await?;
        self.deadlines().await.map(drop)
    }

    /// Copies the records of checkpoints that were moved by hand, which only become more.
    async fn resets(&mut self) -> Result<()> {
        loop {
            let records = self.copy.from.recorded_resets(self.resets, PAGE).await?;
            let more = records.len() as u64;
            if more == 0 {
                return Ok(());
            }
            self.copy.to.take_over(Part::Resets { skipped: self.resets, records }).await?;
            self.resets += more;
        }
    }

    async fn move_epochs(&mut self) -> Result<()> {
        let now = self.copy.from.epochs().await?;
        if now != self.epochs {
            self.copy.to.take_over(Part::Epochs(now.clone())).await?;
            self.epochs = now;
        }
        Ok(())
    }

    /// Copies all outcomes that are not there.
    pub(super) async fn outcomes(&mut self, tell: &mut (impl FnMut(Progress) + Send)) -> Result<()> {
        let (mut after, mut seen): (Option<Uuid>, _) = (None, 0);
        loop {
            let (ours, theirs) =
                tokio::join!(self.copy.from.outcomes(after, PAGE), self.copy.to.outcomes(after, PAGE));
            let (mut ours, mut theirs) = (ours?, theirs?);
            self.see(&ours);
            seen += ours.len() as u64;
            tell(Progress::Beside(seen));
            let key = |outcome: &KeptOutcome| outcome.command_id;
            let end = cut(&mut ours, &mut theirs, PAGE, key);
            // What only the copy has is over, and the source has removed it.
            let (new, _) = differences(ours, theirs, key);
            if !new.is_empty() {
                self.copy.to.take_over(Part::Outcomes(new)).await?;
            }
            match end {
                Some(end) => after = Some(end),
                None => return Ok(()),
            }
        }
    }

    /// Makes the deadlines those of the source. Answers how many differed.
    pub(super) async fn deadlines(&mut self) -> Result<usize> {
        let (mut after, mut differed): (Option<Deadline>, _) = (None, 0);
        self.deadlines = 0;
        loop {
            let mut ours = self.copy.from.deadlines(after.as_ref(), PAGE).await?;
            let mut theirs = self.copy.to.deadlines(after.as_ref(), PAGE).await?;
            let key = |deadline: &Deadline| (deadline.aggregate_id, deadline.process.clone());
            let last = ours.iter().chain(&theirs).cloned().collect::<Vec<_>>();
            let end = cut(&mut ours, &mut theirs, PAGE, key);
            self.deadlines += ours.len() as u64;
            let (new, over) = differences(ours, theirs, key);
            differed += new.len() + over.len();
            if !over.is_empty() {
                self.copy.to.take_over(Part::Over(over)).await?;
            }
            if !new.is_empty() {
                self.copy.to.take_over(Part::Deadlines(new)).await?;
            }
            let Some(end) = end else { return Ok(differed) };
            after = last.into_iter().find(|deadline| key(deadline) == end);
        }
    }

    /// Whether the source has the checkpoints that were copied last.
    pub(super) async fn has_checkpoints(&self) -> Result<bool> {
        Ok(checkpoints(self.copy, self.copy.from).await? == self.checkpoints)
    }

    /// Copies the checkpoints, where they have moved.
    async fn move_checkpoints(&mut self) -> Result<()> {
        let now = checkpoints(self.copy, self.copy.from).await?;
        if now != self.checkpoints {
            self.copy.to.take_over(Part::Checkpoints(now.clone())).await?;
            self.checkpoints = now;
        }
        Ok(())
    }

    /// Copies the journal from where this is to the source's head as it is now, and answers that. While a page is
    /// written the next one is read. Whose events they are is noted where somebody asks.
    async fn journal(
        &mut self,
        mut names: Option<&mut BTreeSet<Named>>,
        mut tell: impl FnMut(Position, Position) + Send,
    ) -> Result<Position> {
        let StoreCopy { from, to, .. } = self.copy;
        let head = from.head().await?;
        if self.position > head {
            return Err(Error::Invalid(format!(
                "the copy is at position {}, beyond the source's {head}",
                self.position
            )));
        }
        if self.position == head {
            return Ok(head);
        }
        let mut page = from.read(self.position, EVENTS).await?;
        while self.position < head {
            let Some(last) = page.last().map(|event| event.position) else {
                let position = self.position;
                return Err(Error::Invalid(format!("the source has nothing behind position {position}")));
            };
            let named = |event: &Envelope| Named {
                id: event.aggregate_id,
                aggregate_type: event.aggregate_type.clone(),
            };
            let new: Vec<Named> = if names.is_some() { page.iter().map(named).collect() } else { Vec::new() };
            let next = async { if last < head { from.read(last, EVENTS).await } else { Ok(Vec::new()) } };
            let (written, next) = tokio::join!(append(from, to, page, last), next);
            written?;
            page = next?;
            if let Some(names) = &mut names {
                names.extend(new);
            }
            self.position = last;
            tell(last, head);
        }
        Ok(head)
    }

    async fn rebuild(&self, tell: &mut (impl FnMut(Progress) + Send)) -> Result<()> {
        let (mut after, mut groups) = (None, 0);
        loop {
            after = self.copy.to.rebuild(after).await?;
            if after.is_none() {
                return Ok(());
            }
            groups += 1;
            tell(Progress::Rebuilt(groups));
        }
    }

    fn see(&mut self, outcomes: &[KeptOutcome]) {
        let last = outcomes.iter().map(|outcome| outcome.recorded_at).max();
        self.seen = self.seen.max(last.unwrap_or(self.seen));
    }
}

/// Writes these events, the last of which is at `last`, as far as another program that follows the same source has not
/// written them already.
async fn append(
    from: &dyn Transfer,
    to: &dyn Transfer,
    mut page: Vec<Envelope>,
    last: Position,
) -> Result<()> {
    loop {
        match to.take_over(Part::Events(page)).await {
            Err(Error::Conflict { actual, expected, .. }) if actual >= last.get() && actual > expected => {
                return Ok(());
            }
            Err(Error::Conflict { actual, expected, .. }) if actual > expected => {
                page = from.read(Position(actual), EVENTS).await?;
                page.retain(|event| event.position <= last);
            }
            done => return done,
        }
    }
}

/// The checkpoints that are moved, as this store has them.
pub(super) async fn checkpoints(copy: StoreCopy<'_>, of: &dyn Transfer) -> Result<Vec<Checkpoint>> {
    let mut checkpoints = of.list().await?;
    checkpoints.retain(|checkpoint| copy.processes.contains(&checkpoint.subscription));
    Ok(checkpoints)
}
