//! The read models, each with the side that answers and the side that fills it.

use std::collections::HashMap;
use std::sync::Arc;

#[cfg(feature = "http")]
use async_trait::async_trait;
use portolan_application::Views;
use portolan_application::projections::{
    CustomerProjector, ListingProjector, OrderProjector, TotalsProjector,
};
use portolan_application::wire::MarketEvent;
use portolan_diesel::{AnyConfig, Mappers, OpenMode};
#[cfg(feature = "http")]
use portolan_kernel::{Checkpoint, Error};
use portolan_kernel::{
    Checkpoints, Leases, Projection, Projector, ReadRepository, Registry, Status, StoredView, SubscriptionId,
};
use portolan_runtime::subscription::Engine;
use portolan_runtime::{SwitchableView, SystemClock};

use super::places::Place;
use super::write_store::WritePorts;
use super::{Store, VIEWS};
use crate::Failure;
use crate::config::Config;

/// The version of what the projectors make of events: raised when they make other rows of the same ones.
const VERSION: u32 = 1;

/// A read model's filling side.
pub(super) struct Filling {
    projection: Arc<dyn Projection<MarketEvent>>,
    /// Who keeps how far it is, where several processes read it.
    shared: Option<Shared>,
}

/// What a read model that several processes read is filled with.
struct Shared {
    checkpoints: Arc<dyn Checkpoints>,
    leases: Arc<dyn Leases>,
}

impl Filling {
    pub(super) fn name(&self) -> &str {
        self.projection.name()
    }

    /// Whether one process fills it for all that read it.
    pub(super) const fn is_shared(&self) -> bool {
        self.shared.is_some()
    }

    /// Empties it. Whoever fills it begins anew.
    ///
    /// # Errors
    /// [`Failure::Failed`] for one that is paused: nobody would fill it. Those of its store.
    pub(super) async fn empty(&self) -> Result<(), Failure> {
        let name = self.name();
        let checkpoint = match &self.shared {
            Some(shared) => shared.checkpoints.get(&SubscriptionId::new(name, 1)).await?,
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
        match self.shared {
            None => engine.view(self.projection),
            Some(Shared { checkpoints, leases }) => engine.shared_view(self.projection, checkpoints, leases),
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
    /// Those that are kept in the write store, and move with it.
    #[cfg(feature = "http")]
    pub(super) moving: Vec<Arc<dyn Moves>>,
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

/// All read models where the configuration puts them. One in the write store is kept through these ports of it.
///
/// # Errors
/// [`Failure::Usage`] for a URL that does not parse, [`Failure::Unreachable`] where a store cannot be opened.
pub(super) async fn build(config: &Config, write: &WritePorts) -> Result<ReadModels, Failure> {
    let mut building = Building {
        config,
        write,
        opened: HashMap::new(),
        filling: Vec::new(),
        stores: ReadStores::default(),
        #[cfg(feature = "http")]
        moving: Vec::new(),
    };
    let views = Views {
        listings: building.one(VIEWS[0], ListingProjector).await?,
        orders: building.one(VIEWS[1], OrderProjector).await?,
        customers: building.one(VIEWS[2], CustomerProjector).await?,
        totals: building.one(VIEWS[3], TotalsProjector).await?,
    };
    Ok(ReadModels {
        views,
        filling: building.filling,
        stores: building.stores,
        #[cfg(feature = "http")]
        moving: building.moving,
    })
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

/// A read model that is kept in the write store, and moves with it.
#[cfg(feature = "http")]
#[async_trait]
pub(super) trait Moves: Send + Sync {
    /// Makes it in the next store, where it is not there yet, to be filled there from now on, and asked once it is as
    /// far as it was.
    ///
    /// # Errors
    /// Those of the stores. It can be tried again.
    async fn follow(&self, former: &Store, next: &Store) -> Result<(), Error>;
}

#[cfg(feature = "http")]
struct InWriteStore<V, P> {
    view: SwitchableView<V, MarketEvent>,
    projector: P,
}

#[cfg(feature = "http")]
#[async_trait]
impl<V, P> Moves for InWriteStore<V, P>
where
    V: StoredView,
    P: Projector<MarketEvent, View = V> + Copy,
{
    async fn follow(&self, former: &Store, next: &Store) -> Result<(), Error> {
        let name = Projection::name(&self.view);
        let (view, projection) = next.view(name, VERSION, self.projector).await?;
        let id = SubscriptionId::new(name, 1);
        // An operator's word is not lost with the store that it was said in.
        let paused = former.get(&id).await?.filter(|checkpoint| checkpoint.status == Status::Paused);
        if let Some(Checkpoint { status, .. }) = paused {
            next.set_status(&id, status).await?;
        }
        // The former one shows nothing beyond the former journal, all of which is in this one.
        self.view.switch(view, projection, next.head().await?);
        Ok(())
    }
}

struct Building<'a> {
    config: &'a Config,
    /// The write store, which may keep read models too.
    write: &'a WritePorts,
    /// Those that are open, by their places.
    opened: HashMap<Option<String>, Store>,
    filling: Vec<Filling>,
    stores: ReadStores,
    #[cfg(feature = "http")]
    moving: Vec<Arc<dyn Moves>>,
}

impl Building<'_> {
    async fn one<V, P>(&mut self, name: &str, projector: P) -> Result<Arc<dyn ReadRepository<V>>, Failure>
    where
        V: StoredView,
        P: Projector<MarketEvent, View = V> + Copy,
    {
        let config = match Place::of(self.config, name)? {
            Place::Memory => return Ok(self.in_memory(name, projector)),
            Place::WriteStore => return self.in_write_store(name, projector).await,
            Place::Store(config) => *config,
        };
        let store = self.store(name, config).await?;
        let (view, projection) = store.view(name, VERSION, projector).await?;
        let shared = Shared { checkpoints: store.clone(), leases: store };
        self.filling.push(Filling { projection, shared: Some(shared) });
        Ok(view)
    }

    async fn in_write_store<V, P>(
        &mut self,
        name: &str,
        projector: P,
    ) -> Result<Arc<dyn ReadRepository<V>>, Failure>
    where
        V: StoredView,
        P: Projector<MarketEvent, View = V> + Copy,
    {
        let store = self
            .write
            .as_sql()
            .ok_or_else(|| Failure::Failed(format!("read.{name}: the write store keeps no read models")))?;
        let (view, projection) = store.view(name, VERSION, projector).await?;
        let view = SwitchableView::new(view, projection);
        let WritePorts { checkpoints, leases, .. } = self.write.clone();
        let shared = Some(Shared { checkpoints, leases });
        self.filling.push(Filling { projection: Arc::new(view.clone()), shared });
        #[cfg(feature = "http")]
        self.moving.push(Arc::new(InWriteStore { view: view.clone(), projector }));
        Ok(Arc::new(view))
    }

    #[cfg(feature = "memory")]
    fn in_memory<V, P>(&mut self, name: &str, projector: P) -> Arc<dyn ReadRepository<V>>
    where
        V: StoredView,
        P: Projector<MarketEvent, View = V>,
    {
        let (view, filling) = portolan_memory::view(name, projector);
        self.filling.push(Filling { projection: Arc::new(filling), shared: None });
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
