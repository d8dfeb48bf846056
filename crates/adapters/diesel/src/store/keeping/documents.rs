//! Aggregates as JSON documents: one row each, written whole.

use diesel::prelude::*;
use portolan_kernel::{AggregateType, Result, Version};
use uuid::Uuid;

use super::super::ids::DbUuid;
use super::super::mapper::{StoredAny, Write};
use super::super::tables::documents;
use super::super::{Conn, Fault};
use super::{AT_ONCE, KeptState, Schema};
use crate::rows;
use crate::rows::Rows;

/// The table.
pub(super) const SCHEMA: Schema = Schema::new("documents")
    .sqlite(&[include_str!("../../../migrations/sqlite/documents_1.sql")])
    .postgres(&[include_str!("../../../migrations/postgres/documents_1.sql")])
    .mysql(&[include_str!("../../../migrations/mysql/documents_1.sql")]);

portolan_kernel::id_type! {
    /// Whatever the document is of.
    pub(super) struct OfAny;
}

rows! {
    /// The state of an aggregate.
    pub(super) struct DocumentRow in documents {
        key { id: OfAny, aggregate_type: String }
        changing { version: Version, schema_version: u32, state: String }
    }
}

pub(super) fn collect(known: &dyn AggregateType, write: &Write<'_>, rows: &mut Rows) -> Result<()> {
    let id = OfAny::from(write.key.id);
    let Some(state) = write.state else {
        if write.existed {
            rows.delete::<DocumentRow>((id, known.name().to_owned()));
        }
        return Ok(());
    };
    let encoded = known.encode_state(state)?;
    let row = DocumentRow {
        id,
        aggregate_type: known.name().to_owned(),
        version: write.version,
        schema_version: encoded.schema_version.into(),
        state: encoded.json,
    };
    if write.existed {
        rows.update(row)
    } else {
        rows.insert(row)
    }
    Ok(())
}

pub(super) fn load(
    conn: &mut Conn,
    known: &dyn AggregateType,
    ids: &[Uuid],
) -> Result<Vec<StoredAny>, Fault> {
    let mut found = Vec::with_capacity(ids.len());
    for some in ids.chunks(AT_ONCE) {
        // The table's key begins with the type: without it the whole table is walked.
        let ours = documents::table.filter(documents::aggregate_type.eq(known.name())).select((
            documents::id,
            documents::version,
            documents::schema_version,
            documents::state,
        ));
        let rows: Vec<KeptState> = match some {
            [id] => ours.filter(documents::id.eq(DbUuid(*id))).load(conn)?,
            several => {
                let several = several.iter().map(|id| DbUuid(*id));
                ours.filter(documents::id.eq_any(several)).load(conn)?
            }
        };
        for row in rows {
            found.push(row.stored(known, "documents")?);
        }
    }
    Ok(found)
}

pub(super) fn page(
    conn: &mut Conn,
    known: &dyn AggregateType,
    after: Option<Uuid>,
    limit: usize,
) -> Result<Vec<StoredAny>, Fault> {
    let ids = ids(conn, known.name(), after, limit)?;
    let mut page = load(conn, known, &ids)?;
    page.sort_unstable_by_key(|stored| stored.id);
    Ok(page)
}

pub(super) fn ids(
    conn: &mut Conn,
    aggregate_type: &str,
    after: Option<Uuid>,
    limit: usize,
) -> Result<Vec<Uuid>, Fault> {
    let mut page = documents::table
        .filter(documents::aggregate_type.eq(aggregate_type))
        .order(documents::id)
        .select(documents::id)
        .limit(i64::try_from(limit).unwrap_or(i64::MAX))
        .into_boxed();
    if let Some(after) = after {
        page = page.filter(documents::id.gt(DbUuid(after)));
    }
    let ids: Vec<DbUuid> = page.load(conn)?;
    Ok(ids.into_iter().map(|id| id.0).collect())
}
