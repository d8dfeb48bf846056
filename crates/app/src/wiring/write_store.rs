//! The write store of a running service, port by port, whatever keeps it.

use std::sync::Arc;

use portolan_diesel::SqlStore;
use portolan_kernel::{Checkpoints, Deadlines, Error, Journal, Leases, WriteStore};

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
    Sql(Arc<dyn SqlStore>),
    #[cfg(feature = "memory")]
    Memory(portolan_memory::MemoryStore),
}

impl WritePorts {
    /// Those of a store in a database.
    pub(super) fn sql(store: &Store) -> Self {
        Self {
            store: store.clone(),
            journal: store.clone(),
            checkpoints: store.clone(),
            leases: store.clone(),
            deadlines: store.clone(),
            own: Own::Sql(store.clone()),
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

    /// The store, where it is one in a database.
    pub(super) const fn as_sql(&self) -> Option<&Store> {
        match &self.own {
            Own::Sql(store) => Some(store),
            #[cfg(feature = "memory")]
            Own::Memory(_) => None,
        }
    }

    /// How many commits wait for the writer now; a store in memory has no queue.
    #[cfg(feature = "http")]
    pub(super) fn commits_waiting(&self) -> usize {
        self.as_sql().map_or(0, |store| store.commits_waiting())
    }

    /// Finishes what waits, and closes the store.
    ///
    /// # Errors
    /// Those of the store.
    pub(super) async fn close(&self) -> Result<(), Error> {
        match &self.own {
            Own::Sql(store) => store.close().await,
            #[cfg(feature = "memory")]
            Own::Memory(store) => {
                store.close();
                Ok(())
            }
        }
    }
}
