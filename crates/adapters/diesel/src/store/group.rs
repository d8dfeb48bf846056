//! Check first, then write: what happens to a group of change sets inside one transaction.

use std::collections::HashMap;

use portolan_kernel::{
    AggregateKey, Change, ChangeSet, Committed, Error, Expected, Position, REMOVED, Result, Timestamp,
    Version, check_expected,
};

use super::commands::{Look, Records};
use super::heads::{Heads, Newest};
use super::journal::{NewEvents, NewRow};
use super::keeping::Keeping;
use super::mapper::Write;
use super::{Conn, Fault, engine};
use crate::rows::{RowConn, Rows};

/// What was decided about a group: an answer for each change set, in order, and how much was written.
pub(super) struct Decided {
    pub(super) answers: Vec<Result<Committed>>,
    pub(super) written: Written,
}

/// How much was written, for the log's sake.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Written {
    pub(super) rows: usize,
    pub(super) bytes: usize,
}

impl Written {
    /// About how many pages it took: one for each row, and more for long ones.
    pub(super) const fn pages(self) -> u64 {
        (self.rows + self.bytes / 2_048) as u64
    }
}

/// A group that is decided on, and of which nothing is written before all of it is. Lives inside one write transaction; where
/// a step of it fails, the transaction is to be rolled back and `heads` forgets.
pub(super) struct Group {
    now: Timestamp,
    records: Records,
    /// One for each change set, in order.
    verdicts: Vec<Verdict>,
}

impl Group {
    /// One that is written at this time.
    pub(super) fn new(now: Timestamp, look: Look) -> Self {
        Self { now, records: Records::new(now, look), verdicts: Vec::new() }
    }

    /// Decides who of these wins, behind those that were decided on before.
    ///
    /// A change set sees the ones before it as if they were committed: it may build on them, and conflicts with them like
    /// with any other.
    pub(super) fn decide(
        &mut self,
        conn: &mut Conn,
        heads: &mut Heads,
        sets: &[&ChangeSet],
    ) -> Result<(), Fault> {
        heads.prefetch(conn, sets.iter().flat_map(|set| set.expectations().map(|(key, _)| key)))?;
        self.records.prefetch(conn, sets)?;
        for set in sets {
            self.verdicts.push(decide(conn, heads, &mut self.records, set)?);
        }
        Ok(())
    }

    /// Whether the change set with this number is refused because the aggregates have moved on. It may be a repeat.
    pub(super) fn is_in_conflict(&self, index: usize) -> bool {
        matches!(self.verdicts.get(index), Some(Verdict::Answered(Err(Error::Conflict { .. }))))
    }

    /// Looks whether those of these that are refused are repeats, before they are told: one is answered as the first time,
    /// whatever has happened to the aggregates since. These are all that were decided on.
    pub(super) fn find_repeats(&mut self, conn: &mut Conn, sets: &[&ChangeSet]) -> Result<(), Fault> {
        let is_refused = |verdict: &Verdict| matches!(verdict, Verdict::Answered(Err(_)));
        let refused = sets.iter().zip(&mut self.verdicts).filter(|(_, verdict)| is_refused(verdict));
        let refused: Vec<_> = refused.collect();
        self.records.look_up_all(conn, refused.iter().map(|(set, _)| set.command_id))?;
        for (set, verdict) in refused {
            if let Some(recorded) = self.records.look_up(conn, set.command_id)? {
                *verdict = Verdict::Answered(Ok(Committed::repeated(set, &recorded)));
            }
        }
        Ok(())
    }

    /// Lets go of those that were overtaken, with what each is to be told.
    pub(super) fn take_overtaken(&mut self) -> Vec<Option<Error>> {
        let mut told = Vec::with_capacity(self.verdicts.len());
        self.verdicts.retain(|verdict| {
            let conflict = match verdict {
                Verdict::Answered(Err(error @ Error::Conflict { .. })) => Some(error.clone()),
                _ => None,
            };
            let stays = conflict.is_none();
            told.push(conflict);
            stays
        });
        told
    }

