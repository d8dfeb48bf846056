//! What MariaDB says when it fails, in words that help. Diesel hands out few of its codes, so that the messages decide.

use diesel::result::{DatabaseErrorKind, Error};

/// What to do about a failure; `None` where there is nothing to add.
pub(crate) fn advice(said: &str) -> Option<&'static str> {
    let known: [(&str, &str); 13] = [
        ("Access denied for user", "user or password is wrong, or the user may not do this; look at the URL"),
        ("Unknown database", "there is no such database; make it with `create database`, or look at the URL"),
        (
            "Too many connections",
            "the server has no connection left; raise `max_connections`, or use fewer `readers`",
        ),
        (
            "max_user_connections",
            "the server gives this user no more connections; raise its limit, or use fewer `readers`",
        ),
        ("is full", "the server's disk is full; nothing was written: free some space and try again"),
        (
            "No space left on device",
            "the server's disk is full; nothing was written: free some space and try again",
        ),
        ("READ ONLY transaction", "this server can only be read; name the one that takes writes"),
        ("--read-only option", "this server can only be read; name the one that takes writes"),
        (
            "Lock wait timeout",
            "another process has held the head of the journal for too long; see `lock_ms`, and end what is stuck",
        ),
        ("max_statement_time exceeded", "a statement took too long; see `statement_ms`"),
        (
            "Unknown collation",
            "this server is none that the store was tried on; MariaDB from 10.6 on is needed",
        ),
        (
            "Unknown system variable",
            "this server is none that the store was tried on; MariaDB from 10.6 on is needed",
        ),
        ("Unknown MySQL server host", "the host is not known; look at the URL"),
    ];
    let found = known.iter().find(|(words, _)| said.contains(words)).map(|(_, advice)| *advice);
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
        Error::DatabaseError(_, said) => said.message().contains("Deadlock found"),
        _ => false,
    }
}

/// Whether others had a lock for too long.
pub(crate) fn is_held(error: &Error) -> bool {
    matches!(error, Error::DatabaseError(_, said) if said.message().contains("Lock wait timeout"))
}

fn is_gone(said: &str) -> bool {
    [
        "server has gone away",
        "Lost connection",
        "Can't connect",
        "Connection was killed",
        "Server shutdown in progress",
        "Connection refused",
        "Malformed communication packet",
        "Idle transaction timeout",
    ]
    .iter()
    .any(|words| said.contains(words))
}
