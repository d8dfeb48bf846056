//! The read models, each with the side that answers and the side that fills it.

use std::any::Any;
use std::collections::HashMap;
use std::sync::Arc;

use portolan_application::Views;
use portolan_application::projections::{
    CustomerProjector, ListingProjector, OrderProjector, TotalsProjector,
};
use portolan_application::wire::MarketEvent;
use portolan_diesel::Mappers;
use portolan_diesel::sqlite::{self, OpenMode, Store};
use portolan_kernel::{Projection, Projector, ReadRepository, Registry, StoredView};
use portolan_runtime::SystemClock;
use portolan_runtime::subscription::Engine;

use super::VIEWS;
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

    /// Lets the engine fill it: one in memory in every process, one in a store by one process at a time.
    pub(super) fn join(self, engine: Engine<MarketEvent>) -> Engine<MarketEvent> {
        match self.store {
            None => engine.view(self.projection),
            Some(store) => engine.shared_view(self.projection, Arc::new(store.clone()), Arc::new(store)),
        }
    }
}

/// All read models where the configuration puts them: the sides that answer, and the sides that fill them, in the order
/// of [`VIEWS`]. One in the write store is kept by this handle of it, where it may write.
///
/// # Errors
/// [`Failure::Usage`] for a URL that does not parse, [`Failure::Unreachable`] where a store cannot be opened.
pub(super) async fn build(
    config: &Config,
    write: Option<&super::Store>,
) -> Result<(Views, Vec<Filling>), Failure> {
    let mut stores = HashMap::new();
    if let Some(write) = write.and_then(|write| (&**write as &dyn Any).downcast_ref::<Store>()) {
        stores.insert(config.write.clone(), write.clone());
    }
    let mut building = Building { config, stores, filling: Vec::new() };
    let views = Views {
        listings: building.one(VIEWS[0], ListingProjector).await?,
        orders: building.one(VIEWS[1], OrderProjector).await?,
        customers: building.one(VIEWS[2], CustomerProjector).await?,
        totals: building.one(VIEWS[3], TotalsProjector).await?,
    };
    Ok((views, building.filling))
}

struct Building<'a> {
    config: &'a Config,
    /// Those that are open, by their URLs.
    stores: HashMap<String, Store>,
    filling: Vec<Filling>,
}

impl Building<'_> {
    async fn one<V, P>(&mut self, name: &str, projector: P) -> Result<Arc<dyn ReadRepository<V>>, Failure>
    where
        V: StoredView,
        P: Projector<MarketEvent, View = V>,
    {
        let url = self.config.read.url(name);
        if url.starts_with("memory:") {
            return Ok(self.in_memory(name, projector));
        }
        let store = self.store(name, url).await?;
        let (view, filling) = store.view(name, VERSION, projector).await?;
        self.filling.push(Filling { projection: Arc::new(filling), store: Some(store) });
        Ok(Arc::new(view))
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

    async fn store(&mut self, name: &str, url: &str) -> Result<Store, Failure> {
        if let Some(store) = self.stores.get(url) {
            return Ok(store.clone());
        }
        let config: sqlite::Config = url
            .parse()
            .map_err(|error: portolan_kernel::Error| Failure::Usage(format!("read.{name}: {error}")))?;
        if config.location.path().is_none() {
            tracing::warn!(view = name, "the read model is in memory: it is filled anew at every start");
        }
        let opened = tokio::task::spawn_blocking(move || {
            let (registry, mappers) = (Registry::new(), Mappers::new());
            Store::open(&config, OpenMode::ReadWrite, &registry, &mappers, Arc::new(SystemClock))
        });
        let store = match opened.await {
            Ok(store) => store?,
            Err(error) => return Err(Failure::Failed(format!("a read model could not be opened: {error}"))),
        };
        self.stores.insert(url.to_owned(), store.clone());
        Ok(store)
    }
}
