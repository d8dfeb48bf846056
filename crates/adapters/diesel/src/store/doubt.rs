//! What to answer after a commit that failed in such a way that it may be durable all the same.

use diesel::prelude::*;
use portolan_kernel::{ChangeSet, Committed, Error, Result, Timestamp};

use super::ids::DbUuid;
use super::tables::journal;
use super::{Conn, Fault, commands};

/// Asks a fresh connection for what was to be written: what is there is answered as it was decided. What is not there
/// was not done where the old transaction `is_over`; otherwise its outcome stays unknown.
pub(super) fn settle(
    conn: &mut Conn,
    change_set: &ChangeSet,
    decided: Result<Committed>,
    error: &Error,
    is_over: bool,
) -> Result<Committed> {
    match decided {
        Ok(Committed::Done { .. }) => match is_there(conn, change_set) {
            Ok(true) => decided,
            Ok(false) if is_over => Err(error.clone()),
            _ => Err(unknown(error)),
        },
        // It was to write nothing, and what it was decided on is in doubt itself.
        _ => Err(error.clone()),
    }
}

/// The same failure, saying that it may have been done all the same.
pub(super) fn unknown(error: &Error) -> Error {
    match error {
        Error::Unavailable { message, .. } => Error::outcome_unknown(message.clone()),
        other => Error::outcome_unknown(other.to_string()),
    }
}

fn is_there(conn: &mut Conn, change_set: &ChangeSet) -> Result<bool, Fault> {
    if change_set.idempotency.is_some() {
        // Before all times, so that no record is over.
        return Ok(
            commands::look_up(conn, change_set.command_id, Timestamp::from_micros(i64::MIN))?.is_some()
        );
    }
    let first = change_set.changes.iter().flat_map(|change| &change.events).next();
    let Some(first) = first else { return Ok(false) };
    let found = journal::table.filter(journal::event_id.eq(DbUuid(first.event_id)));
    Ok(diesel::select(diesel::dsl::exists(found)).get_result(conn)?)
}

// On the engine of the default features, which has stores in memory; the others mount this file too.
#[cfg(test)]
#[cfg(not(any(feature = "postgres-engine", feature = "mysql-engine")))]
mod tests {
    use diesel::connection::SimpleConnection as _;
    use portolan_kernel::{
        AggregateKey, Answer, Change, Expected, NewEvent, Outcome, Position, Receipt, Version,
    };
    use uuid::Uuid;

    use super::super::{Config, engine, migrate};
    use super::*;

    const EVENT: Uuid = Uuid::from_u128(7);

    fn store() -> Conn {
        let mut conn = engine::open_writer(&Config::memory()).unwrap();
        migrate::apply(&mut conn, &[engine::CORE]).unwrap();
        conn
    }

    fn change_set() -> ChangeSet {
        let key = AggregateKey { aggregate_type: "thing", id: Uuid::from_u128(1) };
        let payload = "{}".to_owned();
        let event = NewEvent { event_id: EVENT, event_type: "Begun", schema_version: 1, payload };
        ChangeSet {
            command_id: Uuid::from_u128(2),
            idempotency: None,
            occurred_at: Timestamp::default(),
            metadata: "{}".into(),
            changes: vec![Change {
                key,
                expected: Expected::Absent,
                state: None,
                events: vec![event],
                typed_events: std::sync::Arc::new(()),
            }],
            reads: Vec::new(),
            answer: Answer::Receipt { about: key, read_at: Version::ZERO },
        }
    }

    fn done() -> Result<Committed> {
        let receipt = Receipt { id: Uuid::from_u128(1), version: Version(1), position: Position(1) };
        Ok(Committed::Done { outcome: Outcome::Accepted(receipt), versions: vec![Version(1)] })
    }

    #[test]
    fn what_is_there_is_answered_as_it_was_decided() {
        let mut conn = store();
        conn.batch_execute(
            "insert into journal values (1, 1, x'00000000000000000000000000000007', 'thing',
                x'00000000000000000000000000000001', 1, 'Begun', 1, '{}', '{}', 0, 0)",
        )
        .unwrap();
        let answer = settle(&mut conn, &change_set(), done(), &Error::unavailable("disk I/O error"), false);
        assert_eq!(answer, done());
    }

    #[test]
    fn the_outcome_of_what_is_not_there_is_unknown() {
        let failure = Error::unavailable("disk I/O error");
        let answer = settle(&mut store(), &change_set(), done(), &failure, false);
        assert_eq!(answer, Err(Error::outcome_unknown("disk I/O error")));
        assert_eq!(settle(&mut store(), &change_set(), done(), &failure, true), Err(failure));
    }

    #[test]
    fn who_had_nothing_to_write_is_told_of_the_failure_alone() {
        let failure = Error::unavailable("disk I/O error");
        let lost = Err(Error::AlreadyExists("thing".to_owned()));
        assert_eq!(settle(&mut store(), &change_set(), lost, &failure, false), Err(failure));
    }
}
