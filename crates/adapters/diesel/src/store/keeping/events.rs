//! Aggregates by their events alone: a state is the replay of the journal, and a snapshot from time to time lets a load
//! begin later than with the first event.

use std::collections::BTreeMap;

use diesel::prelude::*;
use portolan_kernel::{AggregateType, Replayed, Result, Version, WEIGHT_UNIT_BYTES};
use uuid::Uuid;

use super::super::ids::DbUuid;
use super::super::mapper::{StoredAny, Write};
use super::super::tables::{journal as events, snapshots as kept};
use super::super::{Conn, Fault, journal};
use super::documents::OfAny;
use super::{AT_ONCE, KeptState, Schema};
use crate::rows;
use crate::rows::Rows;

/// The table.
pub(super) const SCHEMA: Schema = Schema::new("snapshots")
    .sqlite(&[include_str!("../../../migrations/sqlite/snapshots_1.sql")])
    .postgres(&[include_str!("../../../migrations/postgres/snapshots_1.sql")])
    .mysql(&[include_str!("../../../migrations/mysql/snapshots_1.sql")]);

/// How many bytes of a state an event pays for at the most: a large state has its snapshots further apart, so that
/// writing them does not cost more than the events do.
const BYTES_AN_EVENT: u64 = 1_024;

rows! {
    /// The state of an aggregate as it was at `version`.
    pub(super) struct SnapshotRow in snapshots {
        key { id: OfAny, aggregate_type: String }
        changing { version: Version, schema_version: u32, state: String }
    }
}

pub(super) fn collect(
    known: &dyn AggregateType,
    write: &Write<'_>,
    snapshot_every: u64,
    rows: &mut Rows,
) -> Result<()> {
    let key = || (OfAny::from(write.key.id), known.name().to_owned());
    if write.existed && (write.begun_anew || write.state.is_none()) {
        rows.delete::<SnapshotRow>(key());
    }
    let Some(state) = write.state else { return Ok(()) };
    let by_weight = u64::from(known.weight(state)) * WEIGHT_UNIT_BYTES / BYTES_AN_EVENT;
    if !is_due(write.before, write.version, snapshot_every.max(by_weight.next_power_of_two())) {
        return Ok(());
    }
    let encoded = known.encode_state(state)?;
    let (id, aggregate_type) = key();
    rows.put(SnapshotRow {
        id,
        aggregate_type,
        version: write.version,
        schema_version: encoded.schema_version.into(),
        state: encoded.json,
    });
    Ok(())
}

/// Whether one of the versions beyond `before`, up to `after`, is a multiple of `every`: known without looking for the
/// last snapshot.
const fn is_due(before: Version, after: Version, every: u64) -> bool {
    before.get() / every < after.get() / every
}

pub(super) fn load(
    conn: &mut Conn,
    known: &dyn AggregateType,
    ids: &[Uuid],
) -> Result<Vec<StoredAny>, Fault> {
    let mut replayed: BTreeMap<Uuid, Replayed> = ids.iter().map(|id| (*id, Replayed::default())).collect();
    for StoredAny { id, version, state } in snapshots(conn, known, ids)? {
        replayed.insert(id, Replayed { state: Some(state), version });
    }
    let beyond: Vec<_> = replayed.iter().map(|(id, replayed)| (*id, replayed.version)).collect();
    journal::each_history(conn, known.name(), &beyond, |id, events| {
        if let Some(replayed) = replayed.get_mut(&id) {
            *replayed = known.replay(std::mem::take(replayed), events)?;
        }
        Ok(())
    })?;
    let stored = |(id, Replayed { state, version })| state.map(|state| StoredAny { id, version, state });
    Ok(replayed.into_iter().filter_map(stored).collect())
}

pub(super) fn page(
    conn: &mut Conn,
    known: &dyn AggregateType,
    mut after: Option<Uuid>,
    limit: usize,
) -> Result<Vec<StoredAny>, Fault> {
    let mut page = Vec::new();
    while page.len() < limit {
        let missing = limit - page.len();
        let ids = ever(conn, known.name(), after, missing)?;
        let mut found = load(conn, known, &ids)?;
        found.sort_unstable_by_key(|stored| stored.id);
        page.append(&mut found);
        if ids.len() < missing {
            break;
        }
        after = ids.last().copied();
    }
    Ok(page)
}

/// The ids that ever had an event of this type: each has one first.
fn ever(
    conn: &mut Conn,
    aggregate_type: &str,
    after: Option<Uuid>,
    limit: usize,
) -> Result<Vec<Uuid>, Fault> {
    let mut page = events::table
        .filter(events::aggregate_type.eq(aggregate_type))
        .filter(events::version.eq(1))
        .order(events::aggregate_id)
        .select(events::aggregate_id)
        .limit(i64::try_from(limit).unwrap_or(i64::MAX))
        .into_boxed();
    if let Some(after) = after {
        page = page.filter(events::aggregate_id.gt(DbUuid(after)));
    }
    let ids: Vec<DbUuid> = page.load(conn)?;
    Ok(ids.into_iter().map(|id| id.0).collect())
}

/// The snapshots of these aggregates, as far as there are any.
pub(super) fn snapshots(
    conn: &mut Conn,
    known: &dyn AggregateType,
    ids: &[Uuid],
) -> Result<Vec<StoredAny>, Fault> {
    let mut found = Vec::new();
    for some in ids.chunks(AT_ONCE) {
        // As of documents: the key begins with the type.
        let ours = kept::table.filter(kept::aggregate_type.eq(known.name())).select((
            kept::id,
            kept::version,
            kept::schema_version,
            kept::state,
        ));
        let rows: Vec<KeptState> = match some {
            [id] => ours.filter(kept::id.eq(DbUuid(*id))).load(conn)?,
            several => ours.filter(kept::id.eq_any(several.iter().map(|id| DbUuid(*id)))).load(conn)?,
        };
        for row in rows {
            found.push(row.stored(known, "snapshots")?);
        }
    }
    Ok(found)
}

pub(super) fn snapshot_ids(
    conn: &mut Conn,
    aggregate_type: &str,
    after: Option<Uuid>,
    limit: usize,
) -> Result<Vec<Uuid>, Fault> {
    let mut page = kept::table
        .filter(kept::aggregate_type.eq(aggregate_type))
        .order(kept::id)
        .select(kept::id)
        .limit(i64::try_from(limit).unwrap_or(i64::MAX))
        .into_boxed();
    if let Some(after) = after {
        page = page.filter(kept::id.gt(DbUuid(after)));
    }
    let ids: Vec<DbUuid> = page.load(conn)?;
    Ok(ids.into_iter().map(|id| id.0).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_is_due_when_a_multiple_is_reached_or_passed() {
        let due = |before, after| is_due(Version(before), Version(after), 100);
        assert!(!due(0, 99));
        assert!(due(99, 100));
        assert!(due(98, 101));
        assert!(!due(100, 199));
        assert!(due(100, 350));
    }
}
