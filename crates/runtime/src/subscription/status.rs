//! What each subscription shows of itself.

use std::sync::Arc;

use portolan_kernel::{Position, SubscriptionId};
use tokio::sync::watch;

/// Who runs a subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SubscriptionKind {
    /// Every process, for itself.
    Local,
    /// One process at a time.
    Shared,
}

/// What a subscription does now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SubscriptionState {
    /// It has not begun.
    Starting,
    /// It follows the journal.
    Running,
    /// Something failed; it tries again.
    Retrying {
        /// How often it failed in a row.
        failures: u32,
        /// The last failure.
        reason: String,
    },
    /// Another process runs it.
    Elsewhere {
        /// Who, where that is known.
        by: Option<String>,
    },
    /// An operator paused it.
    Paused,
    /// It could not get past an event. An operator resumes a shared one; a local one begins anew with its process.
    Stopped {
        /// The last failure, with the position that it is in front of.
        reason: String,
    },
    /// The engine was shut down.
    Ended,
}

/// A subscription, as health, metrics and operators see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubscriptionStatus {
    /// Its name and version.
    pub id: SubscriptionId,
    /// Who runs it.
    pub kind: SubscriptionKind,
    /// The last position that is done. Of one that runs elsewhere: as that process saved it.
    pub position: Position,
    /// How many events are behind that.
    pub lag: u64,
    /// What it does now.
    pub state: SubscriptionState,
}

/// What changes about a subscription.
#[derive(Debug, Clone)]
pub(crate) struct Now {
    pub(crate) position: Position,
    pub(crate) state: SubscriptionState,
}

/// Where a subscription says how it is: written by the one that runs it, read by everybody.
#[derive(Clone)]
pub(crate) struct Board(Arc<Inner>);

struct Inner {
    id: SubscriptionId,
    kind: SubscriptionKind,
    now: watch::Sender<Now>,
}

impl Board {
    pub(crate) fn new(id: SubscriptionId, kind: SubscriptionKind, position: Position) -> Self {
        let now = watch::Sender::new(Now { position, state: SubscriptionState::Starting });
        Self(Arc::new(Inner { id, kind, now }))
    }

    pub(crate) fn id(&self) -> &SubscriptionId {
        &self.0.id
    }

    pub(crate) fn kind(&self) -> SubscriptionKind {
        self.0.kind
    }

    pub(crate) fn now(&self) -> Now {
        self.0.now.borrow().clone()
    }

    /// Sees every change from now on.
    pub(crate) fn watch(&self) -> watch::Receiver<Now> {
        self.0.now.subscribe()
    }

    /// Says how far it is, and that it runs.
    pub(crate) fn running_at(&self, position: Position) {
        self.0.now.send_modify(|now| {
            now.position = position;
            if now.state != SubscriptionState::Running {
                now.state = SubscriptionState::Running;
            }
        });
    }

    pub(crate) fn set(&self, state: SubscriptionState) {
        self.0.now.send_if_modified(|now| {
            let differs = now.state != state;
            now.state = state;
            differs
        });
    }

    pub(crate) fn set_position(&self, position: Position) {
        self.0.now.send_if_modified(|now| std::mem::replace(&mut now.position, position) != position);
    }

    pub(crate) fn status(&self, head: Position) -> SubscriptionStatus {
        let Now { position, state } = self.now();
        let lag = head.get().saturating_sub(position.get());
        SubscriptionStatus { id: self.id().clone(), kind: self.kind(), position, lag, state }
    }
}
