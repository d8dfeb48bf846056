//! A page of aggregates: the history of each replayed, beside its stored state.

use std::collections::BTreeMap;

use diesel::dsl::count_star;
use diesel::prelude::*;
use portolan_kernel::{Envelope, Named, Position, READ_LIMIT, Replayed, Result, Version};
use uuid::Uuid;

use super::super::ids::DbUuid;
use super::super::keeping::Keeping;
use super::super::mapper::StoredAny;
use super::super::{Conn, Fault, journal, tables};
use super::difference::fields_that_differ;
use super::{Finding, said};
use crate::Storage;

/// How many aggregates are compared at once at the most.
const AT_ONCE: i64 = 200;

/// The states, or snapshots, of some aggregates: what cannot be read is the finding of its own aggregate alone.
type Loaded = BTreeMap<Uuid, Result<StoredAny, Fault>>;

/// What a page of aggregates shows.
pub(super) struct Page {
    /// Where to go on; `None` behind the last one of all.
    pub(super) last: Option<Named>,
    pub(super) aggregates: u64,
    pub(super) findings: Vec<Finding>,
}

/// Compares the aggregates behind `after`, in the order of ids and types: so many as have about as many events as are
/// read of a journal at once, for all of them are compared within one snapshot.
pub(super) fn page(conn: &mut Conn, after: Option<&Named>, keeping: &Keeping) -> Result<Page, Fault> {
    let names = names(conn, after)?;
    let mut of_type: BTreeMap<&str, Vec<Uuid>> = BTreeMap::new();
    for named in &names {
        of_type.entry(&named.aggregate_type).or_default().push(named.id);
    }
    let mut findings = Vec::new();
    for (aggregate_type, ids) in of_type {
        compare_all(conn, aggregate_type, &ids, keeping, &mut findings)?;
    }
    Ok(Page { aggregates: names.len() as u64, last: names.into_iter().next_back(), findings })
}

fn names(conn: &mut Conn, after: Option<&Named>) -> Result<Vec<Named>, Fault> {
    use tables::journal::dsl;
    let mut page = dsl::journal
        .group_by((dsl::aggregate_id, dsl::aggregate_type))
        .select((dsl::aggregate_id, dsl::aggregate_type, count_star()))
        .order((dsl::aggregate_id, dsl::aggregate_type))
        .limit(AT_ONCE)
        .into_boxed();
    if let Some(Named { id, aggregate_type }) = after {
        let of_the_same = dsl::aggregate_id.eq(DbUuid(*id)).and(dsl::aggregate_type.gt(aggregate_type));
        // The first condition is what an index can begin at.
        page = page
            .filter(dsl::aggregate_id.ge(DbUuid(*id)))
            .filter(dsl::aggregate_id.gt(DbUuid(*id)).or(of_the_same));
    }
    let rows: Vec<(DbUuid, String, i64)> = page.load(conn)?;
    let mut before = 0;
    let fit = rows.into_iter().take_while(|(_, _, events)| {
        let fits = before == 0 || before + events <= READ_LIMIT as i64;
        before += events;
        fits
    });
    Ok(fit.map(|(id, aggregate_type, _)| Named { id: id.0, aggregate_type }).collect())
}

/// Compares these aggregates of one type.
fn compare_all(
    conn: &mut Conn,
    aggregate_type: &str,
    ids: &[Uuid],
    keeping: &Keeping,
    findings: &mut Vec<Finding>,
) -> Result<(), Fault> {
    let walk = |id: &Uuid| (*id, Walk::new(*id, aggregate_type, keeping));
    let mut walks: BTreeMap<Uuid, Walk<'_>> = ids.iter().map(walk).collect();
    for (id, snapshot) in load(ids, |ids| keeping.snapshots(conn, aggregate_type, ids))? {
        walks.entry(id).and_modify(|walk| walk.expect_snapshot(snapshot));
    }
    let whole: Vec<_> = ids.iter().map(|id| (*id, Version::ZERO)).collect();
    journal::each_history(conn, aggregate_type, &whole, |id, events| {
        walks.entry(id).and_modify(|walk| walk.take(events));
        Ok(())
    })?;
    let mut states = match keeping.storage() {
        // The replay is the state.
        Storage::Events => None,
        Storage::Relational | Storage::Document => {
            Some(load(ids, |ids| keeping.load(conn, aggregate_type, ids))?)
        }
    };
    for (id, walk) in walks {
        let (found, replayed) = walk.end();
        findings.extend(found);
        let stored = states.as_mut().map(|states| states.remove(&id).transpose());
        match compare(id, aggregate_type, replayed, stored, keeping) {
            Ok(found) => findings.extend(found),
            Err(fault) if fault.is_of_content() => {
                findings
                    .push(Finding::Unreadable { what: format!("{aggregate_type} {id}"), why: said(&fault) });
            }
            Err(fault) => return Err(fault),
        }
    }
    Ok(())
}

/// Loads these all at once; where that shows something that cannot be read, one by one, to know what it is of.
fn load(
    ids: &[Uuid],
    mut at_once: impl FnMut(&[Uuid]) -> Result<Vec<StoredAny>, Fault>,
) -> Result<Loaded, Fault> {
    match at_once(ids) {
        Ok(all) => return Ok(all.into_iter().map(|stored| (stored.id, Ok(stored))).collect()),
        Err(fault) if fault.is_of_content() => {}
        Err(fault) => return Err(fault),
    }
    let mut loaded = Loaded::new();
    for id in ids {
        match at_once(std::slice::from_ref(id)) {
            Ok(one) => loaded.extend(one.into_iter().map(|stored| (*id, Ok(stored)))),
            Err(fault) if fault.is_of_content() => drop(loaded.insert(*id, Err(fault))),
            Err(fault) => return Err(fault),
        }
    }
    Ok(loaded)
}

