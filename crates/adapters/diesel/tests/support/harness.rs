//! What the contracts of the test kit need to try a store.

use std::sync::Arc;

use async_trait::async_trait;
use portolan_diesel::Storage;
use portolan_diesel::diesel::connection::SimpleConnection as _;
use portolan_diesel::diesel::dsl::sql;
use portolan_diesel::diesel::prelude::*;
use portolan_diesel::diesel::sql_types::{BigInt, Nullable};
use portolan_diesel::sqlite::{Check, Config, Durability, OpenMode, Store};
use portolan_kernel::{ChangeSet, Clock, Error, Position, Registry, Reset, Result, SubscriptionId};
use portolan_testkit::{Capabilities, Capability, Holder, Place, Polls, WriteHarness, WritePorts};

use super::kept::Kept;
use super::{beside, holding};

/// Stores in files of a temporary folder, or in memory.
#[derive(Default)]
pub struct SqliteHarness {
    in_memory: bool,
    storage: Storage,
    kept: Kept,
    is_unsynced: bool,
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

    /// Commits do not wait for the disk: for tests that see no power cut, and make many of them.
    pub fn unsynced() -> Self {
        Self { is_unsynced: true, ..Self::default() }
    }

    /// They keep this.
    pub fn of(self, kept: Kept) -> Self {
        Self { kept, ..self }
    }
}

/// The store behind these ports.
fn store_of(ports: &WritePorts) -> Result<&Store> {
    ports.own().ok_or_else(|| Error::NotFound("the store".to_owned()))
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
        let unsynced = Durability::LosesLastCommitsOnPowerCut;
        let durability = if self.is_unsynced { unsynced } else { config.durability };
        let config = Config { durability, ..config };
        let Kept { registry, mappers } = self.kept;
        let store = Store::open(&config, OpenMode::ReadWrite, &registry(), &mappers(), clock)?;
        let polling = store.clone();
        let ports = WritePorts::of(Arc::new(store));
        let count = Arc::new(move || polling.polls());
        Ok(WritePorts { polls: Some(Polls { count, per_second: Store::POLLS_PER_SECOND }), ..ports })
    }

    async fn close(&self, ports: WritePorts) -> Result<()> {
        store_of(&ports)?.close().await
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

    async fn findings(&self, ports: &WritePorts) -> Result<Vec<String>> {
        let mut findings = Vec::new();
        let tell = |check| {
            if let Check::Found(finding) = check {
                findings.push(finding.to_string());
            }
        };
        store_of(ports)?.check(tell).await?;
        Ok(findings)
    }

    async fn reset_records(
        &self,
        ports: &WritePorts,
        subscription: &SubscriptionId,
    ) -> Result<Vec<(Position, Reset)>> {
        let resets = store_of(ports)?.resets(subscription).await?;
        Ok(resets.into_iter().map(|recorded| (recorded.from, recorded.reset)).collect())
    }
}
