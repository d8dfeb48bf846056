//! What a failure means, by what the server says. Diesel hands out few of its codes, so that the words decide: those of each
//! server stand in its own `faults.rs`.

use diesel::result::{DatabaseErrorKind, Error};

use super::super::faults::{ADVICE, DEADLOCK, GONE, HELD};

/// What to do about a failure; `None` where there is nothing to add.
pub(crate) fn advice(said: &str) -> Option<&'static str> {
    let found = ADVICE.iter().find(|(words, _)| said.contains(words)).map(|(_, advice)| *advice);
    found.or_else(|| {
        is_gone(said).then_some("the server cannot be reached; it is tried again with the next request")
    })
}

/// Whether a commit that failed with this may be durable all the same: only where its answer was not heard.
pub(crate) fn leaves_doubt(error: &Error) -> bool {
    is_lost(error)
}

/// Whether the connection is of no more use.
pub(crate) fn is_lost(error: &Error) -> bool {
    match error {
        Error::DatabaseError(DatabaseErrorKind::ClosedConnection, _) => true,
        Error::DatabaseError(_, said) => is_gone(said.message()),
        Error::BrokenTransactionManager => true,
        _ => false,
    }
}

/// Whether the same transaction may well succeed when it is run again.
pub(crate) fn is_transient(error: &Error) -> bool {
    match error {
        Error::DatabaseError(DatabaseErrorKind::SerializationFailure, _) => true,
        Error::DatabaseError(_, said) => said.message().contains(DEADLOCK),
        _ => false,
    }
}

/// Whether others had a lock for too long.
pub(super) fn is_held(error: &Error) -> bool {
    matches!(error, Error::DatabaseError(_, said) if said.message().contains(HELD))
}

fn is_gone(said: &str) -> bool {
    GONE.iter().any(|words| said.contains(words))
}
