//! Check first, then write: what happens to a group of change sets inside one transaction.

use std::collections::HashMap;

use portolan_kernel::{
    AggregateKey, Change, ChangeSet, Committed, Error, Expected, Position, REMOVED, Result, Timestamp,
    Version, check_expected,
};

use super::commands::Records;
use super::heads::{Heads, Newest};
use super::journal::NewEvents;
use super::keeping::Keeping;
use super::mapper::Write;
use super::{Conn, Fault, engine};
use crate::rows::Rows;

/// What was decided about a group: an answer for each change set, in order, and how much was written.
pub(super) struct Decided {
    pub(super) answers: Vec<Result<Committed>>,
    pub(super) written: Written,
}

impl Decided {
    /// As one, with what was decided after it in the same transaction.
    pub(super) fn add(&mut self, Self { answers, written }: Self) {
        self.answers.extend(answers);
        self.written.rows += written.rows;
        self.written.bytes += written.bytes;
    }
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

/// Decides who of these wins, and writes the winners. Runs inside a write transaction; where it fails, the
/// transaction is to be rolled back and `heads` forgets.
///
/// A change set sees the ones before it as if they were committed: it may build on them, and conflicts with them like
/// with any other.
pub(super) fn write(
    conn: &mut Conn,
    heads: &mut Heads,
    keeping: &Keeping,
    now: Timestamp,
    group: &[&ChangeSet],
) -> Result<Decided, Fault> {
    let mut answers = Vec::with_capacity(group.len());
    let mut winners = Vec::with_capacity(group.len());
    let mut written = Written::default();
    heads.prefetch(conn, group.iter().flat_map(|set| set.expectations().map(|(key, _)| key)))?;
    let mut records = Records::of(conn, group.iter().map(|set| set.command_id), now)?;
    for &change_set in group {
        let answer = match decide(conn, heads, &mut records, change_set)? {
            Verdict::Accepted { committed, versions, after } => {
                written.rows += usize::from(change_set.idempotency.is_some());
                winners.push(Winner { change_set, versions, after });
                Ok(committed)
            }
            Verdict::Answered(answer) => answer,
        };
        answers.push(answer);
    }
    records.write(conn)?;
    written.rows += write_rows(conn, keeping, &winners)?;
    write_journal(conn, now, &winners, &mut written)?;
    Ok(Decided { answers, written })
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
        // A repeat is answered as the first time, whatever has happened to the aggregates since.
        let recorded = records.look_up(conn, set.command_id)?;
        let answer = recorded.map_or(Err(refused), |recorded| Ok(Committed::repeated(set, &recorded)));
        return Ok(Verdict::Answered(answer));
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
fn write_rows(conn: &mut Conn, keeping: &Keeping, winners: &[Winner<'_>]) -> Result<usize, Fault> {
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
    rows.write(conn)?;
    Ok(rows.len())
}

fn write_journal(
    conn: &mut Conn,
    now: Timestamp,
    winners: &[Winner<'_>],
    written: &mut Written,
) -> Result<(), Fault> {
    let mut rows = Vec::with_capacity(winners.len());
    for Winner { change_set, versions, after } in winners {
        let mut events = NewEvents::of(change_set, *after, now);
        for (change, version) in change_set.changes.iter().zip(versions) {
            rows.extend(events.rows(change, *version));
            written.rows += change.events.len();
            for event in &change.events {
                written.bytes += event.payload.len() + change_set.metadata.len();
            }
        }
    }
    Ok(engine::insert(conn, &rows)?)
}

fn is_live(change: &Change) -> bool {
    change.events.last().is_none_or(|event| event.event_type != REMOVED)
}
