//! The journal by its positions: dense, in whole commits, each with the record of its command.

use portolan_kernel::{Clock, Envelope, Kept, Outcome, Position, READ_LIMIT};

use super::super::{Conn, Fault, commands, journal};
use super::{Finding, said};

/// How far the journal was looked at.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Seen {
    pub(super) position: Position,
    pub(super) events: u64,
}

/// Looks at the next events, whole commits of them.
pub(super) fn page(
    conn: &mut Conn,
    mut seen: Seen,
    clock: &dyn Clock,
) -> Result<(Seen, Vec<Finding>), Fault> {
    let mut findings = Vec::new();
    let page = journal::read(conn, seen.position, READ_LIMIT)?;
    for (index, event) in page.iter().enumerate() {
        if event.position != seen.position.plus(1) {
            findings.push(Finding::PositionGap { after: seen.position, before: event.position });
        }
        seen = Seen { position: event.position, events: seen.events + 1 };
        let ends_here = event.commit_position == event.position;
        let follows = page.get(index + 1).is_some_and(|next| next.commit_position == event.commit_position);
        if !ends_here && !follows || ends_here && follows {
            findings.push(Finding::TornCommit { position: event.position });
        }
        if ends_here {
            findings.extend(record_of(conn, event, clock)?);
        }
    }
    Ok((seen, findings))
}

/// What is wrong with the record of the command whose last event this is.
fn record_of(conn: &mut Conn, event: &Envelope, clock: &dyn Clock) -> Result<Option<Finding>, Fault> {
    let metadata = match event.metadata() {
        Ok(metadata) => metadata,
        Err(error) => {
            let what = format!("the metadata at position {}", event.position);
            return Ok(Some(Finding::Unreadable { what, why: error.to_string() }));
        }
    };
    let (command_id, position) = (metadata.command_id, event.position);
    let Some(kept) = metadata.kept else { return Ok(None) };
    let recorded = match commands::look_up(conn, command_id, clock.now()) {
        Ok(recorded) => recorded,
        Err(fault) if fault.is_of_content() => {
            let what = format!("the record of the command {command_id}");
            return Ok(Some(Finding::Unreadable { what, why: said(&fault) }));
        }
        Err(fault) => return Err(fault),
    };
    // The time is read after the record, so that a record that was removed in time is not missed.
    let is_due = match kept {
        Kept::Forever => true,
        Kept::Until(time) => time > clock.now(),
    };
    Ok(match recorded.map(|recorded| recorded.outcome) {
        None if is_due => Some(Finding::RecordMissing { command_id, position }),
        Some(Outcome::Accepted(receipt)) if receipt.position == position => None,
        Some(_) if is_due => Some(Finding::RecordDiffers { command_id, position }),
        // Its time is over: it is gone, or its id was taken again by a later command.
        _ => None,
    })
}
