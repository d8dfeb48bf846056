//! One aggregate: its history replayed, beside its stored state.

use diesel::prelude::*;
use portolan_kernel::{Envelope, Position, Registry, Replayed, Result, Until, Version};
use uuid::Uuid;

use super::super::ids::DbUuid;
use super::super::{Conn, Fault, Mappers, journal, tables};
use super::difference::fields_that_differ;
use super::{Finding, said};

/// How many events of a history are read, and held, at once.
const PAGE: usize = 1_000;

/// An aggregate as the journal names it: its id, and its type, which this program may not know.
pub(super) type Named = (Uuid, String);

/// Compares the aggregate behind `after`, in the order of ids and types; `None` behind the last.
pub(super) fn next(
    conn: &mut Conn,
    after: Option<&Named>,
    mappers: &Mappers,
    registry: &Registry,
) -> Result<Option<(Named, Vec<Finding>)>, Fault> {
    let Some((id, aggregate_type)) = next_name(conn, after)? else { return Ok(None) };
    let mut walk = Walk::new(id, &aggregate_type, registry);
    loop {
        let page = journal::history(conn, &aggregate_type, id, walk.version, Until::Now, PAGE)?;
        if page.is_empty() {
            break;
        }
        walk.take(&page);
    }
    let Walk { mut findings, replayed, .. } = walk;
    match compare(conn, id, &aggregate_type, replayed, mappers, registry) {
        Ok(more) => findings.extend(more),
        Err(fault) if fault.is_answer() => {
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
    registry: &'a Registry,
    version: Version,
    position: Position,
    findings: Vec<Finding>,
    replayed: Result<Replayed>,
}

impl<'a> Walk<'a> {
    fn new(id: Uuid, aggregate_type: &'a str, registry: &'a Registry) -> Self {
        let replayed = Ok(Replayed::default());
        let (version, position) = (Version::ZERO, Position::ZERO);
        Self { id, aggregate_type, registry, version, position, findings: Vec::new(), replayed }
    }

    /// Goes on with the next page. What does not replay ends the replay and not the look at the versions.
    fn take(&mut self, page: &[Envelope]) {
        self.look_at_versions(page);
        let so_far = std::mem::replace(&mut self.replayed, Ok(Replayed::default()));
        let known = self.registry.get(self.aggregate_type);
        self.replayed = so_far.and_then(|so_far| known?.replay(so_far, page));
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
    mappers: &Mappers,
    registry: &Registry,
) -> Result<Vec<Finding>, Fault> {
    let Replayed { state: replayed, version: newest } = replayed?;
    let known = registry.get(aggregate_type)?;
    let stored = mappers.get(aggregate_type)?.load(conn, &[id]).map_err(Fault::from)?.pop();
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
