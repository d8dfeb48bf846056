//! `store`: the write store itself.

use std::path::Path;

use portolan_diesel::{Check, market};
use serde_json::json;
use tokio::sync::oneshot;

use crate::cli::Store;
use crate::config::Config;
use crate::output;
use crate::{Failure, wiring};

/// Does what was asked.
///
/// # Errors
/// [`Failure::Failed`] where a check finds something; those of the store.
pub async fn run(config: &Config, command: &Store) -> Result<(), Failure> {
    match command {
        Store::Migrate => migrate(config).await,
        Store::Check(json) => check(config, json.json).await,
        Store::Backup { file } => backup(config, file).await,
        Store::Info(json) => info(config, json.json).await,
        Store::Copy(copy) => super::store_copy::run(copy).await,
        Store::Switch(switch) => super::store_switch::run(switch).await,
    }
}

async fn migrate(config: &Config) -> Result<(), Failure> {
    let store = wiring::store_config(config)?;
    let migrating = tokio::task::spawn_blocking(move || store.migrate(&market::mappers()));
    let done = migrating.await.map_err(|error| Failure::Failed(error.to_string()))?;
    let done = done.map_err(Failure::of_opening)?;
    if done.is_empty() {
        output::note("the schema is up to date");
    }
    done.iter().try_for_each(|step| {
        output::line(&format!("{}: schema {} is now {}", step.component, step.from, step.to))
    })
}

async fn check(config: &Config, json: bool) -> Result<(), Failure> {
    let store = wiring::read_only(config).await?;
    // A sentence is printed whole, which a table would shorten.
    let print = |finding: String| match json {
        true => output::line(&json!({ "finding": finding }).to_string()),
        false => output::line(&finding),
    };
    let (unprinted, mut failed) = oneshot::channel();
    let mut unprinted = Some(unprinted);
    let mut tell = |said: Check| {
        if let Check::Found(finding) = said
            && let Err(failure) = print(finding.to_string())
            && let Some(unprinted) = unprinted.take()
        {
            drop(unprinted.send(failure));
        }
    };
    let checked = tokio::select! {
        biased;
        // Nobody reads on, and a check may have a long way to go.
        Ok(failure) = &mut failed => return Err(failure),
        checked = store.check(&mut tell) => checked?,
    };
    if let Ok(failure) = failed.try_recv() {
        return Err(failure);
    }
    let summary = format!("{} events and {} aggregates compared", checked.events, checked.aggregates);
    match checked.findings {
        0 => {
            output::note(&format!("{summary}: the stored state is what the journal says"));
            Ok(())
        }
        findings => Err(Failure::Failed(format!("{summary}: {findings} differences"))),
    }
}

async fn backup(config: &Config, file: &Path) -> Result<(), Failure> {
    let store = wiring::read_only(config).await?;
    store.backup(file.to_owned()).await?;
    output::note(&format!("{} is a copy of the store as it was just now", file.display()));
    Ok(())
}

async fn info(config: &Config, json: bool) -> Result<(), Failure> {
    let store = wiring::read_only(config).await?;
    let info = store.info().await?;
    let schema: serde_json::Map<_, _> =
        info.schema_versions.iter().map(|(name, version)| (name.clone(), json!(version))).collect();
    let sheet = json!({
        "storage": info.storage.as_str(),
        "store_id": info.store_id,
        "events": info.events,
        "bytes": info.bytes,
        "schema": schema,
        "moved_to": info.moved.as_ref().map(|moved| &moved.to),
        "moved": info.moved.as_ref().is_some_and(|moved| moved.is_done),
    });
    output::sheet(json, &sheet)
}