    /// Writes the winners of these, which are all that were decided on and are still of the group, and that the journal ends
    /// at `raised`, unless that is left to the commit: then that is answered.
    pub(super) fn write(
        self,
        conn: &mut Conn,
        keeping: &Keeping,
        sets: &[&ChangeSet],
        raised: Option<i64>,
    ) -> Result<(Decided, Option<i64>), Fault> {
        let Self { now, records, verdicts } = self;
        let mut answers = Vec::with_capacity(sets.len());
        let mut winners = Vec::with_capacity(sets.len());
        let mut written = Written::default();
        for (&change_set, verdict) in sets.iter().zip(verdicts) {
            answers.push(match verdict {
                Verdict::Accepted { committed, versions, after } => {
                    written.rows += usize::from(change_set.idempotency.is_some());
                    winners.push(Winner { change_set, versions, after });
                    Ok(committed)
                }
                Verdict::Answered(answer) => answer,
            });
        }
        let rows = rows_of(keeping, &winners)?;
        let events = events_of(now, &winners, &mut written);
        written.rows += rows.len() + events.len();
        let mut joint = <Conn as RowConn>::Joint::default();
        records.write(conn, &mut joint)?;
        rows.write_with(conn, &mut joint)?;
        engine::insert(conn, &events, &mut joint)?;
        let left = raised.and_then(|last| engine::raise(&mut joint, last));
        conn.send(joint)?;
        Ok((Decided { answers, written }, left))
    }
}

enum Verdict {
    Accepted { committed: Committed, versions: Vec<Version>, after: Position },
    Answered(Result<Committed>),
}

struct Winner<'a> {
    change_set: &'a ChangeSet,
    /// The version that each change leads to.
    versions: Vec<Version>,
    /// The position before its first event.
    after: Position,
}

fn decide(
    conn: &mut Conn,
    heads: &mut Heads,
    records: &mut Records,
    set: &ChangeSet,
) -> Result<Verdict, Fault> {
    if let Some(refused) = check(conn, heads, set)? {
        return Ok(Verdict::Answered(Err(refused)));
    }
    let mut versions = Vec::with_capacity(set.changes.len());
    for change in &set.changes {
        let current = heads.newest(conn, change.key)?.map_or(Version::ZERO, |newest| newest.version);
        versions.push(change.version_after(current));
    }
    let after = heads.last();
    let events: usize = set.changes.iter().map(|change| change.events.len()).sum();
    let last = after.plus(events as u64);
    let outcome = set.outcome(&versions, last);
    let recorded = match set.idempotency {
        Some(idempotency) => records.record(conn, set.command_id, idempotency, &outcome)?,
        None => records.look_up(conn, set.command_id)?,
    };
    if let Some(recorded) = recorded {
        return Ok(Verdict::Answered(Ok(Committed::repeated(set, &recorded))));
    }
    for (change, version) in set.changes.iter().zip(&versions) {
        let event_id = change.events.last().map(|event| event.event_id);
        heads.set(change.key, Newest { version: *version, is_live: is_live(change), event_id });
    }
    heads.set_last(last);
    let committed = Committed::Done { outcome, versions: versions.clone() };
    Ok(Verdict::Accepted { committed, versions, after })
}

/// What the change set takes for granted and is not so.
fn check(conn: &mut Conn, heads: &mut Heads, set: &ChangeSet) -> Result<Option<Error>, Fault> {
    for (index, (key, expected)) in set.expectations().enumerate() {
        let current = heads.newest(conn, key)?.and_then(Newest::live_version);
        let is_change = index < set.changes.len();
        if let Expected::MadeBy(_, event_id) = expected
            && heads.is_made_by(conn, key, event_id)?
        {
            continue;
        }
        if let Err(refused) = check_expected(key, expected, current, is_change) {
            return Ok(Some(refused));
        }
    }
    Ok(None)
}

/// The rows of all winners: each aggregate once, however many change sets of the group have changed it.
fn rows_of(keeping: &Keeping, winners: &[Winner<'_>]) -> Result<Rows, Fault> {
    let mut writes: Vec<Write<'_>> = Vec::new();
    let mut index_of: HashMap<AggregateKey, usize> = HashMap::new();
    for winner in winners {
        for (change, version) in winner.change_set.changes.iter().zip(&winner.versions) {
            let index = *index_of.entry(change.key).or_insert_with(|| {
                writes.push(Write::begin(change, *version));
                writes.len() - 1
            });
            if let Some(write) = writes.get_mut(index) {
                write.add(change, *version);
            }
        }
    }
    let mut rows = Rows::new();
    for write in &writes {
        keeping.collect(write, &mut rows)?;
    }
    Ok(rows)
}

/// Their events, as the journal gets them.
fn events_of<'a>(now: Timestamp, winners: &[Winner<'a>], written: &mut Written) -> Vec<NewRow<'a>> {
    let mut rows = Vec::with_capacity(winners.len());
    for Winner { change_set, versions, after } in winners {
        let mut events = NewEvents::of(change_set, *after, now);
        for (change, version) in change_set.changes.iter().zip(versions) {
            rows.extend(events.rows(change, *version));
            for event in &change.events {
                written.bytes += event.payload.len() + change_set.metadata.len();
            }
        }
    }
    rows
}

fn is_live(change: &Change) -> bool {
    change.events.last().is_none_or(|event| event.event_type != REMOVED)
}
