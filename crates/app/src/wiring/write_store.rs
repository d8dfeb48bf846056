//! The write store of a running service, port by port, whatever keeps it.

use std::sync::{Arc, Mutex, PoisonError};

#[cfg(feature = "http")]
use portolan_diesel::Obstacle;
use portolan_kernel::{Checkpoints, Deadlines, Error, Journal, Leases, WriteStore};
use portolan_runtime::{StorePorts, Switchable};

use super::Store;

/// Every port of a write store. Clones are the same one.
#[derive(Clone)]
pub(super) struct WritePorts {
    pub(super) store: Arc<dyn WriteStore>,
    pub(super) journal: Arc<dyn Journal>,
    pub(super) checkpoints: Arc<dyn Checkpoints>,
    pub(super) leases: Arc<dyn Leases>,
    pub(super) deadlines: Arc<dyn Deadlines>,
    own: Own,
}

/// What only the adapter itself can do.
#[derive(Clone)]
enum Own {
    Sql(SqlStores),
    #[cfg(feature = "memory")]
    Memory(portolan_memory::MemoryStore),
}

/// A store in a database, and those that it was exchanged for since; the last is the present one. All stay open: a
/// request may be at any of them.
#[derive(Clone)]
pub(super) struct SqlStores {
    switchable: Switchable,
    stores: Arc<Mutex<Vec<Store>>>,
}

impl SqlStores {
    fn new(store: &Store) -> Self {
        Self { switchable: Switchable::new(ports(store)), stores: Arc::new(Mutex::new(vec![store.clone()])) }
    }

    fn all(&self) -> Vec<Store> {
        self.stores.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The present one.
    pub(super) fn present(&self) -> Option<Store> {
        self.stores.lock().unwrap_or_else(PoisonError::into_inner).last().cloned()
    }

    /// The one before it.
    #[cfg(feature = "http")]
    pub(super) fn former(&self) -> Option<Store> {
        self.stores.lock().unwrap_or_else(PoisonError::into_inner).iter().rev().nth(1).cloned()
    }

    /// Goes on with this one.
    #[cfg(feature = "http")]
    pub(super) fn switch(&self, store: &Store) {
        self.stores.lock().unwrap_or_else(PoisonError::into_inner).push(store.clone());
        self.switchable.switch(ports(store));
    }
}

fn ports(store: &Store) -> StorePorts {
    StorePorts {
        store: store.clone(),
        journal: store.clone(),
        checkpoints: store.clone(),
        leases: store.clone(),
        deadlines: store.clone(),
    }
}

impl WritePorts {
    /// Those of a store in a database.
    pub(super) fn sql(store: &Store) -> Self {
        let stores = SqlStores::new(store);
        let shared = Arc::new(stores.switchable.clone());
        Self {
            store: shared.clone(),
            journal: shared.clone(),
            checkpoints: shared.clone(),
            leases: shared.clone(),
            deadlines: shared,
            own: Own::Sql(stores),
        }
    }

    /// Those of a store in the memory of this program.
    #[cfg(feature = "memory")]
    pub(super) fn memory(store: portolan_memory::MemoryStore) -> Self {
        let shared = Arc::new(store.clone());
        Self {
            store: shared.clone(),
            journal: shared.clone(),
            checkpoints: shared.clone(),
            leases: shared.clone(),
            deadlines: shared,
            own: Own::Memory(store),
        }
    }

    /// The stores, where it is one in a database.
    pub(super) const fn sql_stores(&self) -> Option<&SqlStores> {
        match &self.own {
            Own::Sql(stores) => Some(stores),
            #[cfg(feature = "memory")]
            Own::Memory(_) => None,
        }
    }

    /// The present store, where it is one in a database.
    pub(super) fn as_sql(&self) -> Option<Store> {
        self.sql_stores().and_then(SqlStores::present)
    }

    /// How many commits wait for the writer now; a store in memory has no queue.
    #[cfg(feature = "http")]
    pub(super) fn commits_waiting(&self) -> usize {
        self.as_sql().map_or(0, |store| store.commits_waiting())
    }

    /// What is in the way of commits just now; nothing ever is in memory.
    #[cfg(feature = "http")]
    pub(super) fn obstacle(&self) -> Option<Obstacle> {
        self.as_sql().and_then(|store| store.obstacle())
    }

    /// Finishes what waits, and closes the store.
    ///
    /// # Errors
    /// Those of the store.
    pub(super) async fn close(&self) -> Result<(), Error> {
        match &self.own {
            Own::Sql(stores) => {
                let mut closed = Ok(());
                for store in stores.all().into_iter().rev() {
                    closed = closed.and(store.close().await);
                }
                closed
            }
            #[cfg(feature = "memory")]
            Own::Memory(store) => {
                store.close();
                Ok(())
            }
        }
    }
}
