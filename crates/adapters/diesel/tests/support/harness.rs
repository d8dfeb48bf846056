//! What the contracts of the test kit need to try a store.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use portolan_diesel::Storage;
use portolan_diesel::diesel::connection::SimpleConnection as _;
use portolan_diesel::diesel::dsl::sql;
use portolan_diesel::diesel::prelude::*;
use portolan_diesel::diesel::sql_types::{BigInt, Nullable};
use portolan_diesel::sqlite::{Check, Config, OpenMode, Store};
use portolan_kernel::{
    ChangeSet, Clock, Error, Position, Registry, Reset, Result, SubscriptionId, WriteStore,
};
use portolan_testkit::{Capabilities, Capability, Holder, Place, Polls, Subject, WriteHarness, WritePorts};

use super::kept::Kept;
use super::{beside, holding};

/// Stores in files of a temporary folder, or in memory.
#[derive(Default)]
pub struct SqliteHarness {
    in_memory: bool,
    storage: Storage,
    kept: Kept,
    /// The stores that the kit holds as ports, for what only they can show.
    open: Mutex<HashMap<usize, Store>>,
}

impl SqliteHarness {
    /// Each store has one connection, and is gone with it.
    pub fn in_memory() -> Self {
        Self { in_memory: true, ..Self::default() }
    }

    /// Aggregates are kept like this; snapshots are close together, so that tests have some.
    pub fn keeping(storage: Storage) -> Self {
        Self { storage, ..Self::default() }
    }

    /// They keep this.
    pub fn of(self, kept: Kept) -> Self {
        Self { kept, ..self }
    }

    fn store_of(&self, ports: &WritePorts) -> Result<Store> {
        let open = self.open.lock().unwrap();
        open.get(&address_of(&ports.store)).cloned().ok_or_else(|| Error::NotFound("the store".to_owned()))
    }
}

fn address_of(store: &Arc<dyn WriteStore>) -> usize {
    Arc::as_ptr(store).cast::<()>() as usize
}

#[async_trait]
impl WriteHarness for SqliteHarness {
    fn capabilities(&self) -> Capabilities {
        let capabilities = Capabilities::all().without(
            Capability::LeaseTerm,
            "a lease ends with its process, of which the system tells at once",
        );
        if !self.in_memory {
            return capabilities;
        }
        capabilities
            .without(Capability::Reopen, "a store in memory is gone with its last handle")
            .without(Capability::Kill, "a store in memory is gone with its process")
            .without(
                Capability::Share,
                "a store in memory has one connection, which no other process can have",
            )
            .without(
                Capability::Hold,
                "a store in memory has one connection, and its writer ends what it begins",
            )
    }

    fn registry(&self) -> Registry {
        (self.kept.registry)()
    }

    async fn place(&self) -> Result<Place> {
        let folder = tempfile::tempdir().map_err(|error| Error::unavailable(error.to_string()))?;
        if self.in_memory {
            return Ok(Place::new(":memory:", folder));
        }
        let address = format!("sqlite:{}", folder.path().join("store.db").display());
        Ok(Place::new(address, folder))
    }

    async fn open(&self, address: &str, clock: Arc<dyn Clock>) -> Result<WritePorts> {
        let config: Config = address.parse()?;
        let config = Config { storage: Some(self.storage), snapshot_every: 3, ..config };
        let Kept { registry, mappers } = self.kept;
        let store = Store::open(&config, OpenMode::ReadWrite, &registry(), &mappers(), clock)?;
        let polling = store.clone();
        let ports = WritePorts::of(Arc::new(store.clone()));
        self.open.lock().unwrap().insert(address_of(&ports.store), store);
        let count = Arc::new(move || polling.polls());
        Ok(WritePorts { polls: Some(Polls { count, per_second: Store::POLLS_PER_SECOND }), ..ports })
    }

    async fn close(&self, ports: WritePorts) -> Result<()> {
        let store = self.store_of(&ports)?;
        self.open.lock().unwrap().remove(&address_of(&ports.store));
        store.close().await
    }

    async fn hold(&self, address: &str, change_set: &ChangeSet) -> Result<Holder> {
        let config: Config = address.parse()?;
        let Some(path) = config.location.path() else {
            return Err(Error::Unsupported("a store in memory has one connection".to_owned()));
        };
        let mut conn = beside(path);
        let failed = |error: &dyn std::fmt::Display| Error::unavailable(error.to_string());
        conn.batch_execute("begin immediate").map_err(|error| failed(&error))?;
        let last =
            sql::<Nullable<BigInt>>("select max(position) from journal").get_result::<Option<i64>>(&mut conn);
        holding::write(
            &mut conn,
            change_set,
            last.map_err(|error| failed(&error))?.unwrap_or(0),
            holding::bytes,
        )?;
        Ok(holding::holder(conn))
    }

    async fn findings(&self, subject: &Subject) -> Result<Vec<String>> {
        let store = self.store_of(subject.ports().map_err(|_| Error::NotFound("the ports".to_owned()))?)?;
        let mut findings = Vec::new();
        let tell = |check| {
            if let Check::Found(finding) = check {
                findings.push(finding.to_string());
            }
        };
        store.check(tell).await?;
        Ok(findings)
    }

    async fn reset_records(
        &self,
        subject: &Subject,
        subscription: &SubscriptionId,
    ) -> Result<Vec<(Position, Reset)>> {
        let store = self.store_of(subject.ports().map_err(|_| Error::NotFound("the ports".to_owned()))?)?;
        let resets = store.resets(subscription).await?;
        Ok(resets.into_iter().map(|recorded| (recorded.from, recorded.reset)).collect())
    }
}
