//! One aggregate: its history replayed, beside its stored state.

use diesel::prelude::*;
use portolan_kernel::{Envelope, Error, Position, READ_LIMIT, Registry, Until, Version};
use uuid::Uuid;

use super::super::ids::DbUuid;
use super::super::{Conn, Fault, Mappers, journal, tables};
use super::difference::fields_that_differ;
use super::{Finding, said};

/// Compares the aggregate with the next id; `None` behind the last.
pub(super) fn next(
    conn: &mut Conn,
    after: Option<Uuid>,
    mappers: &Mappers,
    registry: &Registry,
) -> Result<Option<(Uuid, Vec<Finding>)>, Fault> {
    let Some(id) = next_id(conn, after)? else { return Ok(None) };
    let history = history(conn, id)?;
    let mut findings = versions(id, &history);
    let Some(first) = history.first() else { return Ok(Some((id, findings))) };
    match compare(conn, id, first, &history, mappers, registry) {
        Ok(more) => findings.extend(more),
        Err(fault) if fault.is_answer() => {
            let what = format!("{} {id}", first.aggregate_type);
            findings.push(Finding::Unreadable { what, why: said(&fault) });
        }
        Err(fault) => return Err(fault),
    }
    Ok(Some((id, findings)))
}

fn next_id(conn: &mut Conn, after: Option<Uuid>) -> Result<Option<Uuid>, Fault> {
    use tables::journal::dsl;
    let next: Option<DbUuid> = match after {
        None => dsl::journal.order(dsl::aggregate_id).select(dsl::aggregate_id).first(conn).optional()?,
        Some(after) => dsl::journal
            .filter(dsl::aggregate_id.gt(DbUuid(after)))
            .order(dsl::aggregate_id)
            .select(dsl::aggregate_id)
            .first(conn)
            .optional()?,
    };
    Ok(next.map(|id| id.0))
}

fn history(conn: &mut Conn, id: Uuid) -> Result<Vec<Envelope>, Fault> {
    let mut history: Vec<Envelope> = Vec::new();
    loop {
        let after = history.last().map_or(Version::ZERO, |last| last.version);
        let mut page = journal::history(conn, id, after, Until::Now, READ_LIMIT)?;
        let is_last = page.len() < READ_LIMIT;
        history.append(&mut page);
        if is_last {
            return Ok(history);
        }
    }
}

/// Versions go from 1 without a gap, in the order of positions, and belong to one type.
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
    first: &Envelope,
    history: &[Envelope],
    mappers: &Mappers,
    registry: &Registry,
) -> Result<Vec<Finding>, Fault> {
    let aggregate_type = first.aggregate_type.clone();
    if let Some(other) = history.iter().find(|event| event.aggregate_type != aggregate_type) {
        let position = other.position;
        return Err(Error::Invalid(format!("position {position} is of another type")).into());
    }
    let known = registry.get(&aggregate_type)?;
    let stored = mappers.get(&aggregate_type)?.load(conn, id)?;
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
