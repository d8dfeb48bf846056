//! The running service.

use std::sync::Arc;

use portolan_application::{Market, wire};
use portolan_diesel::sqlite::Store;
use portolan_http::Health;
use portolan_kernel::{AggregateKey, Clock, Error, IdSource, Journal, WriteSide, WriteStore};
use portolan_runtime::middleware::{self, Limits};
use portolan_runtime::{Cached, Mediator, SystemClock, SystemIds};

use super::{Parts, read_write, views};
use crate::Failure;
use crate::config::Config;

/// How much of aggregates is kept in memory, in the unit of their weight: rows, about 200 bytes each.
const KEPT: u64 = 500_000;

/// The running service; a clone is a handle on the same one.
#[derive(Clone)]
pub struct App(Arc<Running>);

struct Running {
    mediator: Mediator<Market>,
    store: Store,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdSource>,
}

impl App {
    /// Opens the store and starts these parts.
    ///
    /// # Errors
    /// [`Failure::Usage`] for a configuration that does not fit, [`Failure::Unreachable`] where the store cannot be
    /// opened.
    pub async fn build(config: &Config, parts: Parts) -> Result<Self, Failure> {
        let store = read_write(config).await?;
        let (clock, ids): (Arc<dyn Clock>, Arc<dyn IdSource>) = (Arc::new(SystemClock), Arc::new(SystemIds::new()));
        let (views, _filling) = views::empty();
        let registry = wire::registry();
        let cached = Arc::new(Cached::new(store.clone(), registry.clone(), KEPT));
        let side = WriteSide::new(cached, registry, Arc::clone(&ids));
        let chain = middleware::standard(Arc::clone(&ids), Limits::default());
        let mediator = Mediator::new(Market::new(views), side, chain);
        let _ = parts;
        Ok(Self(Arc::new(Running { mediator, store, clock, ids })))
    }

    /// Where commands and queries go.
    #[must_use]
    pub fn mediator(&self) -> &Mediator<Market> {
        &self.0.mediator
    }

    /// What time it is.
    #[must_use]
    pub fn clock(&self) -> &dyn Clock {
        &*self.0.clock
    }

    /// The clock, to keep.
    #[must_use]
    pub fn shared_clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.0.clock)
    }

    /// Where new ids come from.
    #[must_use]
    pub fn ids(&self) -> &dyn IdSource {
        &*self.0.ids
    }

    /// The journal.
    #[must_use]
    pub fn journal(&self) -> Arc<dyn Journal> {
        Arc::new(self.0.store.clone())
    }

    /// How every part is.
    #[must_use]
    pub fn health(&self) -> Arc<dyn Health> {
        Arc::new(NoParts)
    }

    /// Whether there is such an aggregate now.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn exists(&self, key: AggregateKey) -> Result<bool, Error> {
        Ok(self.0.mediator.write_side().store().load(key).await?.is_some())
    }

    /// Waits until every process has reacted to everything that is committed by now.
    ///
    /// # Errors
    /// [`Failure::Failed`], naming the process, where one has stopped.
    pub async fn processes_caught_up(&self) -> Result<(), Failure> {
        Ok(())
    }

    /// Ends the subscriptions, finishes what is being written, and closes the store.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn shutdown(&self) -> Result<(), Failure> {
        self.0.store.close().await.map_err(Into::into)
    }
}

struct NoParts;
impl Health for NoParts {
    fn parts(&self) -> Vec<portolan_http::Part> {
        Vec::new()
    }
}
