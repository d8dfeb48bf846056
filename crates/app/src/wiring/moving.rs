//! A write store that is moved to another while this program has it open: how it learns of that, and goes on.

use portolan_diesel::OpenMode;
use portolan_kernel::Moved;

use super::Store;
use crate::Failure;
use crate::config::Config;

#[cfg(feature = "http")]
pub(super) use following::follow;

/// Opens the write store; where it has moved to the one that is named as the next, that one.
///
/// # Errors
/// As [`read_write`](super::read_write).
pub(super) async fn open(config: &Config) -> Result<Store, Failure> {
    let failure = match super::read_write(config).await {
        Ok(store) => return Ok(store),
        Err(failure) => failure,
    };
    if config.next_write.is_none() {
        return Err(failure);
    }
    let Ok(former) = super::open(config, OpenMode::ReadOnly).await else { return Err(failure) };
    match former.moved().await? {
        Some(moved) if moved.is_done => {
            let next = next(config, &moved).await?;
            tracing::warn!(
                to = moved.to,
                "the write store has moved: this is the next one; name it as `write`"
            );
            Ok(next)
        }
        _ => Err(failure),
    }
}

/// Opens the store at a URL that was given under this name.
pub(super) async fn open_named(key: &str, url: &str, mode: OpenMode) -> Result<Store, Failure> {
    let config = Config { write: url.to_owned(), ..Config::default() };
    super::open(&config, mode).await.map_err(|failure| of_key(key, failure))
}

/// Whether there is a store at a URL that was given under this name, or the beginning of one.
pub(super) async fn is_there(key: &str, url: &str) -> Result<bool, Failure> {
    let config = Config { write: url.to_owned(), ..Config::default() };
    let config = super::store_config(&config).map_err(|failure| of_key(key, failure))?;
    super::is_there(config).await
}

fn of_key(key: &str, failure: Failure) -> Failure {
    match failure {
        Failure::Usage(text) => Failure::Usage(match text.strip_prefix("write: ") {
            Some(text) => format!("{key}: {text}"),
            None => text,
        }),
        other => other,
    }
}

/// Opens the store that the present one is handed over to.
///
/// # Errors
/// [`Failure::Usage`] where it is not known how, or another one was named; those of the store, which may be an unfinished
/// copy still.
async fn next(config: &Config, moved: &Moved) -> Result<Store, Failure> {
    let Some(url) = url(config, moved) else {
        return Err(Failure::Usage(format!(
            "the write store moves to {}: name that as `next_write`, with the user and the password that it takes",
            moved.to
        )));
    };
    let next = super::read_write(&Config { write: url, ..config.clone() }).await?;
    if next.store_id().await? == moved.store_id {
        return Ok(next);
    }
    // Nobody waits for it.
    drop(next.close().await);
    Err(Failure::Usage(format!(
        "`next_write` names another store than {}, where the write store moves to",
        moved.to
    )))
}

/// The URL of the store that the present one is handed over to: one that this program was given, or what the present one
/// says where nothing secret is needed.
fn url(config: &Config, moved: &Moved) -> Option<String> {
    let given = [config.next_write.as_ref(), Some(&config.write)];
    let is_it = |url: &&String| super::address(url).is_ok_and(|address| address == moved.to);
    if let Some(url) = given.into_iter().flatten().find(is_it) {
        return Some(url.clone());
    }
    if moved.to.starts_with("sqlite:") { Some(moved.to.clone()) } else { config.next_write.clone() }
}

#[cfg(feature = "http")]
mod following {
    use std::sync::Arc;
    use std::time::Duration;

    use super::super::views::Moves;
    use super::super::write_store::SqlStores;
    use crate::Failure;
    use crate::config::Config;

    /// How often the store is asked whether it is handed over.
    const LOOK_EVERY: Duration = Duration::from_millis(100);

    /// Goes on with the next store whenever the present one is handed over, without end.
    ///
    /// Commands go on at once; the read models that are kept in the store follow, and answer from the former one until
    /// they are as far in the next.
    pub(in super::super) async fn follow(config: Config, stores: SqlStores, views: Vec<Arc<dyn Moves>>) {
        let (mut said, mut left, mut is_told) = (None, Vec::new(), false);
        loop {
            left = follow_with(left, &stores, is_told).await;
            is_told = true;
            tokio::time::sleep(LOOK_EVERY).await;
            let Some(present) = stores.present() else { return };
            let moved = match present.moved().await {
                Ok(Some(moved)) => moved,
                // Taken back, or never handed over; or the store is away, which its users say.
                _ => {
                    said = None;
                    continue;
                }
            };
            if said.is_none() {
                tracing::info!(
                    to = moved.to,
                    "the write store is handed over; commands are taken again there"
                );
            }
            match super::next(&config, &moved).await {
                Ok(next) => {
                    stores.switch(&next);
                    (left, is_told) = (views.clone(), false);
                    tracing::info!(
                        to = moved.to,
                        "goes on with the store that the write store was handed over to"
                    );
                    said = None;
                }
                Err(failure) => {
                    let why = failure.to_string();
                    // A copy that is not whole yet is what is waited for.
                    match failure {
                        Failure::Usage(_) if said.as_ref() != Some(&why) => {
                            tracing::error!(
                                why,
                                "cannot go on; start this program anew with the next store as `write`"
                            );
                        }
                        _ => tracing::debug!(why, "the next store is not there yet"),
                    }
                    said = Some(why);
                }
            }
        }
    }

    /// Moves these read models to the present store. Answers those that could not be moved yet.
    async fn follow_with(
        views: Vec<Arc<dyn Moves>>,
        stores: &SqlStores,
        is_told: bool,
    ) -> Vec<Arc<dyn Moves>> {
        let (Some(former), Some(present)) = (stores.former(), stores.present()) else { return views };
        let mut left = Vec::new();
        for view in views {
            if let Err(error) = view.follow(&former, &present).await {
                if !is_told {
                    tracing::warn!(%error, "a read model cannot follow its store yet; it is tried again");
                }
                left.push(view);
            }
        }
        left
    }
}
