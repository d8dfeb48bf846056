//! The reference store: every port of the write side in memory, behind one lock, as plainly as it can be said.
//!
//! It is the definition that the kit is tested against, and a fast store for other tests. Nothing in it is bounded.

pub use store::ReferenceStore;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use portolan_kernel::{Clock, Error, IdSource as _, Position, Registry, Reset, Result, SubscriptionId};

use crate::child::Child;
use crate::counter::registry;
use crate::{
    Breach, Capabilities, Capability, Place, SequentialIds, Subject, Verdict, WriteHarness, WritePorts,
};

mod checkpoints;
mod data;
mod journal;
mod store;

use data::Data;

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

    /// Works in this process until enough was told, and then drops the work: what a kill does to a store whose
    /// acknowledged commits are all there, and to nothing else.
    ///
    /// # Errors
    /// A breach where the work ends by itself.
    pub async fn drop_during(
        harness: Arc<dyn WriteHarness>,
        child: &Child,
        enough: usize,
    ) -> Verdict<Vec<u64>> {
        let (sender, mut told) = tokio::sync::mpsc::unbounded_channel();
        let child = child.clone();
        let tell: crate::child::Tell = Arc::new(move |result| sender.send(result).is_ok());
        let work = tokio::spawn(async move { child.work(harness, tell).await });
        let mut results = Vec::new();
        while results.len() < enough {
            let Some(result) = told.recv().await else {
                return Err(Breach::new(format!("the work ended by itself: {:?}", work.await)));
            };
            results.push(result);
        }
        work.abort();
        drop(work.await);
        while let Ok(result) = told.try_recv() {
            results.push(result);
        }
        Ok(results)
    }
}

#[async_trait]
impl WriteHarness for ReferenceHarness {
    fn capabilities(&self) -> Capabilities {
        Capabilities::all().without(Capability::CountPolls, "it is told of every commit and never polls")
    }

    async fn place(&self) -> Result<Place> {
        let address = self.0.names.next_id().to_string();
        let mut places = self.0.places.lock().unwrap_or_else(PoisonError::into_inner);
        places.insert(address.clone(), Arc::new(Data::default()));
        Ok(Place::new(address, ()))
    }

    async fn open(&self, address: &str, clock: Arc<dyn Clock>) -> Result<WritePorts> {
        Ok(WritePorts::of(Arc::new(self.at(address, clock)?)))
    }

    async fn reset_records(
        &self,
        subject: &Subject,
        subscription: &SubscriptionId,
    ) -> Result<Vec<(Position, Reset)>> {
        Ok(self.data(subject.address())?.reset_records(subscription))
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
