//! The running service.

use std::sync::Arc;
use std::time::Duration;

use portolan_application::processes::{CloseAtEnd, OrderForSale};
use portolan_application::wire::{self, MarketEvent};
use portolan_application::{Market, Views};
#[cfg(feature = "http")]
use portolan_http::Health;
use portolan_kernel::{
    AggregateKey, Clock, Error, IdSource, Journal, Process, WEIGHT_UNIT_BYTES, WriteSide, WriteStore,
};
use portolan_runtime::middleware::{self, Limits};
use portolan_runtime::subscription::{Engine, EngineHandle, NotCaughtUp, Settings};
use portolan_runtime::{Cached, Mediator, SystemClock, SystemIds};

use super::catch_up::{self, Progress};
#[cfg(feature = "http")]
use super::health::Parts as HealthOfParts;
#[cfg(feature = "http")]
use super::moving;
use super::views::{self, ReadStores};
use super::write_store::WritePorts;
use super::{Parts, notices, ports, write_ports};
use crate::config::Config;
use crate::{Failure, backend};

/// How much memory hot aggregates may take: about 64 MiB, in the unit of their weight.
const KEPT: u64 = 64 * 1024 * 1024 / WEIGHT_UNIT_BYTES;

/// How long a command that was sent waits for the processes that it causes.
const PROCESSES: Duration = Duration::from_secs(60 * 60);

/// How long subscriptions may take to finish what they have in hand.
const ENDING: Duration = Duration::from_secs(10);

/// The running service; a clone is a handle on the same one.
#[derive(Clone)]
pub struct App(Arc<Running>);

struct Running {
    mediator: Mediator<Market>,
    store: WritePorts,
    read_stores: ReadStores,
    engine: EngineHandle,
    processes: Vec<&'static str>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdSource>,
    #[cfg(feature = "http")]
    following: Option<tokio::task::AbortHandle>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stay();
    }
}

impl Running {
    /// Follows the write store no further when it moves.
    fn stay(&self) {
        #[cfg(feature = "http")]
        if let Some(following) = &self.following {
            following.abort();
        }
    }
}

impl App {
    /// Opens the store, starts these parts, and waits until every view has come to the journal's head as of now.
    ///
    /// # Errors
    /// [`Failure::Usage`] for a configuration that does not fit, [`Failure::Unreachable`] where the store cannot be
    /// opened, [`Failure::Failed`] where the journal has an event that this program cannot read.
    pub async fn build(config: &Config, parts: Parts) -> Result<Self, Failure> {
        if parts.views {
            backend::check_read(config)?;
        }
        let store = write_ports(config).await?;
        let head = store.journal.head().await?;
        let (clock, ids): (Arc<dyn Clock>, Arc<dyn IdSource>) =
            (Arc::new(SystemClock), Arc::new(SystemIds::new()));
        let models = match parts.views {
            true => views::build(config, &store).await?,
            // Nobody asks them, so that no store is opened for them.
            false => {
                let config = Config { read: config.read.only(""), ..config.clone() };
                views::build(&config, &store).await?
            }
        };
        let mediator = mediator(&store, models.views, &ids);
        let progress = Progress::new();
        let mut engine = Engine::new(ports(&store), Settings::default()).on_progress(progress.told());
        if parts.views {
            engine = models
                .filling
                .into_iter()
                .fold(engine, |engine, filling| filling.join(engine))
                .handlers(notices::map());
        }
        let mut processes = Vec::new();
        if parts.processes {
            processes.push(Process::<MarketEvent>::name(&OrderForSale));
            engine = engine.process(OrderForSale, 1, Arc::new(mediator.clone()));
        }
        if parts.deadlines {
            engine =
                engine.deadlines(CloseAtEnd, 1, Arc::clone(&store.deadlines), Arc::new(mediator.clone()));
        }
        let engine = engine.start().await.map_err(Failure::of_configuration)?;
        if parts.views {
            catch_up::every_view(&engine, head).await?;
        }
        progress.end();
        let read_stores = models.stores;
        #[cfg(feature = "http")]
        let following = store.sql_stores().filter(|_| parts.views).map(|stores| {
            let follow = moving::follow(config.clone(), stores.clone(), models.moving);
            tokio::spawn(follow).abort_handle()
        });
        Ok(Self(Arc::new(Running {
            mediator,
            store,
            read_stores,
            engine,
            processes,
            clock,
            ids,
            #[cfg(feature = "http")]
            following,
        })))
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
        Arc::clone(&self.0.store.journal)
    }

    /// How every part is.
    #[cfg(feature = "http")]
    #[must_use]
    pub fn health(&self) -> Arc<dyn Health> {
        Arc::new(HealthOfParts::new(self.0.store.clone(), self.0.engine.clone()))
    }

    /// Whether there is such an aggregate now.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn exists(&self, key: AggregateKey) -> Result<bool, Error> {
        Ok(self.0.mediator.write_side().store().load(key).await?.is_some())
    }

    /// Waits until every process has reacted to everything that is committed by now, and to what it caused itself.
    ///
    /// # Errors
    /// [`NotCaughtUp`], naming the process, where one has stopped or is paused.
    pub async fn processes_caught_up(&self) -> Result<(), NotCaughtUp> {
        self.0.engine.settled(&self.0.processes, PROCESSES).await.map(drop)
    }

    /// Ends the subscriptions, finishes what is being written, and closes the stores: those of the read models, then
    /// the write store.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn shutdown(&self) -> Result<(), Failure> {
        self.0.stay();
        if let Err(cut_off) = self.0.engine.shutdown(ENDING).await {
            tracing::warn!(?cut_off, "subscriptions were cut off; they go on from their checkpoints");
        }
        let read = self.0.read_stores.close().await;
        let write = self.0.store.close().await.map_err(Into::into);
        write.and(read)
    }
}

/// Commands and queries, with everything round them.
fn mediator(store: &WritePorts, views: Views, ids: &Arc<dyn IdSource>) -> Mediator<Market> {
    let registry = wire::registry();
    let cached = Arc::new(Cached::new(Arc::clone(&store.store), registry.clone(), KEPT));
    let side = WriteSide::new(cached, registry, Arc::clone(ids));
    let chain = middleware::standard(Arc::clone(ids), Limits::default());
    Mediator::new(Market::new(views), side, chain)
}
