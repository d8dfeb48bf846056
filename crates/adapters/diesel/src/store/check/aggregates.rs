//! One aggregate: its history replayed, beside its stored state.

use diesel::prelude::*;
use portolan_kernel::{Envelope, Position, READ_LIMIT, Registry, Until, Version};
use uuid::Uuid;

use super::super::ids::DbUuid;
use super::super::{Conn, Fault, Mappers, journal, tables};
use super::difference::fields_that_differ;
use super::{Finding, said};

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
    let history = history(conn, &aggregate_type, id)?;
    let mut findings = versions(id, &history);
    match compare(conn, id, &aggregate_type, &history, mappers, registry) {
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

fn history(conn: &mut Conn, aggregate_type: &str, id: Uuid) -> Result<Vec<Envelope>, Fault> {
    let mut history: Vec<Envelope> = Vec::new();
    loop {
        let after = history.last().map_or(Version::ZERO, |last| last.version);
        let mut page = journal::history(conn, aggregate_type, id, after, Until::Now, READ_LIMIT)?;
        let is_last = page.len() < READ_LIMIT;
        history.append(&mut page);
        if is_last {
            return Ok(history);
        }
    }
}

/// Versions go from 1 without a gap, in the order of positions.
fn versions(id: Uuid, history: &[Envelope]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let (mut version, mut position) = (Version::ZERO, Position::ZERO);
    for event in history {
        let expected = version.plus(1);
        if event.version != expected || event.position <= position {
            let aggregate_type = event.aggregate_type.clone();
            findings.push(Finding::VersionGap { aggregate_type, id, expected, found: event.version });
        }
        (version, position) = (event.version, event.position);
    }
    findings
}

fn compare(
    conn: &mut Conn,
    id: Uuid,
    aggregate_type: &str,
    history: &[Envelope],
    mappers: &Mappers,
    registry: &Registry,
) -> Result<Vec<Finding>, Fault> {
    let known = registry.get(aggregate_type)?;
    let stored = mappers.get(aggregate_type)?.load(conn, id)?;
    let aggregate_type = aggregate_type.to_owned();
    let (replayed, newest) = known.replay(history)?;
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
