//! Both sides of a copy, looked at row by row. What differs is named, and never a value.

use std::collections::BTreeSet;

use portolan_kernel::{AggregateKey, AggregateType, Loaded, Named, Position, Result, Selection, Transfer};
use uuid::Uuid;

use super::tail::checkpoints;
use super::{Copied, PAGE, Progress, StoreCopy};

/// How many differences are told at the most.
const TOLD: usize = 100;

/// How many events of each side are looked at, and held, at once.
const EVENTS: usize = 5_000;

/// What was found so far.
pub(super) struct Comparison<'a> {
    copy: StoreCopy<'a>,
    pub(super) found: Vec<String>,
    compared: u64,
    /// Up to where both journals were compared.
    position: Position,
}

impl<'a> Comparison<'a> {
    pub(super) const fn new(copy: StoreCopy<'a>) -> Self {
        Self { copy, found: Vec::new(), compared: 0, position: Position::ZERO }
    }

    /// All of both sides, of which the source stands still.
    pub(super) async fn run(&mut self, tell: &mut (impl FnMut(Progress) + Send)) -> Result<Copied> {
        let events = self.journal(Position(u64::MAX), tell).await?;
        let outcomes = self.outcomes().await?;
        let deadlines = self.deadlines().await?;
        self.checkpoints().await?;
        let mut aggregates = 0;
        for known in self.copy.registry.types() {
            let (count, differing) = self.aggregates(known, tell).await?;
            aggregates += count;
            differing.iter().for_each(|named| self.differ(named));
        }
        Ok(Copied { events, outcomes, deadlines, aggregates })
    }

    /// Events and aggregates, while the source may be written on. Answers how many aggregates there are, and which of
    /// them differed, of which nothing is said yet: what was written meanwhile is not in the copy.
    pub(super) async fn while_written(
        &mut self,
        tell: &mut (impl FnMut(Progress) + Send),
    ) -> Result<(u64, BTreeSet<Named>)> {
        let head = self.copy.to.head().await?;
        self.journal(head, tell).await?;
        let (mut aggregates, mut open) = (0, BTreeSet::new());
        for known in self.copy.registry.types() {
            let (count, differing) = self.aggregates(known, tell).await?;
            aggregates += count;
            open.extend(differing);
        }
        Ok((aggregates, open))
    }

    /// What that left, where the source stands still: the end of the journal, these aggregates, the checkpoints.
    pub(super) async fn the_rest(&mut self, open: &BTreeSet<Named>) -> Result<()> {
        self.journal(Position(u64::MAX), &mut |_| {}).await?;
        self.checkpoints().await?;
        for named in open {
            let known = self.copy.registry.get(&named.aggregate_type)?;
            let key = AggregateKey { aggregate_type: known.name(), id: named.id };
            let (ours, theirs) = tokio::join!(self.copy.from.load(key), self.copy.to.load(key));
            let same = match (ours?, theirs?) {
                (None, None) => true,
                (Some(ours), Some(theirs)) => are_same(known, &ours, &theirs),
                _ => false,
            };
            if !same {
                self.differ(named);
            }
        }
        Ok(())
    }

    /// Goes on from where it was, up to this position. Answers where it is.
    async fn journal(&mut self, up_to: Position, tell: &mut (impl FnMut(Progress) + Send)) -> Result<u64> {
        while self.position < up_to {
            let after = self.position;
            let (ours, theirs) =
                tokio::join!(self.copy.from.read(after, EVENTS), self.copy.to.read(after, EVENTS));
            let (mut ours, mut theirs) = (ours?, theirs?);
            ours.retain(|event| event.position <= up_to);
            // One side may read further at once: large events end a page earlier.
            let end = ours.last().map_or(after, |last| last.position);
            if ours.is_empty() {
                if !theirs.is_empty() {
                    self.found.push(format!("the copy has events behind position {after}"));
                }
                break;
            }
            theirs.retain(|event| event.position <= end);
            for (index, event) in ours.iter().enumerate() {
                if theirs.get(index) != Some(event) {
                    self.tell_of(format!("the event at position {}", event.position));
                }
            }
            self.position = end;
            self.compared += ours.len() as u64;
            tell(Progress::Compared(self.compared));
        }
        Ok(self.position.get())
    }

