//! `store switch`: a store that is in use moves to another, whatever keeps either of them.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use portolan_application::wire;
use portolan_kernel::{Error, IdSource as _, Transfer};
use portolan_runtime::transfer::{NotCopied, Progress, StoreCopy, StoreSwitch, Switched, Undone};
use portolan_runtime::{SystemClock, SystemIds};
use serde_json::{Value, json};

use super::store_copy::{Bar, failure, processes, refuse_the_same};
use crate::cli::StoreSwitch as Arguments;
use crate::output;
use crate::{Failure, signals, wiring};

/// Copies, lets the source stand still, copies the rest, and lets those who serve go on with the copy; or undoes that.
///
/// # Errors
/// [`Failure::Usage`] for URLs that name no store, or the same one twice; [`Failure::Failed`] where the target holds
/// something else, or what is written last cannot be copied in time; those of the stores.
pub async fn run(arguments: &Arguments) -> Result<(), Failure> {
    refuse_the_same(&arguments.from, &arguments.to)?;
    let from = wiring::handed_over_from(&arguments.from).await?;
    let to = match from.moved().await? {
        // Where nothing was begun there may be no target, and none is made.
        None if arguments.undo => {
            let done = undone(&wiring::address(&arguments.from)?, Undone::Nothing);
            return output::sheet(arguments.json.json, &done);
        }
        None => wiring::copied_to(&arguments.to).await?,
        // Its target is there. Where none is, another one was named, of which nothing is made before it is refused.
        Some(moved) => wiring::begun_copy(&arguments.to).await?.ok_or_else(|| {
            Failure::Failed(format!(
                "the source is handed over to another store, {}: name that one as `--to`; there is none at {}",
                moved.to,
                wiring::address(&arguments.to).unwrap_or_default(),
            ))
        })?,
    };
    let addresses = (wiring::address(&arguments.from)?, wiring::address(&arguments.to)?);
    let began = Instant::now();
    let done = if arguments.undo {
        undo(&*from, &*to, addresses).await?
    } else {
        let at_most = Duration::from_secs(arguments.at_most);
        let mut bar = Bar::new();
        let switched = interruptible(&*from, &*to, &addresses, at_most, &mut bar).await;
        bar.end();
        let Switched { copied, read_only } = switched?;
        output::note(&format!(
            "programs that serve go on with {}; name it as `write` from now on",
            addresses.1
        ));
        json!({
            "to": addresses.1,
            "events": copied.events,
            "aggregates": copied.aggregates,
            "outcomes": copied.outcomes,
            "deadlines": copied.deadlines,
            "read_only_seconds": read_only.map(|time| time.as_secs_f64()),
            "seconds": began.elapsed().as_secs_f64(),
        })
    };
    output::sheet(arguments.json.json, &done)
}

/// The switch of a market's store.
///
/// # Errors
/// [`NotCopied`].
pub async fn switch(
    from: &dyn Transfer,
    to: &dyn Transfer,
    addresses: &(String, String),
    at_most: Duration,
    tell: impl FnMut(Progress) + Send,
) -> Result<Switched, NotCopied> {
    let (registry, processes) = (wire::registry(), processes());
    let copy = StoreCopy { from, to, registry: &registry, processes: &processes };
    of(copy, addresses, at_most).run(tell).await
}

fn of<'a>(copy: StoreCopy<'a>, (source, target): &(String, String), at_most: Duration) -> StoreSwitch<'a> {
    let (source, target) = (source.clone(), target.clone());
    StoreSwitch {
        copy,
        source,
        target,
        at_most,
        clock: Arc::new(SystemClock),
        hands: SystemIds::new().next_id(),
    }
}

/// Lets Ctrl-C break off what can be broken off; where the source stands still, the end is near.
async fn interruptible(
    from: &dyn Transfer,
    to: &dyn Transfer,
    addresses: &(String, String),
    at_most: Duration,
    bar: &mut Bar,
) -> Result<Switched, Failure> {
    let stands_still = AtomicBool::new(false);
    let mut switching = pin!(switch(from, to, addresses, at_most, |progress| {
        let is_near = matches!(progress, Progress::HandingOver | Progress::ReadOnly);
        stands_still.store(is_near, Ordering::Relaxed);
        bar.tell(&progress);
    }));
    tokio::select! {
        biased;
        () = signals::interrupted() => {}
        switched = &mut switching => return switched.map_err(not_switched),
    }
    if stands_still.load(Ordering::Relaxed) {
        output::note("the source stands still: this is finished first");
        return switching.await.map_err(not_switched);
    }
    Err(Failure::Failed(
        "broken off; the source takes commands as before, and the same command goes on".to_owned(),
    ))
}

fn not_switched(error: NotCopied) -> Failure {
    match error {
        NotCopied::Failed(Error::Fenced(copy)) => Failure::Failed(format!(
            "another `store switch` or `store copy` has taken over {copy}, and goes on with it"
        )),
        other => failure(other),
    }
}

async fn undo(from: &dyn Transfer, to: &dyn Transfer, addresses: (String, String)) -> Result<Value, Failure> {
    let (registry, processes) = (wire::registry(), processes());
    let copy = StoreCopy { from, to, registry: &registry, processes: &processes };
    let done = of(copy, &addresses, Duration::ZERO).undo().await?;
    Ok(undone(&addresses.0, done))
}

fn undone(source: &str, done: Undone) -> Value {
    let what = match done {
        Undone::Nothing => "nothing: the source takes commands",
        Undone::Unfinished => "the source takes commands again; the copy is unfinished, and can go on",
        Undone::HandedBack => {
            "the source takes commands again; the copy has taken none, and is handed over to it"
        }
    };
    json!({ "to": source, "undone": what })
}
