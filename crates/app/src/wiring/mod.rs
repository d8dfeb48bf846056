//! The composition root: the one place that knows which adapters there are.

#[cfg(not(feature = "memory"))]
mod absent;
mod app;
mod catch_up;
#[cfg(feature = "http")]
mod health;
mod moving;
mod notices;
mod parts;
mod places;
mod views;
mod write_store;

use std::sync::Arc;

use portolan_application::wire::{self, MarketDecoder, MarketEvent};
use portolan_diesel::{AnyConfig, OpenMode, SqlStore, market};
use portolan_kernel::{Checkpoints, Clock, Transfer};
use portolan_runtime::SystemClock;
use portolan_runtime::subscription::Ports;

pub use app::App;
pub use catch_up::OneView;
pub(crate) use catch_up::not_caught_up;
pub use parts::Parts;
pub use places::Place;

use self::write_store::WritePorts;
use crate::config::Config;
use crate::{Failure, backend};

/// The views, by the names of their read repositories; each is a subscription of the same name.
pub const VIEWS: &[&str] = &["listings", "orders", "customers", "totals"];

/// The Cargo features that build an adapter in, and whether this program has it.
pub const FEATURES: &[(&str, bool)] = &[
    ("sqlite", cfg!(feature = "sqlite")),
    ("postgres", cfg!(any(feature = "postgres", feature = "postgres-system"))),
    ("mysql", cfg!(any(feature = "mysql", feature = "mysql-system"))),
    ("memory", cfg!(feature = "memory")),
    ("http", cfg!(feature = "http")),
];

/// The handlers of domain events that a service runs, as `SUBSCRIPTION/HANDLER`, in the order in which they see an event.
pub fn event_handlers() -> Vec<String> {
    let map = notices::map();
    map.handlers().map(|handler| format!("{}/{handler}", map.name())).collect()
}

const LOST_AT_EXIT: &str = "the write store is in memory: everything is lost when this program ends";

const NOTHING_TO_READ: &str = "write: a store in memory is in the program that made it, and gone with it: there is nothing here \
                               to read or to look after; name another store";

/// A write store, on whatever engine.
pub type Store = Arc<dyn SqlStore>;

/// Opens the write store to read alone: nothing is written to it, and it must be there.
///
/// # Errors
/// [`Failure::Usage`] for a configuration that does not fit, [`Failure::Unreachable`] where it cannot be opened.
pub async fn read_only(config: &Config) -> Result<Store, Failure> {
    let store = open(config, OpenMode::ReadOnly).await?;
    if let Some(moved) = store.moved().await? {
        tracing::warn!(
            to = moved.to,
            "this store was handed over to another; what is read here is as it was then"
        );
    }
    Ok(store)
}

/// Opens the write store of a service, whatever keeps it; an empty one is made.
///
/// # Errors
/// As [`read_only`].
async fn write_ports(config: &Config) -> Result<WritePorts, Failure> {
    backend::check(config)?;
    #[cfg(feature = "memory")]
    if let Some(storage) = backend::in_memory(&config.write)? {
        tracing::warn!("{LOST_AT_EXIT}");
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let store = portolan_memory::MemoryStore::keeping(storage, wire::registry(), clock);
        return Ok(WritePorts::memory(store));
    }
    Ok(WritePorts::sql(&moving::open(config).await?))
}

/// Opens the write store; an empty one is made.
///
/// # Errors
/// As [`read_only`].
pub async fn read_write(config: &Config) -> Result<Store, Failure> {
    open(config, OpenMode::ReadWrite).await
}

/// The store that the configuration names.
///
/// # Errors
/// [`Failure::Usage`] for a URL that does not parse, or an option that is not known.
pub fn store_config(config: &Config) -> Result<AnyConfig, Failure> {
    backend::check(config)?;
    let url = config.write.as_str();
    if backend::in_memory(url)?.is_some() {
        return Err(Failure::Usage(NOTHING_TO_READ.to_owned()));
    }
    url.parse().map_err(|error: portolan_kernel::Error| Failure::Usage(format!("write: {error}")))
}

