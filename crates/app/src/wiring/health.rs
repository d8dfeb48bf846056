//! How every part of the service is, for readiness and metrics.

use std::borrow::Cow;

use portolan_http::{Health, Part};
use portolan_runtime::subscription::{EngineHandle, SubscriptionState, SubscriptionStatus};

use super::write_store::WritePorts;

/// Every subscription.
pub(super) struct Parts {
    store: WritePorts,
    engine: EngineHandle,
}

impl Parts {
    pub(super) const fn new(store: WritePorts, engine: EngineHandle) -> Self {
        Self { store, engine }
    }
}

impl Health for Parts {
    fn parts(&self) -> Vec<Part> {
        let head = self.store.store.last_position();
        self.engine.status_at(head).into_iter().map(part).collect()
    }

    fn commands_waiting(&self) -> Option<usize> {
        Some(self.store.commits_waiting())
    }
}

/// A subscription that another process runs, or that was paused on purpose, keeps nobody from serving.
fn part(status: SubscriptionStatus) -> Part {
    let (state, is_ready) = match status.state {
        SubscriptionState::Starting => ("starting", false),
        SubscriptionState::Running => ("running", true),
        SubscriptionState::Retrying { .. } => ("retrying", false),
        SubscriptionState::Elsewhere { .. } => ("elsewhere", true),
        SubscriptionState::Paused => ("paused", true),
        SubscriptionState::Stopped { .. } => ("stopped", false),
        SubscriptionState::Ended => ("ended", false),
    };
    Part { name: Cow::Owned(status.id.name), state: state.into(), is_ready, position: Some(status.position) }
}
