//! A journal copied by hand: rows of SQLite, as they are.

use std::path::Path;

use portolan_kernel::{Envelope, Position, Timestamp, Version};
use rusqlite::{Connection, OpenFlags, Row, params};
use uuid::Uuid;

use crate::run::Done;

/// Reads the whole journal of a store in a file, and hands it on page by page.
///
/// # Errors
/// Those of SQLite, and of whoever takes the pages.
pub(crate) fn read(path: &Path, page: usize, mut take: impl FnMut(Vec<Envelope>) -> Done) -> Done {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let mut select = connection.prepare(
        "select position, commit_position, event_id, aggregate_type, aggregate_id, version, event_type,
         schema_version, payload, metadata, occurred_at, recorded_at from journal order by position",
    )?;
    let mut rows = select.query([])?;
    let mut events = Vec::with_capacity(page);
    while let Some(row) = rows.next()? {
        events.push(envelope(row)?);
        if events.len() == page {
            take(std::mem::replace(&mut events, Vec::with_capacity(page)))?;
        }
    }
    take(events)
}

/// Writes events into a store in this file, each call a transaction.
///
/// # Errors
/// Those of SQLite.
pub(crate) fn into_file(path: &Path) -> Done<impl FnMut(&[Envelope]) -> Done + Send + use<>> {
    let mut connection = Connection::open(path)?;
    connection.pragma_update(None, "synchronous", "full")?;
    Ok(move |events: &[Envelope]| {
        let transaction = connection.transaction()?;
        {
            let mut insert = transaction.prepare_cached(
                "insert into journal values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
            )?;
            for event in events {
                insert.execute(params![
                    event.position.get().cast_signed(),
                    event.commit_position.get().cast_signed(),
                    event.event_id.as_bytes(),
                    event.aggregate_type,
                    event.aggregate_id.as_bytes(),
                    event.version.get().cast_signed(),
                    event.event_type,
                    event.schema_version,
                    event.payload,
                    event.metadata,
                    event.occurred_at.as_micros(),
                    event.recorded_at.as_micros(),
                ])?;
            }
        }
        Ok(transaction.commit()?)
    })
}

/// A row of the journal, in the order of its columns.
///
/// # Errors
/// Those of SQLite.
pub(crate) fn envelope(row: &Row<'_>) -> rusqlite::Result<Envelope> {
    let number = |column| row.get::<_, i64>(column).map(i64::cast_unsigned);
    Ok(Envelope {
        position: Position(number(0)?),
        commit_position: Position(number(1)?),
        event_id: Uuid::from_bytes(row.get(2)?),
        aggregate_type: row.get(3)?,
        aggregate_id: Uuid::from_bytes(row.get(4)?),
        version: Version(number(5)?),
        event_type: row.get(6)?,
        schema_version: row.get(7)?,
        payload: row.get(8)?,
        metadata: row.get(9)?,
        occurred_at: Timestamp::from_micros(row.get(10)?),
        recorded_at: Timestamp::from_micros(row.get(11)?),
    })
}
