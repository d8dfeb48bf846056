//! What can be set about the engine.

use std::time::Duration;

use portolan_kernel::Position;

use crate::Backoff;

/// How the engine reads, saves, and tries again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// About how many events are read at once, at most [`READ_LIMIT`](portolan_kernel::READ_LIMIT). 2,048 by
    /// default: from about 500 on the cost of a read no longer shows, and from 10,000 on the batches on their way
    /// no longer fit into a processor's cache.
    pub batch: usize,
    /// After how many failures in front of one event a subscription stops; a store that is away or full does not
    /// count. 6 by default.
    pub attempts: u32,
    /// The waits between them. Up to 0.2 s, 0.4 s and so on to 3 s by default: some three seconds together.
    pub backoff: Backoff,
    /// How long a shared subscription that goes on may leave its checkpoint unsaved, and so how often it looks
    /// whether it is paused, while it is busy. 50 ms by default. What it does twice after a crash has no effect.
    pub save_every: Duration,
    /// How often an idle shared subscription looks whether it is paused, resumed or reset. 1 s by default.
    pub obey_every: Duration,
    /// How often a shared subscription asks for a lease that another process has. 100 ms by default.
    pub claim_every: Duration,
    /// How many deadlines fire at once at the most: few, so that they stay behind live commands. 4 by default.
    pub deadlines_at_once: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            batch: 2_048,
            attempts: 6,
            backoff: Backoff { first: Duration::from_millis(200), longest: Duration::from_secs(3) },
            save_every: Duration::from_millis(50),
            obey_every: Duration::from_secs(1),
            claim_every: Duration::from_millis(100),
            deadlines_at_once: 4,
        }
    }
}

/// How far the views are on their way to the journal's head as of the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CatchUp {
    /// The last position that is in them.
    pub position: Position,
    /// Where they are going.
    pub head: Position,
}