    async fn checkpoints(&mut self) -> Result<()> {
        if checkpoints(self.copy, self.copy.from).await? != checkpoints(self.copy, self.copy.to).await? {
            self.tell_of("the checkpoints of the processes".to_owned());
        }
        let mut skip = 0;
        loop {
            let ours = self.copy.from.recorded_resets(skip, PAGE).await?;
            if ours != self.copy.to.recorded_resets(skip, PAGE).await? {
                self.tell_of("the records of checkpoints that were moved by hand".to_owned());
                return Ok(());
            }
            if ours.is_empty() {
                return Ok(());
            }
            skip += ours.len() as u64;
        }
    }

    /// The copy may keep outcomes whose time is over, which the source has removed meanwhile.
    async fn outcomes(&mut self) -> Result<u64> {
        let (mut after, mut count) = (None, 0);
        loop {
            let (ours, theirs) =
                tokio::join!(self.copy.from.outcomes(after, PAGE), self.copy.to.outcomes(after, PAGE));
            let (ours, mut theirs) = (ours?, theirs?);
            let Some(last) = ours.last() else { return Ok(count) };
            let last = last.command_id;
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
                    self.tell_of(format!("the outcome of the command {}", outcome.command_id));
                }
            }
            count += ours.len() as u64;
            after = Some(last);
        }
    }

    async fn deadlines(&mut self) -> Result<u64> {
        let (mut after, mut count) = (None, 0);
        loop {
            let (ours, theirs) = tokio::join!(
                self.copy.from.deadlines(after.as_ref(), PAGE),
                self.copy.to.deadlines(after.as_ref(), PAGE)
            );
            let (ours, theirs) = (ours?, theirs?);
            if ours != theirs {
                self.tell_of(format!("the deadlines behind the {count} first"));
            }
            let Some(last) = ours.last() else { return Ok(count) };
            after = Some(last.clone());
            count += ours.len() as u64;
        }
    }

    /// How many of one type there are, and those that differ.
    async fn aggregates(
        &mut self,
        known: &dyn AggregateType,
        tell: &mut (impl FnMut(Progress) + Send),
    ) -> Result<(u64, BTreeSet<Named>)> {
        let (mut after, mut count, mut differing) = (None, 0, BTreeSet::new());
        let named = |id| Named { id, aggregate_type: known.name().to_owned() };
        loop {
            let (ours, theirs) =
                tokio::join!(page(self.copy.from, known, after), page(self.copy.to, known, after));
            let (mut ours, mut theirs) = (ours?, theirs?);
            let id = |loaded: &Loaded| loaded.id;
            let end = super::sorted::cut(&mut ours, &mut theirs, PAGE, id);
            for loaded in &ours {
                let found = theirs.binary_search_by_key(&loaded.id, id);
                let found = found.ok().and_then(|index| theirs.get(index));
                if !found.is_some_and(|theirs| are_same(known, loaded, theirs)) {
                    differing.insert(named(loaded.id));
                }
            }
            for loaded in &theirs {
                if ours.binary_search_by_key(&loaded.id, id).is_err() {
                    differing.insert(named(loaded.id));
                }
            }
            count += ours.len() as u64;
            self.compared += ours.len() as u64;
            tell(Progress::Compared(self.compared));
            match end {
                Some(end) => after = Some(end),
                None => return Ok((count, differing)),
            }
        }
    }

    fn differ(&mut self, named: &Named) {
        self.tell_of(format!("the {} {}", named.aggregate_type, named.id));
    }

    fn tell_of(&mut self, what: String) {
        if self.found.len() < TOLD {
            self.found.push(what);
        }
    }
}

fn are_same(known: &dyn AggregateType, ours: &Loaded, theirs: &Loaded) -> bool {
    ours.version == theirs.version && known.difference(&ours.state, &theirs.state).is_none()
}

async fn page(of: &dyn Transfer, known: &dyn AggregateType, after: Option<Uuid>) -> Result<Vec<Loaded>> {
    of.select(Selection { aggregate_type: known.name(), criteria: &(), after, limit: PAGE }).await
}
