//! States made of histories: where a copy's journal has come further than its aggregates.

use std::any::Any;
use std::collections::BTreeMap;
use std::sync::Arc;

use diesel::prelude::*;
use portolan_kernel::{AggregateKey, AggregateType, Named, REMOVED, Replayed, Result, Until, Version};
use uuid::Uuid;

use super::ids::DbUuid;
use super::keeping::Keeping;
use super::mapper::{StoredAny, Write};
use super::tables::journal as events;
use super::{Conn, Fault, journal};
use crate::rows::Rows;

/// How many aggregates are brought up in one transaction.
pub(super) const AT_ONCE: usize = 200;

/// How many events of a history are read, and held, at once.
const PAGE: usize = 1_000;

/// What happened to an aggregate since its state was stored.
struct Since {
    key: AggregateKey,
    before: Version,
    existed: bool,
    was_removed: bool,
    events: Vec<Arc<dyn Any + Send + Sync>>,
    now: Replayed,
}

/// Brings the next aggregates up to their histories, and answers the last of them.
pub(super) fn next(
    conn: &mut Conn,
    after: Option<&Named>,
    keeping: &Keeping,
) -> Result<Option<Named>, Fault> {
    let names = names_after(conn, after)?;
    renew(conn, &names, keeping)?;
    Ok(names.last().cloned())
}

/// Brings these aggregates up to their histories.
pub(super) fn renew(conn: &mut Conn, names: &[Named], keeping: &Keeping) -> Result<(), Fault> {
    let mut of_type: BTreeMap<&'static str, Vec<Uuid>> = BTreeMap::new();
    for named in names {
        of_type.entry(keeping.known(&named.aggregate_type)?.name()).or_default().push(named.id);
    }
    let mut rows = Rows::new();
    for (aggregate_type, ids) in of_type {
        let known = keeping.known(aggregate_type)?;
        let stored = keeping.load_stored(conn, aggregate_type, &ids)?;
        let mut stored: BTreeMap<Uuid, StoredAny> =
            stored.into_iter().map(|stored| (stored.id, stored)).collect();
        for id in ids {
            let since = since(conn, known, id, stored.remove(&id))?;
            if since.now.version > since.before && (since.existed || since.now.state.is_some()) {
                keeping.collect(&since.write(), &mut rows)?;
            }
        }
    }
    Ok(rows.write(conn)?)
}

fn since(
    conn: &mut Conn,
    known: &dyn AggregateType,
    id: Uuid,
    stored: Option<StoredAny>,
) -> Result<Since, Fault> {
    let key = AggregateKey { aggregate_type: known.name(), id };
    let existed = stored.is_some();
    let now = stored.map_or_else(Replayed::default, |stored| Replayed {
        state: Some(stored.state),
        version: stored.version,
    });
    let before = now.version;
    let mut since = Since { key, before, existed, was_removed: false, events: Vec::new(), now };
    loop {
        let page = journal::history(conn, known.name(), id, since.now.version, Until::Now, PAGE)?;
        if page.is_empty() {
            return Ok(since);
        }
        since.was_removed |= page.iter().any(|event| event.event_type == REMOVED);
        // Where it is written whole, nobody asks what happened.
        if existed && !since.was_removed {
            since.events.push(known.typed_events(&page)?);
        }
        since.now = known.replay(since.now, &page)?;
    }
}

impl Since {
    fn write(&self) -> Write<'_> {
        Write {
            key: self.key,
            before: self.before,
            version: self.now.version,
            existed: self.existed,
            begun_anew: self.existed && self.was_removed,
            state: self.now.state.as_ref(),
            events: self.events.iter().map(|events| &**events).collect(),
        }
    }
}

fn names_after(conn: &mut Conn, after: Option<&Named>) -> Result<Vec<Named>, Fault> {
    let mut page = events::table
        .select((events::aggregate_id, events::aggregate_type))
        .distinct()
        .order((events::aggregate_id, events::aggregate_type))
        .limit(AT_ONCE as i64)
        .into_boxed();
    if let Some(Named { id, aggregate_type }) = after {
        let of_the_same = events::aggregate_id.eq(DbUuid(*id)).and(events::aggregate_type.gt(aggregate_type));
        page = page
            .filter(events::aggregate_id.ge(DbUuid(*id)))
            .filter(events::aggregate_id.gt(DbUuid(*id)).or(of_the_same));
    }
    let rows: Vec<(DbUuid, String)> = page.load(conn)?;
    Ok(rows.into_iter().map(|(id, aggregate_type)| Named { id: id.0, aggregate_type }).collect())
}
