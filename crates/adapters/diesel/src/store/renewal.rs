//! States made of histories: where a copy's journal has come further than its aggregates.

use std::any::Any;
use std::collections::BTreeMap;
use std::sync::Arc;

use diesel::prelude::*;
use portolan_kernel::{AggregateKey, AggregateType, Envelope, Named, REMOVED, Replayed, Result, Version};
use uuid::Uuid;

use super::ids::DbUuid;
use super::keeping::Keeping;
use super::mapper::{StoredAny, Write};
use super::tables::journal as events;
use super::{Conn, Fault, journal};
use crate::rows::Rows;

/// How many aggregates are brought up in one transaction.
pub(super) const AT_ONCE: usize = 200;

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
        let mut since: BTreeMap<Uuid, Since> =
            ids.iter().map(|id| (*id, Since::nothing(AggregateKey { aggregate_type, id: *id }))).collect();
        for stored in keeping.load_stored(conn, aggregate_type, &ids)? {
            since.entry(stored.id).and_modify(|since| since.begin_with(stored));
        }
        let beyond: Vec<_> = since.iter().map(|(id, since)| (*id, since.before)).collect();
        journal::each_history(conn, aggregate_type, &beyond, |id, events| match since.get_mut(&id) {
            Some(since) => since.take(known, events),
            None => Ok(()),
        })?;
        for since in since.values() {
            if since.now.version > since.before && (since.existed || since.now.state.is_some()) {
                keeping.collect(&since.write(), &mut rows)?;
            }
        }
    }
    Ok(rows.write(conn)?)
}

impl Since {
    const fn nothing(key: AggregateKey) -> Self {
        let now = Replayed { state: None, version: Version::ZERO };
        Self { key, before: Version::ZERO, existed: false, was_removed: false, events: Vec::new(), now }
    }

    fn begin_with(&mut self, stored: StoredAny) {
        (self.existed, self.before) = (true, stored.version);
        self.now = Replayed { state: Some(stored.state), version: stored.version };
    }

    /// And these events.
    fn take(&mut self, known: &dyn AggregateType, events: &[Envelope]) -> Result<(), Fault> {
        self.was_removed |= events.iter().any(|event| event.event_type == REMOVED);
        // Where it is written whole, nobody asks what happened.
        if self.existed && !self.was_removed {
            self.events.push(known.typed_events(events)?);
        }
        self.now = known.replay(std::mem::take(&mut self.now), events)?;
        Ok(())
    }

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
