//! The chain that a service runs with.

use std::sync::Arc;
use std::time::Duration;

use portolan_kernel::IdSource;

use super::{Chain, Idempotency, OneAtATime, Retry, Timeout, Trace};
use crate::Backoff;

/// How long and how often, for [`standard`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// A command that takes longer is answered with "unavailable", with an unknown outcome where it is with the
    /// store already. 10 s by default.
    pub command_timeout: Duration,
    /// A query that takes longer is answered with "unavailable". 35 s by default: longer than the longest wait
    /// for a position that a query may ask for.
    pub query_timeout: Duration,
    /// How often a command is decided at the most, conflicts included. 10 by default.
    pub attempts: u32,
    /// The waits between these attempts, behind the third. Up to 1 ms, 2 ms, 4 ms and so on to 100 ms by default.
    pub backoff: Backoff,
    /// How many commands may wait for one aggregate. 1,024 by default; further ones are refused as full.
    pub waiting_for_one: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            command_timeout: Duration::from_secs(10),
            query_timeout: Duration::from_secs(35),
            attempts: 10,
            backoff: Backoff { first: Duration::from_millis(1), longest: Duration::from_millis(100) },
            waiting_for_one: 1_024,
        }
    }
}

/// Round commands, from the outside: trace, idempotency, timeout, retry, one at a time. Round queries: trace and
/// timeout.
///
/// The time that a command waits for its turn counts. One that is tried again is the next to have it.
#[must_use]
pub fn standard(ids: Arc<dyn IdSource>, limits: Limits) -> Chain {
    Chain::new()
        .around_both(Trace::new(ids))
        .around_commands(Idempotency::new())
        .around_both(Timeout::new(limits.command_timeout, limits.query_timeout))
        .around_commands(Retry::new(limits.attempts, limits.backoff))
        .around_commands(OneAtATime::new(limits.waiting_for_one))
}
