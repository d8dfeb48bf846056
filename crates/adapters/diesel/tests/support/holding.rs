//! Another writer that has written to the journal and does not commit.

use portolan_diesel::diesel::connection::SimpleConnection;
use portolan_kernel::{ChangeSet, Envelope, Error, Position, Result};
use portolan_testkit::contracts::raw;
use portolan_testkit::{Ending, Holder};
use uuid::Uuid;

/// What is the engine's own to say: how a connection writes an id.
pub type Id = fn(Uuid) -> String;

/// As bytes, where ids are kept so.
pub fn bytes(id: Uuid) -> String {
    format!("x'{}'", id.simple())
}

/// Writes the events of this change set behind the last position, which is `after`, in the transaction that this
/// connection is in.
pub fn write(conn: &mut impl SimpleConnection, change_set: &ChangeSet, after: i64, id: Id) -> Result<i64> {
    let events = raw::envelopes(change_set, Position(after.cast_unsigned()));
    let rows: Vec<String> = events.iter().map(|event| row(event, id)).collect();
    run(conn, &format!("insert into journal values {}", rows.join(", ")))?;
    Ok(after + events.len() as i64)
}

/// The transaction that this connection is in. Whoever drops it drops the connection.
pub fn holder(mut conn: impl SimpleConnection + Send + 'static) -> Holder {
    Holder::new(move |ending| match ending {
        Ending::Commit => run(&mut conn, "commit"),
        Ending::RollBack => run(&mut conn, "rollback"),
    })
}

fn run(conn: &mut impl SimpleConnection, sql: &str) -> Result<()> {
    conn.batch_execute(sql).map_err(|error| Error::unavailable(error.to_string()))
}

fn row(event: &Envelope, id: Id) -> String {
    let text = |text: &str| format!("'{}'", text.replace('\'', "''"));
    format!(
        "({}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {})",
        event.position,
        event.commit_position,
        id(event.event_id),
        text(&event.aggregate_type),
        id(event.aggregate_id),
        event.version,
        text(&event.event_type),
        event.schema_version,
        text(&event.payload),
        text(&event.metadata),
        event.occurred_at.as_micros(),
        event.recorded_at.as_micros()
    )
}
