//! How every part of the service is, for readiness and metrics.

use std::borrow::Cow;

use portolan_diesel::Obstacle;
use portolan_http::{Health, Part};
use portolan_runtime::subscription::{EngineHandle, SubscriptionState, SubscriptionStatus};

use super::write_store::WritePorts;

/// The write store and every subscription.
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
        let subscriptions = self.engine.status_at(head).into_iter().map(part);
        std::iter::once(write_store(self.store.obstacle())).chain(subscriptions).collect()
    }

    fn commands_waiting(&self) -> Option<usize> {
        Some(self.store.commits_waiting())
    }
}

/// Whether commands go through. Reading goes on where they do not.
fn write_store(obstacle: Option<Obstacle>) -> Part {
    let (state, is_ready) = match obstacle {
        None => ("running", true),
        Some(Obstacle::Held(_)) => ("held", false),
        Some(Obstacle::Failed(_)) => ("unavailable", false),
    };
    Part { name: "write_store".into(), state: state.into(), is_ready, position: None }
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
