//! The journal by its positions: dense, in whole commits, each with the record of its command.

use portolan_kernel::{Clock, Kept, Outcome, Position, READ_LIMIT};
use uuid::Uuid;

use super::super::{Conn, Fault, commands, journal};
use super::{Finding, said};

/// How far the journal was looked at.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Seen {
    pub(super) position: Position,
    pub(super) events: u64,
}

/// How many records are looked up at once.
const RECORDS_AT_ONCE: usize = 1_000;

/// A commit whose command has a record: that of its last event.
struct Ended {
    position: Position,
    command_id: Uuid,
    kept: Kept,
}

/// Looks at the next events, whole commits of them.
pub(super) fn page(
    conn: &mut Conn,
    mut seen: Seen,
    clock: &dyn Clock,
) -> Result<(Seen, Vec<Finding>), Fault> {
    let (mut findings, mut ended) = (Vec::new(), Vec::new());
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
        if !ends_here {
            continue;
        }
        let position = event.position;
        match event.metadata() {
            Ok(metadata) => ended.extend(metadata.kept.map(|kept| Ended {
                position,
                command_id: metadata.command_id,
                kept,
            })),
            Err(error) => {
                let what = format!("the metadata at position {position}");
                findings.push(Finding::Unreadable { what, why: error.to_string() });
            }
        }
    }
    for some in ended.chunks(RECORDS_AT_ONCE) {
        records(conn, some, clock, &mut findings)?;
    }
    Ok((seen, findings))
}

/// What is wrong with the records of these commands.
fn records(
    conn: &mut Conn,
    ended: &[Ended],
    clock: &dyn Clock,
    findings: &mut Vec<Finding>,
) -> Result<(), Fault> {
    let ids: Vec<Uuid> = ended.iter().map(|ended| ended.command_id).collect();
    let records = commands::look_up_each(conn, &ids, clock.now())?;
    // The time is read after the records, so that a record that was removed in time is not missed.
    let now = clock.now();
    for Ended { position, command_id, kept } in ended {
        let (position, command_id) = (*position, *command_id);
        let is_due = match kept {
            Kept::Forever => true,
            Kept::Until(time) => *time > now,
        };
        findings.extend(match records.get(&command_id) {
            Some(Err(fault)) => {
                let what = format!("the record of the command {command_id}");
                Some(Finding::Unreadable { what, why: said(fault) })
            }
            None if is_due => Some(Finding::RecordMissing { command_id, position }),
            Some(Ok(recorded)) => match &recorded.outcome {
                Outcome::Accepted(receipt) if receipt.position == position => None,
                _ if is_due => Some(Finding::RecordDiffers { command_id, position }),
                // Its time is over, and its id was taken again by a later command.
                _ => None,
            },
            // Its time is over, and it is gone.
            None => None,
        });
    }
    Ok(())
}
