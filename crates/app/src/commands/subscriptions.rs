//! `subscriptions`: how far each is, and an operator's hand on them.

use portolan_kernel::{Checkpoint, Checkpoints, Position, Reset, Status, SubscriptionId};
use serde_json::json;

use crate::Failure;
use crate::cli::Subscriptions;
use crate::config::Config;
use crate::output::{self, Rows};
use crate::wiring;

/// Lists them, or does what was asked.
///
/// # Errors
/// [`Failure::Failed`] for a name that no shared subscription has; those of the store.
pub async fn run(config: &Config, command: &Subscriptions) -> Result<(), Failure> {
    match command {
        Subscriptions::List(json) => list(config, json.json).await,
        Subscriptions::Pause { name } => set(config, name, Status::Paused).await,
        Subscriptions::Resume { name } => set(config, name, Status::Running).await,
        Subscriptions::Reset { name, to, reason } => reset(config, name, Position(*to), reason).await,
    }
}

async fn list(config: &Config, json: bool) -> Result<(), Failure> {
    let store = wiring::read_only(config).await?;
    let head = store.head().await?;
    let mut rows = Rows::new(json);
    for Checkpoint { subscription, position, status } in store.list().await? {
        let (state, reason) = match status {
            Status::Running => ("running", None),
            Status::Paused => ("paused", None),
            Status::Stopped { reason } => ("stopped", Some(reason)),
        };
        rows.push(&json!({
            "name": subscription.name,
            "version": subscription.version,
            "kind": "shared",
            "position": position,
            "lag": head.get().saturating_sub(position.get()),
            "state": state,
            "reason": reason,
        }))?;
    }
    for name in wiring::VIEWS {
        rows.push(&json!({
            "name": name, "version": 1, "kind": "local", "position": null, "lag": null, "state": "local", "reason": null,
        }))?;
    }
    rows.flush()
}

async fn set(config: &Config, name: &str, status: Status) -> Result<(), Failure> {
    let store = wiring::read_write(config).await?;
    let found = find(&*store, name).await?;
    store.set_status(&found, status.clone()).await?;
    let done = if status == Status::Paused { "paused" } else { "resumed" };
    output::note(&format!("{found} is {done}, in every process within a second"));
    store.close().await.map_err(Into::into)
}

async fn reset(config: &Config, name: &str, to: Position, reason: &str) -> Result<(), Failure> {
    let store = wiring::read_write(config).await?;
    let found = find(&*store, name).await?;
    let head = store.head().await?;
    if to > head {
        return Err(Failure::Usage(format!("position {to} is beyond the journal's head, {head}")));
    }
    let by = std::env::var("USER").unwrap_or_else(|_| "unknown".to_owned());
    let from = store.reset(&found, &Reset { to, by, reason: reason.to_owned() }).await?;
    output::note(&format!("{found} was at {from} and goes on after {to}"));
    store.close().await.map_err(Into::into)
}

/// The shared subscription of this name, `name@version` where there are several versions.
async fn find(checkpoints: &dyn Checkpoints, name: &str) -> Result<SubscriptionId, Failure> {
    let all: Vec<_> =
        checkpoints.list().await?.into_iter().map(|checkpoint| checkpoint.subscription).collect();
    let named: Vec<_> = all.iter().filter(|one| one.name == name || one.to_string() == name).collect();
    match named.as_slice() {
        [one] => Ok((*one).clone()),
        [] if wiring::VIEWS.contains(&name) => Err(Failure::Failed(format!(
            "`{name}` is local: every process runs its own from the journal's start, and there is nothing to move"
        ))),
        [] => {
            let list: Vec<_> = all.iter().map(|one| one.name.as_str()).collect();
            Err(Failure::Failed(format!(
                "there is no shared subscription `{name}`; there are: {}",
                list.join(", ")
            )))
        }
        _ => Err(Failure::Usage(format!("`{name}` has several versions; name one like {}", all[0]))),
    }
}
