//! What SQLite says when it fails, in words that help. Diesel hands out no result codes beside constraints, but the
//! messages of `sqlite3ErrStr` have been the same for decades.

use diesel::result::Error;

/// What to do about a failure; `None` where there is nothing to add.
pub(crate) fn advice(said: &str) -> Option<&'static str> {
    let known: [(&str, &str); 8] = [
        ("disk is full", "the disk is full; nothing was written: free some space and try again"),
        ("is not a database", "this file is not a Portolan store; choose another file"),
        ("readonly database", "the file or its folder is read-only; allow writing, or choose another file"),
        ("is locked", "another program holds the file; end it, or try again"),
        ("malformed", "the file is damaged; restore a backup, and see `store check`"),
        ("unable to open", "the file cannot be opened; look at its folder and its permissions"),
        ("disk I/O error", "the disk failed; look at the system's log"),
        ("out of memory", "there is not enough memory"),
    ];
    known.iter().find(|(words, _)| said.contains(words)).map(|(_, advice)| *advice)
}

/// Whether a commit that failed with this may be durable all the same. A full disk or a lock is found before the
/// commit is written; after an I/O error nobody knows.
pub(crate) fn leaves_doubt(error: &Error) -> bool {
    let said = error.to_string();
    !["disk is full", "is locked", "readonly database"].iter().any(|words| said.contains(words))
}

/// A file is there or not; whether a connection can be used on is not in question.
pub(crate) const fn is_lost(_error: &Error) -> bool {
    false
}

/// A lock that was not given in time was waited for already.
pub(crate) const fn is_transient(_error: &Error) -> bool {
    false
}
