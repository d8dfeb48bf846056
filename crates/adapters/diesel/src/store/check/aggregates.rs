//! One aggregate: its history replayed, beside its stored state.

use diesel::prelude::*;
use portolan_kernel::{Envelope, Position, Replayed, Result, Until, Version};
use uuid::Uuid;

use super::super::ids::DbUuid;
use super::super::keeping::Keeping;
use super::super::mapper::StoredAny;
use super::super::{Conn, Fault, journal, tables};
use super::difference::fields_that_differ;
use super::{Finding, said};
use crate::Storage;

/// How many events of a history are read, and held, at once.
const PAGE: usize = 1_000;

/// An aggregate as the journal names it: its id, and its type, which this program may not know.
pub(super) type Named = (Uuid, String);

/// Compares the aggregate behind `after`, in the order of ids and types; `None` behind the last.
pub(super) fn next(
    conn: &mut Conn,
    after: Option<&Named>,
    keeping: &Keeping,
) -> Result<Option<(Named, Vec<Finding>)>, Fault> {
    let Some((id, aggregate_type)) = next_name(conn, after)? else { return Ok(None) };
    let mut walk = Walk::new(id, &aggregate_type, keeping);
    walk.expect_snapshot(conn)?;
    loop {
        let page = journal::history(conn, &aggregate_type, id, walk.version, Until::Now, PAGE)?;
        if page.is_empty() {
            break;
        }
        walk.take(&page);
    }
    let (mut findings, replayed) = walk.end();
    match compare(conn, id, &aggregate_type, replayed, keeping) {
        Ok(more) => findings.extend(more),
        Err(fault) if fault.is_of_content() => {
            findings.push(Finding::Unreadable { what: format!("{aggregate_type} {id}"), why: said(&fault) });
        }
        Err(fault) => return Err(fault),
    }
    Ok(Some(((id, aggregate_type), findings)))
}

fn next_name(conn: &mut Conn, after: Option<&Named>) -> Result<Option<Named>, Fault> {
    use tables::journal::dsl;
    let names = dsl::journal
        .order((dsl::aggregate_id, dsl::aggregate_type))
        .select((dsl::aggregate_id, dsl::aggregate_type));
    let mut next: Option<(DbUuid, String)> = None;
    if let Some((id, aggregate_type)) = after {
        let same_id = dsl::aggregate_id.eq(DbUuid(*id)).and(dsl::aggregate_type.gt(aggregate_type));
        next = names.filter(same_id).first(conn).optional()?;
    }
    if next.is_none() {
        next = match after {
            None => names.first(conn).optional()?,
            Some((id, _)) => names.filter(dsl::aggregate_id.gt(DbUuid(*id))).first(conn).optional()?,
        };
    }
    Ok(next.map(|(id, aggregate_type)| (id.0, aggregate_type)))
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

    /// Looks for a snapshot, which the replay is to be compared with when it is there.
    fn expect_snapshot(&mut self, conn: &mut Conn) -> Result<(), Fault> {
        match self.keeping.snapshot(conn, self.aggregate_type, self.id) {
            Ok(snapshot) => self.snapshot = snapshot,
            Err(fault) if fault.is_of_content() => {
                let what = format!("the snapshot of {} {}", self.aggregate_type, self.id);
                self.findings.push(Finding::Unreadable { what, why: said(&fault) });
            }
            Err(fault) => return Err(fault),
        }
        Ok(())
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

fn compare(
    conn: &mut Conn,
    id: Uuid,
    aggregate_type: &str,
    replayed: Result<Replayed>,
    keeping: &Keeping,
) -> Result<Vec<Finding>, Fault> {
    let Replayed { state: replayed, version: newest } = replayed?;
    let known = keeping.known(aggregate_type)?;
    if keeping.storage() == Storage::Events {
        // The replay is the state.
        return Ok(Vec::new());
    }
    let stored = keeping.load(conn, aggregate_type, &[id])?.pop();
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
