//! What MariaDB says when it fails, in words that help. Diesel hands out few of its codes, so that the messages decide.

/// What it says, and what to do about that.
pub(super) const ADVICE: &[(&str, &str)] = &[
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
    ("Unknown collation", "this server is none that the store was tried on; MariaDB from 10.6 on is needed"),
    (
        "Unknown system variable",
        "this server is none that the store was tried on; MariaDB from 10.6 on is needed",
    ),
    ("Unknown MySQL server host", "the host is not known; look at the URL"),
];

/// What it says, or its client library, when the connection is of no more use.
pub(super) const GONE: &[&str] = &[
    "server has gone away",
    "Lost connection",
    "Can't connect",
    "Connection was killed",
    "Server shutdown in progress",
    "Connection refused",
    "Malformed communication packet",
    "Idle transaction timeout",
];

/// What it says when two transactions wait for each other.
pub(super) const DEADLOCK: &str = "Deadlock found";

/// What it says when others had a lock for too long.
pub(super) const HELD: &str = "Lock wait timeout";
