//! The reference store: every port of the write side in memory, behind one lock, as plainly as it can be said.
//!
//! It is the definition that the kit is tested against, and a fast store for other tests. Nothing in it is bounded.

pub use read::{ReferenceModel, ReferenceReadHarness};
pub use store::ReferenceStore;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use portolan_kernel::{
    ChangeSet, Clock, Error, IdSource as _, Position, Registry, Reset, Result, SubscriptionId,
};

use crate::child::{Child, Tell};
use crate::counter::registry;
use crate::{Breach, Holder, ManualClock, Place, Polls, SequentialIds, Verdict, WriteHarness, WritePorts};

mod checkpoints;
pub(crate) mod data;
mod journal;
pub(crate) mod leases;
pub(crate) mod read;
mod store;

pub(crate) use data::Data;
pub(crate) use store::PATIENCE;

/// Reference stores by their address, and how to open them.
#[derive(Clone, Default)]
pub struct ReferenceHarness(Arc<Shared>);

#[derive(Default)]
struct Shared {
    places: Mutex<HashMap<String, Arc<Data>>>,
    names: SequentialIds,
}

impl ReferenceHarness {
    /// The store at this address.
    ///
    /// # Errors
    /// [`Error::NotFound`] where there is none.
    pub fn at(&self, address: &str, clock: Arc<dyn Clock>) -> Result<ReferenceStore> {
        Ok(ReferenceStore::on(self.data(address)?, registry(), clock))
    }

    fn data(&self, address: &str) -> Result<Arc<Data>> {
        let places = self.0.places.lock().unwrap_or_else(PoisonError::into_inner);
        places.get(address).cloned().ok_or_else(|| Error::NotFound(format!("the store {address}")))
    }

    /// Works on a runtime of its own until enough was told, and then ends that runtime: what a kill does to a store
    /// in memory that outlives its handles.
    ///
    /// # Errors
    /// A breach where the work ends by itself.
    pub async fn drop_during(
        harness: Arc<dyn WriteHarness>,
        child: &Child,
        enough: usize,
    ) -> Verdict<Vec<u64>> {
        let child = child.clone();
        let (sender, receiver) = tokio::sync::oneshot::channel();
        std::thread::spawn(move || drop(sender.send(work_and_drop(harness, child, enough))));
        receiver.await.map_err(|_| Breach::new("the thread of the work is gone"))?
    }
}

fn work_and_drop(harness: Arc<dyn WriteHarness>, child: Child, enough: usize) -> Verdict<Vec<u64>> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.map_err(|error| Breach::new(format!("no runtime: {error}")))?;
    let (sender, told) = std::sync::mpsc::channel();
    let tell: Tell = Arc::new(move |result| sender.send(result).is_ok());
    let work = runtime.spawn(async move { child.work(harness, tell).await });
    let results: Vec<u64> = told.iter().take(enough).collect();
    if results.len() < enough {
        return Err(Breach::new(format!("the work ended by itself: {:?}", runtime.block_on(work))));
    }
    // Waits until no task runs any more, and drops each wherever it waits.
    drop(runtime);
    Ok(results.into_iter().chain(told.try_iter()).collect())
}

#[async_trait]
impl WriteHarness for ReferenceHarness {
    async fn place(&self) -> Result<Place> {
        let address = self.0.names.next_id().to_string();
        let mut places = self.0.places.lock().unwrap_or_else(PoisonError::into_inner);
        places.insert(address.clone(), Arc::new(Data::default()));
        Ok(Place::new(address, ()))
    }

    async fn open(&self, address: &str, clock: Arc<dyn Clock>) -> Result<WritePorts> {
        // It is told of every commit and never polls.
        let polls = Polls { count: Arc::new(|| 0), per_second: 0 };
        Ok(WritePorts { polls: Some(polls), ..WritePorts::of(Arc::new(self.at(address, clock)?)) })
    }

    async fn reset_records(
        &self,
        ports: &WritePorts,
        subscription: &SubscriptionId,
    ) -> Result<Vec<(Position, Reset)>> {
        let store = ports.own::<ReferenceStore>();
        let store = store.ok_or_else(|| Error::NotFound("the reference store".to_owned()))?;
        Ok(store.data.reset_records(subscription))
    }

    async fn hold(&self, address: &str, change_set: &ChangeSet) -> Result<Holder> {
        self.at(address, Arc::new(ManualClock::default()))?.hold(change_set).await
    }

    fn patience(&self) -> Duration {
        PATIENCE
    }

    async fn kill_during(&self, child: &Child, enough: usize) -> Verdict<Vec<u64>> {
        Self::drop_during(Arc::new(self.clone()), child, enough).await
    }
}

impl ReferenceStore {
    /// An empty store of its own.
    #[must_use]
    pub fn new(registry: Registry, clock: Arc<dyn Clock>) -> Self {
        Self::on(Arc::new(Data::default()), registry, clock)
    }
}
