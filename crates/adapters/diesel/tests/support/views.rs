//! What the contract of read models needs to try views in SQLite.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use portolan_diesel::Mappers;
use portolan_diesel::sqlite::{Config, OpenMode, Store};
use portolan_kernel::{Error, Registry, Result};
use portolan_testkit::counter::CounterProjector;
use portolan_testkit::specimen::{Specimen, SpecimenEvent, SpecimenProjector};
use portolan_testkit::{ManualClock, ReadHarness, ReadModel};

/// Views in files of a temporary folder, or in memory; both of a pair in one store.
pub struct SqliteViews {
    in_memory: bool,
    folders: Mutex<Vec<tempfile::TempDir>>,
}

impl SqliteViews {
    pub fn in_files() -> Self {
        Self { in_memory: false, folders: Mutex::default() }
    }

    pub fn in_memory() -> Self {
        Self { in_memory: true, folders: Mutex::default() }
    }
}

impl SqliteViews {
    /// A new store.
    fn store(&self) -> Result<Store> {
        let folder = tempfile::tempdir().map_err(|error| Error::unavailable(error.to_string()))?;
        let config = match self.in_memory {
            true => Config::memory(),
            false => Config::file(folder.path().join("views.db")),
        };
        self.folders.lock().unwrap().push(folder);
        let clock = Arc::new(ManualClock::default());
        Store::open(&config, OpenMode::ReadWrite, &Registry::new(), &Mappers::new(), clock)
    }
}

#[async_trait]
impl ReadHarness for SqliteViews {
    async fn models(&self) -> Result<[ReadModel; 2]> {
        let store = self.store()?;
        let mut models = Vec::new();
        for name in ["counters", "others"] {
            let (repository, projection) = store.view(name, 1, CounterProjector).await?;
            models.push(ReadModel { repository: Arc::new(repository), projection: Arc::new(projection) });
        }
        models.try_into().map_err(|_| Error::unavailable("there are two models"))
    }

    async fn specimens(&self) -> Result<ReadModel<Specimen, SpecimenEvent>> {
        let (repository, projection) = self.store()?.view("specimens", 1, SpecimenProjector).await?;
        Ok(ReadModel { repository: Arc::new(repository), projection: Arc::new(projection) })
    }
}
