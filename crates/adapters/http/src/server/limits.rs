//! How much one client may take.

use std::time::Duration;

/// What the server grants a client; past a limit it is answered with a problem, or hung up on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Open connections. Further clients wait in the system's queue until one ends. 4,096 by default.
    pub connections: usize,
    /// Bytes of a request target. Past it: 414. 8 KiB by default.
    pub url_bytes: usize,
    /// Bytes of a request line with all headers, of which there are at most 100. Past it: 431. 64 KiB by
    /// default, and never less than 8 KiB.
    pub head_bytes: usize,
    /// Bytes of a body. Past it: 413, before more is read. 1 MiB by default.
    pub body_bytes: usize,
    /// How long a head may take, and how long a kept-alive connection may wait for its next one; then it is
    /// closed. 30 s by default.
    pub head_timeout: Duration,
    /// How long a whole body may take. Past it: 408. 30 s by default.
    pub body_timeout: Duration,
    /// How long a client may take nothing of an answer; then it is hung up on. 30 s by default.
    pub write_timeout: Duration,
    /// How long requests in hand may take when the server ends; then they are cut. 10 s by default.
    pub shutdown_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 4_096,
            url_bytes: 8 * 1024,
            head_bytes: 64 * 1024,
            body_bytes: 1024 * 1024,
            head_timeout: Duration::from_secs(30),
            body_timeout: Duration::from_secs(30),
            write_timeout: Duration::from_secs(30),
            shutdown_timeout: Duration::from_secs(10),
        }
    }
}
