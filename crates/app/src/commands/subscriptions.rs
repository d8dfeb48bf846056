//! `subscriptions`: how far each is, and an operator's hand on them.

use std::sync::Arc;

use clap::ValueEnum as _;
use portolan_kernel::{Checkpoint, Checkpoints, Position, Reset, Status, SubscriptionId};
use serde_json::json;

use crate::Failure;
use crate::cli::{Subscriptions, View};
use crate::config::Config;
use crate::output::{self, Rows};
use crate::wiring::{self, OneView, Place};

/// Lists them, or does what was asked.
///
/// # Errors
/// [`Failure::Failed`] for a name that no shared subscription has; those of the stores.
pub async fn run(config: &Config, command: &Subscriptions) -> Result<(), Failure> {
    match command {
        Subscriptions::List(json) => list(config, json.json).await,
        Subscriptions::Pause { name } => set(config, name, Status::Paused).await,
        Subscriptions::Resume { name } => set(config, name, Status::Running).await,
        Subscriptions::Reset { name, to, reason } => reset(config, name, Position(*to), reason).await,
        Subscriptions::Rebuild { name } => rebuild(config, name).await,
    }
}

async fn list(config: &Config, json: bool) -> Result<(), Failure> {
    let store = wiring::read_only(config).await?;
    let head = store.head().await?;
    // While somebody else has locked the head of the journal, no subscription of the write store moves.
    let holder = store.holder().await?;
    let mut rows = Rows::sentences(json);
    let mut row = |subscription: &SubscriptionId, kind, place: &Place, checkpoint: Option<&Checkpoint>| {
        let position = checkpoint.map(|checkpoint| checkpoint.position);
        let (state, reason) = match checkpoint.map(|checkpoint| &checkpoint.status) {
            None if kind == LOCAL => ("local", None),
            None => ("empty", None),
            Some(Status::Running) => match &holder {
                Some(_) if *place == Place::WriteStore => ("held", holder.as_ref()),
                _ => ("running", None),
            },
            Some(Status::Paused) => ("paused", None),
            Some(Status::Stopped { reason }) => ("stopped", Some(reason)),
        };
        rows.push(&json!({
            "name": subscription.name,
            "version": subscription.version,
            "kind": kind,
            "store": place.to_string(),
            "position": position,
            "lag": position.map(|position| head.get().saturating_sub(position.get())),
            "state": state,
            "reason": reason,
        }))
    };
    let kept = store.list().await?;
    // A read model that was in the write store once, and is somewhere else now, is nobody's.
    for checkpoint in kept.iter().filter(|one| !wiring::VIEWS.contains(&one.subscription.name.as_str())) {
        row(&checkpoint.subscription, SHARED, &Place::WriteStore, Some(checkpoint))?;
    }
    for name in wiring::VIEWS {
        let place = Place::of(config, name)?;
        let id = SubscriptionId::new(*name, 1);
        match place {
            Place::Memory => row(&id, LOCAL, &place, None)?,
            Place::WriteStore => {
                row(&id, SHARED, &place, kept.iter().find(|one| one.subscription == id))?;
            }
            Place::Store(_) => {
                let checkpoint = match wiring::read_store(&place).await? {
                    Some(store) => store.get(&id).await?,
                    None => None,
                };
                row(&id, SHARED, &place, checkpoint.as_ref())?;
            }
        }
    }
    rows.flush()
}

const SHARED: &str = "shared";
const LOCAL: &str = "local";

async fn set(config: &Config, name: &str, status: Status) -> Result<(), Failure> {
    let kept = Kept::open(config, name).await?;
    let found = find(&*kept.checkpoints, name).await?;
    kept.checkpoints.set_status(&found, status.clone()).await?;
    let done = if status == Status::Paused { "paused" } else { "resumed" };
    output::note(&format!("{found} is {done}, in every process within a second"));
    Ok(())
}

async fn reset(config: &Config, name: &str, to: Position, reason: &str) -> Result<(), Failure> {
    if view(name).is_some_and(|view| Place::of(config, view.name()).is_ok_and(|place| place != Place::Memory))
    {
        return Err(Failure::Failed(format!(
            "`{name}` is a read model, whose rows are as far as its checkpoint: `portolan subscriptions rebuild \
             {name}` empties it and fills it anew"
        )));
    }
    let kept = Kept::open(config, name).await?;
    let found = find(&*kept.checkpoints, name).await?;
    let head = kept.head;
    if to > head {
        return Err(Failure::Usage(format!("position {to} is beyond the journal's head, {head}")));
    }
    let by = std::env::var("USER").unwrap_or_else(|_| "unknown".to_owned());
    let from = kept.checkpoints.reset(&found, &Reset { to, by, reason: reason.to_owned() }).await?;
    output::note(&format!("{found} was at {from} and goes on after {to}"));
    Ok(())
}

async fn rebuild(config: &Config, name: &str) -> Result<(), Failure> {
    let Some(view) = view(name) else {
        return Err(Failure::Failed(format!(
            "`{name}` is no read model; there are: {}",
            wiring::VIEWS.join(", ")
        )));
    };
    let name = view.name();
    if Place::of(config, name)? == Place::Memory {
        return Err(Failure::Failed(format!(
            "`{name}` is in memory: every process fills its own at every start, and there is nothing to rebuild"
        )));
    }
    let rebuilt = OneView::rebuild(config, view).await?;
    rebuilt.end().await;
    output::note(&format!("{name} was emptied and filled anew"));
    Ok(())
}

/// The checkpoints among which a subscription is.
struct Kept {
    checkpoints: Arc<dyn Checkpoints>,
    head: Position,
}

impl Kept {
    /// Those of the write store, or of the store that the view of this name is kept in.
    async fn open(config: &Config, name: &str) -> Result<Self, Failure> {
        let place = view(name).map_or(Ok(Place::WriteStore), |view| Place::of(config, view.name()))?;
        if place == Place::Memory {
            return Err(Failure::Failed(format!(
                "`{name}` is local: every process runs its own from the journal's start, and there is nothing to move"
            )));
        }
        if !matches!(place, Place::Store(_)) {
            let store = wiring::read_write(config).await?;
            let head = store.head().await?;
            return Ok(Self { checkpoints: store, head });
        }
        match wiring::write_read_store(&place).await? {
            Some(store) => Ok(Self { checkpoints: store, head: Position::ZERO }),
            None => Err(Failure::Failed(format!("`{name}` has not been filled yet: {place} is not there"))),
        }
    }
}

/// The read model that this is the subscription of.
fn view(name: &str) -> Option<View> {
    let name = name.strip_suffix("@1").unwrap_or(name);
    View::value_variants().iter().copied().find(|view| view.name() == name)
}

/// The shared subscription of this name, `name@version` where there are several versions.
async fn find(checkpoints: &dyn Checkpoints, name: &str) -> Result<SubscriptionId, Failure> {
    let all: Vec<_> =
        checkpoints.list().await?.into_iter().map(|checkpoint| checkpoint.subscription).collect();
    let named: Vec<_> = all.iter().filter(|one| one.name == name || one.to_string() == name).collect();
    match named.as_slice() {
        [one] => Ok((*one).clone()),
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
