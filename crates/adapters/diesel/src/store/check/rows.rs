//! Stored states that no event accounts for.

use portolan_kernel::{AggregateKey, FIND_LIMIT};
use uuid::Uuid;

use super::super::heads::Heads;
use super::super::keeping::Keeping;
use super::super::{Conn, Fault};
use super::{Finding, said};

/// Looks at a page of stored states, and answers where to go on.
pub(super) fn page(
    conn: &mut Conn,
    aggregate_type: &'static str,
    keeping: &Keeping,
    after: Option<Uuid>,
) -> Result<(Option<Uuid>, Vec<Finding>), Fault> {
    let page = match keeping.stored_ids(conn, aggregate_type, after, FIND_LIMIT) {
        Ok(page) => page,
        Err(fault) if fault.is_of_content() => {
            // Which row it is was told when the aggregate was compared; what follows on this page is not looked at.
            let what = format!("a page of stored states of type {aggregate_type}");
            return Ok((None, vec![Finding::Unreadable { what, why: said(&fault) }]));
        }
        Err(fault) => return Err(fault),
    };
    let (mut findings, mut heads) = (Vec::new(), Heads::default());
    let key = |id: &Uuid| AggregateKey { aggregate_type, id: *id };
    heads.prefetch(conn, page.iter().map(key))?;
    for id in &page {
        if heads.newest(conn, key(id))?.is_none() {
            let aggregate_type = aggregate_type.to_owned();
            findings.push(Finding::StateWithoutEvents { aggregate_type, id: *id });
        }
    }
    let next = if page.len() < FIND_LIMIT { None } else { page.last().copied() };
    Ok((next, findings))
}
