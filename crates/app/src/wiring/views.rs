//! The read models, each with the side that answers and the side that fills it.

use std::collections::HashMap;
use std::sync::Arc;

use portolan_application::Views;
use portolan_application::projections::{
    CustomerProjector, ListingProjector, OrderProjector, TotalsProjector,
};
use portolan_application::wire::MarketEvent;
use portolan_diesel::{AnyConfig, Mappers, OpenMode};
use portolan_kernel::{Projection, Projector, ReadRepository, Registry, Status, StoredView, SubscriptionId};
use portolan_runtime::SystemClock;
use portolan_runtime::subscription::Engine;

use super::places::Place;
use super::{Store, VIEWS};
use crate::Failure;
use crate::config::Config;

/// The version of what the projectors make of events: raised when they make other rows of the same ones.
const VERSION: u32 = 1;

/// A read model's filling side.
pub(super) struct Filling {
    projection: Arc<dyn Projection<MarketEvent>>,
    /// Where it is kept, where several processes read it.
    store: Option<Store>,
}

impl Filling {
    pub(super) fn name(&self) -> &str {
        self.projection.name()
    }

    /// Whether one process fills it for all that read it.
    pub(super) const fn is_shared(&self) -> bool {
        self.store.is_some()
    }

    /// Empties it. Whoever fills it begins anew.
    ///
    /// # Errors
    /// [`Failure::Failed`] for one that is paused: nobody would fill it. Those of its store.
    pub(super) async fn empty(&self) -> Result<(), Failure> {
        let name = self.name();
        let checkpoint = match &self.store {
            Some(store) => store.get(&SubscriptionId::new(name, 1)).await?,
            None => None,
        };
        if checkpoint.is_some_and(|checkpoint| checkpoint.status == Status::Paused) {
            return Err(Failure::Failed(format!(
                "`{name}` is paused, so that nobody would fill it; `portolan subscriptions resume {name}` lets it go on"
            )));
        }
        self.projection.reset().await.map_err(Into::into)
    }

    /// Lets the engine fill it: one in memory in every process, one in a store by one process at a time.
    pub(super) fn join(self, engine: Engine<MarketEvent>) -> Engine<MarketEvent> {
        match self.store {
            None => engine.view(self.projection),
            Some(store) => engine.shared_view(self.projection, store.clone(), store),
        }
    }
}

/// The read models of a program.
pub(super) struct ReadModels {
    /// The sides that answer.
    pub(super) views: Views,
    /// The sides that fill them, in the order of [`VIEWS`].
    pub(super) filling: Vec<Filling>,
    /// What was opened for them, to be closed when nobody fills or asks them any more.
    pub(super) stores: ReadStores,
}

/// The stores that were opened for read models, the write store not among them.
#[derive(Debug, Clone, Default)]
pub(super) struct ReadStores(Vec<Store>);

impl ReadStores {
    /// Finishes what waits and closes each.
    ///
    /// # Errors
    /// The first of the stores'; the others are closed all the same.
    pub(super) async fn close(&self) -> Result<(), Failure> {
        let mut closed = Ok(());
        for store in &self.0 {
            closed = closed.and(store.close().await.map_err(Into::into));
        }
        closed
    }
}

/// All read models where the configuration puts them. One in the write store is kept by this handle of it.
///
/// # Errors
/// [`Failure::Usage`] for a URL that does not parse, [`Failure::Unreachable`] where a store cannot be opened.
pub(super) async fn build(config: &Config, write: Option<&Store>) -> Result<ReadModels, Failure> {
    let write = write.cloned();
    let mut building = Building {
        config,
        write,
        opened: HashMap::new(),
        filling: Vec::new(),
        stores: ReadStores::default(),
    };
    let views = Views {
        listings: building.one(VIEWS[0], ListingProjector).await?,
        orders: building.one(VIEWS[1], OrderProjector).await?,
        customers: building.one(VIEWS[2], CustomerProjector).await?,
        totals: building.one(VIEWS[3], TotalsProjector).await?,
    };
    Ok(ReadModels { views, filling: building.filling, stores: building.stores })
}

/// Opens the store at a read model's place; an empty one is made. Blocks no task.
///
/// # Errors
/// [`Failure::Unreachable`] where it cannot be opened.
pub(super) async fn open(config: AnyConfig, mode: OpenMode) -> Result<Store, Failure> {
    let opened = tokio::task::spawn_blocking(move || {
        let (registry, mappers) = (Registry::new(), Mappers::new());
        config.open(mode, &registry, &mappers, Arc::new(SystemClock))
    });
    match opened.await {
        Ok(store) => store.map_err(Into::into),
        Err(error) => Err(Failure::Failed(format!("a read model could not be opened: {error}"))),
    }
}

struct Building<'a> {
    config: &'a Config,
    /// The write store, where it keeps read models too.
    write: Option<Store>,
    /// Those that are open, by their places.
    opened: HashMap<Option<String>, Store>,
    filling: Vec<Filling>,
    stores: ReadStores,
}

impl Building<'_> {
    async fn one<V, P>(&mut self, name: &str, projector: P) -> Result<Arc<dyn ReadRepository<V>>, Failure>
    where
        V: StoredView,
        P: Projector<MarketEvent, View = V>,
    {
        let store = match Place::of(self.config, name)? {
            Place::Memory => return Ok(self.in_memory(name, projector)),
            Place::WriteStore => self.write.clone().ok_or_else(|| {
                Failure::Failed(format!("read.{name}: the write store keeps no read models"))
            })?,
            Place::Store(config) => self.store(name, *config).await?,
        };
        let (view, filling) = store.view(name, VERSION, projector).await?;
        self.filling.push(Filling { projection: filling, store: Some(store) });
        Ok(view)
    }

    #[cfg(feature = "memory")]
    fn in_memory<V, P>(&mut self, name: &str, projector: P) -> Arc<dyn ReadRepository<V>>
    where
        V: StoredView,
        P: Projector<MarketEvent, View = V>,
    {
        let (view, filling) = portolan_memory::view(name, projector);
        self.filling.push(Filling { projection: Arc::new(filling), store: None });
        Arc::new(view)
    }

    /// No read model: whoever asks it is told so.
    #[cfg(not(feature = "memory"))]
    fn in_memory<V: StoredView, P>(&mut self, _: &str, _: P) -> Arc<dyn ReadRepository<V>> {
        Arc::new(super::absent::Absent)
    }

    async fn store(&mut self, name: &str, config: AnyConfig) -> Result<Store, Failure> {
        let place = config.place();
        if let Some(store) = self.opened.get(&place) {
            return Ok(store.clone());
        }
        if place.is_none() {
            tracing::warn!(view = name, "the read model is in memory: it is filled anew at every start");
        }
        let store = open(config, OpenMode::ReadWrite).await?;
        self.opened.insert(place, store.clone());
        self.stores.0.push(store.clone());
        Ok(store)
    }
}