async fn open(config: &Config, mode: OpenMode) -> Result<Store, Failure> {
    let store = store_config(config)?;
    match (store.is_in_memory(), mode) {
        (true, OpenMode::ReadOnly) => return Err(Failure::Usage(NOTHING_TO_READ.to_owned())),
        (true, OpenMode::ReadWrite) => tracing::warn!("{LOST_AT_EXIT}"),
        _ => {}
    }
    let opened = tokio::task::spawn_blocking(move || {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        store.open(mode, &wire::registry(), &market::mappers(), clock)
    });
    match opened.await {
        Ok(store) => store.map_err(Failure::of_opening),
        Err(error) => Err(Failure::Failed(format!("the write store could not be opened: {error}"))),
    }
}

/// The store of a read model, to read how far it is; none where it is not there yet, or is none of its own.
///
/// # Errors
/// [`Failure::Unreachable`] where it cannot be opened.
pub async fn read_store(place: &Place) -> Result<Option<Arc<dyn Checkpoints>>, Failure> {
    checkpoints(place, OpenMode::ReadOnly).await
}

/// The same, to steer it.
///
/// # Errors
/// As [`read_store`].
pub async fn write_read_store(place: &Place) -> Result<Option<Arc<dyn Checkpoints>>, Failure> {
    checkpoints(place, OpenMode::ReadWrite).await
}

async fn checkpoints(place: &Place, mode: OpenMode) -> Result<Option<Arc<dyn Checkpoints>>, Failure> {
    let Place::Store(config) = place else { return Ok(None) };
    if !is_there((**config).clone()).await? {
        return Ok(None);
    }
    let store: Store = views::open((**config).clone(), mode).await?;
    Ok(Some(store))
}

async fn is_there(config: AnyConfig) -> Result<bool, Failure> {
    match tokio::task::spawn_blocking(move || config.is_there()).await {
        Ok(is_there) => Ok(is_there?),
        Err(error) => Err(Failure::Failed(format!("a store was not looked for: {error}"))),
    }
}

/// The store at this URL, to be copied from.
///
/// # Errors
/// As [`read_only`].
pub async fn copied_from(url: &str) -> Result<Arc<dyn Transfer>, Failure> {
    Ok(moving::open_named("--from", url, OpenMode::ReadOnly).await?)
}

/// The store at this URL, to be handed over to another.
///
/// # Errors
/// As [`read_only`].
pub async fn handed_over_from(url: &str) -> Result<Arc<dyn Transfer>, Failure> {
    // One that is not there is not made.
    drop(moving::open_named("--from", url, OpenMode::ReadOnly).await?);
    Ok(moving::open_named("--from", url, OpenMode::HandOver).await?)
}

/// The store at this URL, to be copied to; an empty one is made.
///
/// # Errors
/// As [`read_only`].
pub async fn copied_to(url: &str) -> Result<Arc<dyn Transfer>, Failure> {
    Ok(moving::open_named("--to", url, OpenMode::TakeOver).await?)
}

/// The same; none is made where there is none.
///
/// # Errors
/// As [`read_only`].
pub async fn begun_copy(url: &str) -> Result<Option<Arc<dyn Transfer>>, Failure> {
    Ok(if moving::is_there("--to", url).await? { Some(copied_to(url).await?) } else { None })
}

/// Where the store at this URL is, without user, password and options.
///
/// # Errors
/// [`Failure::Usage`] for a URL that does not parse.
pub fn address(url: &str) -> Result<String, Failure> {
    Ok(store_config(&Config { write: url.to_owned(), ..Config::default() })?.address())
}

/// What subscriptions run on.
fn ports(store: &WritePorts) -> Ports<MarketEvent> {
    Ports {
        journal: Arc::clone(&store.journal),
        decoder: Arc::new(MarketDecoder),
        checkpoints: Arc::clone(&store.checkpoints),
        leases: Arc::clone(&store.leases),
        clock: Arc::new(SystemClock),
    }
}
