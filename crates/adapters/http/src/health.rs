//! How the service is, part by part: what readiness and metrics show.

use std::borrow::Cow;

use portolan_kernel::Position;

/// Where the adapter learns how the service is: the composition root implements it over what it has built.
pub trait Health: Send + Sync + 'static {
    /// Every part: stores, read models, subscriptions, deadlines. It is asked for every probe, so it does no I/O.
    fn parts(&self) -> Vec<Part>;

    /// How many commands wait for the store to commit them; `None` where nobody counts.
    fn commands_waiting(&self) -> Option<usize> {
        None
    }
}

/// One part of the service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Its stable name: `listings`, `deadlines`.
    pub name: Cow<'static, str>,
    /// How it is, in a word: `running`, `catching_up`, `stopped`, `local`.
    pub state: Cow<'static, str>,
    /// Whether the service can take requests as far as this part goes.
    pub is_ready: bool,
    /// How far it has come in the journal, where that says something.
    pub position: Option<Position>,
}
