//! `show`: one aggregate, as it is or as it was.

use portolan_application::wire;
use portolan_kernel::{Replayed, Until, Version};
use serde_json::{Value, json};

use super::named;
use crate::Failure;
use crate::cli::Show;
use crate::config::Config;
use crate::output;
use crate::wiring;

/// How many events are read at once.
const PAGE: usize = 1_000;

/// Prints the state that the aggregate's history leaves.
///
/// # Errors
/// [`Failure::Failed`] where there was no such aggregate then; those of the journal.
pub async fn run(config: &Config, show: &Show) -> Result<(), Failure> {
    let store = wiring::read_only(config).await?;
    let key = named::one(&*store, show.id, show.aggregate_type.as_deref()).await?;
    let until = match (show.at_version, show.as_of) {
        (Some(version), _) => Until::Version(Version(version)),
        (None, Some(time)) => Until::Time(time),
        (None, None) => Until::Now,
    };
    let aggregates = wire::registry();
    let aggregate = aggregates.get(key.aggregate_type)?;
    let (mut replayed, mut last) = (Replayed::default(), None);
    loop {
        let mut page = store.history(key, replayed.version, until, PAGE).await?;
        replayed = aggregate.replay(replayed, &page)?;
        let Some(end) = page.pop() else { break };
        last = Some(end);
    }
    let none = || Failure::Failed(format!("there is no {key}{}", then(until)));
    let last = last.ok_or_else(none)?;
    let Replayed { state, version } = replayed;
    if let Until::Version(wanted) = until
        && wanted != version
    {
        return Err(Failure::Failed(format!("{key} is at version {version}; it has not been at {wanted}")));
    }
    let state = match state {
        Some(state) => serde_json::from_str::<Value>(&aggregate.encode_state(&state)?.json)
            .map_err(|error| Failure::Failed(error.to_string()))?,
        None => return Err(Failure::Failed(format!("{key} was removed{}", then(until)))),
    };
    let sheet = json!({
        "aggregate": key.aggregate_type,
        "id": show.id,
        "version": version,
        "position": last.position,
        "occurred_at": last.occurred_at,
        "state": state,
    });
    output::sheet(show.json.json, &sheet)
}

fn then(until: Until) -> String {
    match until {
        Until::Now => String::new(),
        Until::Version(version) => format!(" at version {version}"),
        Until::Time(time) => format!(" as of {time}"),
    }
}