/// A history on its way past, of which only what it leaves is kept.
struct Walk<'a> {
    id: Uuid,
    aggregate_type: &'a str,
    keeping: &'a Keeping,
    /// What was stored on the way: to be compared when the replay is there.
    snapshot: Option<StoredAny>,
    version: Version,
    position: Position,
    findings: Vec<Finding>,
    replayed: Result<Replayed>,
}

impl<'a> Walk<'a> {
    fn new(id: Uuid, aggregate_type: &'a str, keeping: &'a Keeping) -> Self {
        Self {
            id,
            aggregate_type,
            keeping,
            snapshot: None,
            version: Version::ZERO,
            position: Position::ZERO,
            findings: Vec::new(),
            replayed: Ok(Replayed::default()),
        }
    }

    /// Takes note of a snapshot, which the replay is to be compared with when it is there.
    fn expect_snapshot(&mut self, snapshot: Result<StoredAny, Fault>) {
        match snapshot {
            Ok(snapshot) => self.snapshot = Some(snapshot),
            Err(fault) => {
                let what = format!("the snapshot of {} {}", self.aggregate_type, self.id);
                self.findings.push(Finding::Unreadable { what, why: said(&fault) });
            }
        }
    }

    /// Goes on with the next page. What does not replay ends the replay and not the look at the versions.
    fn take(&mut self, page: &[Envelope]) {
        self.look_at_versions(page);
        let at = self.snapshot.as_ref().map(|snapshot| snapshot.version);
        let is_until = |event: &Envelope| at.is_some_and(|at| event.version <= at);
        let (until, beyond) = page.split_at_checked(page.partition_point(is_until)).unwrap_or((page, &[]));
        self.replay(until);
        let last = until.last().map(|event| event.version);
        if let Some(snapshot) = self.snapshot.take_if(|snapshot| Some(snapshot.version) == last) {
            self.compare_with(&snapshot);
        }
        self.replay(beyond);
    }

    fn replay(&mut self, events: &[Envelope]) {
        let so_far = std::mem::replace(&mut self.replayed, Ok(Replayed::default()));
        let known = self.keeping.known(self.aggregate_type);
        self.replayed = so_far.and_then(|so_far| known?.replay(so_far, events));
    }

    fn compare_with(&mut self, snapshot: &StoredAny) {
        let Ok(replayed) = &self.replayed else { return };
        let (aggregate_type, id) = (self.aggregate_type.to_owned(), self.id);
        let known = self.keeping.known(self.aggregate_type).map_err(Fault::from);
        let differ = match &replayed.state {
            None => Ok(vec!["all of it".to_owned()]),
            Some(state) => known.and_then(|known| fields_that_differ(known, &snapshot.state, state)),
        };
        match differ {
            Ok(fields) if fields.is_empty() => {}
            Ok(fields) => {
                let version = snapshot.version;
                self.findings.push(Finding::SnapshotDiffers { aggregate_type, id, version, fields });
            }
            Err(fault) => {
                let what = format!("the snapshot of {aggregate_type} {id}");
                self.findings.push(Finding::Unreadable { what, why: said(&fault) });
            }
        }
    }

    /// What was found, and what the whole history leaves.
    fn end(mut self) -> (Vec<Finding>, Result<Replayed>) {
        if let Some(snapshot) = self.snapshot {
            self.findings.push(Finding::VersionDiffers {
                aggregate_type: self.aggregate_type.to_owned(),
                id: self.id,
                stored: snapshot.version,
                newest: self.version,
            });
        }
        (self.findings, self.replayed)
    }

    /// Versions go from 1 without a gap, in the order of positions.
    fn look_at_versions(&mut self, page: &[Envelope]) {
        for event in page {
            let (id, expected, found) = (self.id, self.version.plus(1), event.version);
            if found != expected || event.position <= self.position {
                let aggregate_type = event.aggregate_type.clone();
                self.findings.push(Finding::VersionGap { aggregate_type, id, expected, found });
            }
            (self.version, self.position) = (found, event.position);
        }
    }
}

/// What an aggregate's history leaves, and what is stored of it, where its state is stored at all.
fn compare(
    id: Uuid,
    aggregate_type: &str,
    replayed: Result<Replayed>,
    stored: Option<Result<Option<StoredAny>, Fault>>,
    keeping: &Keeping,
) -> Result<Vec<Finding>, Fault> {
    let Replayed { state: replayed, version: newest } = replayed?;
    let known = keeping.known(aggregate_type)?;
    let Some(stored) = stored.transpose()? else { return Ok(Vec::new()) };
    let aggregate_type = aggregate_type.to_owned();
    Ok(match (stored, replayed) {
        (None, None) => Vec::new(),
        (None, Some(_)) => vec![Finding::StateMissing { aggregate_type, id }],
        (Some(_), None) => vec![Finding::StateWithoutEvents { aggregate_type, id }],
        (Some(stored), Some(replayed)) => {
            let mut findings = Vec::new();
            let fields = fields_that_differ(known, &stored.state, &replayed)?;
            if !fields.is_empty() {
                findings.push(Finding::StateDiffers { aggregate_type: aggregate_type.clone(), id, fields });
            }
            if stored.version != newest {
                findings.push(Finding::VersionDiffers { aggregate_type, id, stored: stored.version, newest });
            }
            findings
        }
    })
}
