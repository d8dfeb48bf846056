//! What PostgreSQL says when it fails, in words that help. Diesel hands out few of its codes, so that the messages
//! decide; a server that speaks another language than English is described by them alone.

/// What it says, and what to do about that.
pub(super) const ADVICE: &[(&str, &str)] = &[
    ("password authentication failed", "user or password is wrong; look at the URL"),
    ("no password supplied", "the server asks for a password; write it into the URL"),
    ("no pg_hba.conf entry", "the server does not let this user in from here; see its pg_hba.conf"),
    (
        "too many connections",
        "the server gives this user or this database no more connections; raise its limit, or use fewer `readers`",
    ),
    ("permission denied", "the user may not do this; grant it the rights on the schema"),
    ("role \"", "the server does not know this user, or what it may do is not enough; look at the URL"),
    ("database \"", "there is no such database; make it with `createdb`, or look at the URL"),
    (
        "too many clients",
        "the server has no connection left; raise `max_connections`, or use fewer `readers`",
    ),
    (
        "remaining connection slots",
        "the server has no connection left; raise `max_connections`, or use fewer `readers`",
    ),
    ("the database system is", "the server starts or ends; it is tried again with the next request"),
    ("timeout expired", "the server does not answer; look at the URL, and whether it is there"),
    (
        "No space left on device",
        "the server's disk is full; nothing was written: free some space and try again",
    ),
    ("disk full", "the server's disk is full; nothing was written: free some space and try again"),
    ("read-only transaction", "this server can only be read; name the one that takes writes"),
    (
        "lock timeout",
        "another process has held the head of the journal for too long; see `lock_ms`, and end what is stuck",
    ),
    ("statement timeout", "a statement took too long; see `statement_ms`"),
    (
        "no schema has been selected",
        "the schema that the URL names is not there; make it with `create schema`",
    ),
    ("could not translate host name", "the host is not known; look at the URL"),
];

/// What it says, or its client library, when the connection is of no more use.
pub(super) const GONE: &[&str] = &[
    "server closed the connection",
    "terminating connection",
    "Connection refused",
    "connection to server",
    "no connection to the server",
    "could not receive data",
    "could not send data",
    "the database system is",
    "idle-in-transaction timeout",
    "SSL connection has been closed",
    "SSL SYSCALL error",
];

/// What it says when two transactions wait for each other.
pub(super) const DEADLOCK: &str = "deadlock detected";

/// What it says when others had a lock for too long.
pub(super) const HELD: &str = "lock timeout";
