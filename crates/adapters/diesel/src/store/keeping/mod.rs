//! How a store keeps aggregates: in rows, as documents, or by their events alone. The rest of the store does not know
//! which.

use diesel::prelude::*;
use portolan_kernel::{AggregateType, Registry, Result, Version};
use uuid::Uuid;

use super::ids::DbUuid;
use super::mapper::{StoredAny, Write};
use super::{Conn, Fault, Mappers, Orphan, Schema};
use crate::Storage;
use crate::rows::Rows;

mod documents;
mod events;

/// How a store keeps aggregates.
pub(super) struct Keeping {
    storage: Storage,
    mappers: Mappers,
    registry: Registry,
    /// How many events there are between two snapshots of an aggregate at the least.
    snapshot_every: u64,
}

/// The tables that a way to keep aggregates needs.
pub(super) fn schemas(storage: Storage, mappers: &Mappers) -> Result<Vec<Schema>> {
    match storage {
        Storage::Relational => mappers.schemas(),
        Storage::Document => Ok(vec![documents::SCHEMA]),
        Storage::Events => Ok(vec![events::SCHEMA]),
    }
}

impl Keeping {
    /// Refuses rows where a type that is registered has no mapper, and the other way round.
    pub(super) fn new(
        storage: Storage,
        mappers: &Mappers,
        registry: &Registry,
        snapshot_every: u64,
    ) -> Result<Self> {
        if storage == Storage::Relational {
            mappers.check_against(registry)?;
        }
        Ok(Self { storage, mappers: mappers.clone(), registry: registry.clone(), snapshot_every })
    }

    pub(super) const fn storage(&self) -> Storage {
        self.storage
    }

    /// The type of this name.
    pub(super) fn known(&self, aggregate_type: &str) -> Result<&dyn AggregateType> {
        self.registry.get(aggregate_type)
    }

    /// The names of all types.
    pub(super) fn types(&self) -> Vec<&'static str> {
        self.registry.types().map(AggregateType::name).collect()
    }

    /// Says what this does to rows.
    pub(super) fn collect(&self, write: &Write<'_>, rows: &mut Rows) -> Result<()> {
        let aggregate_type = write.key.aggregate_type;
        match self.storage {
            Storage::Relational => self.mappers.get(aggregate_type)?.collect(write, rows),
            Storage::Document => documents::collect(self.known(aggregate_type)?, write, rows),
            Storage::Events => events::collect(self.known(aggregate_type)?, write, self.snapshot_every, rows),
        }
    }

    /// Those of these aggregates that are there, in whatever order. To be run on one state of the store.
    pub(super) fn load(
        &self,
        conn: &mut Conn,
        aggregate_type: &str,
        ids: &[Uuid],
    ) -> Result<Vec<StoredAny>, Fault> {
        match self.storage {
            Storage::Relational => Ok(self.mappers.get(aggregate_type)?.load(conn, ids)?),
            Storage::Document => documents::load(conn, self.known(aggregate_type)?, ids),
            Storage::Events => events::load(conn, self.known(aggregate_type)?, ids),
        }
    }

    /// Those of these aggregates of which a state is stored, or a snapshot, in whatever order.
    pub(super) fn load_stored(
        &self,
        conn: &mut Conn,
        aggregate_type: &str,
        ids: &[Uuid],
    ) -> Result<Vec<StoredAny>, Fault> {
        match self.storage {
            Storage::Relational | Storage::Document => self.load(conn, aggregate_type, ids),
            Storage::Events => events::snapshots(conn, self.known(aggregate_type)?, ids),
        }
    }

    /// Up to `limit` aggregates of one type with ids beyond `after`, in the order of their ids. To be run on one
    /// state of the store.
    pub(super) fn page(
        &self,
        conn: &mut Conn,
        aggregate_type: &str,
        after: Option<Uuid>,
        limit: usize,
    ) -> Result<Vec<StoredAny>, Fault> {
        match self.storage {
            Storage::Relational => Ok(self.mappers.get(aggregate_type)?.page(conn, after, limit)?),
            Storage::Document => documents::page(conn, self.known(aggregate_type)?, after, limit),
            Storage::Events => events::page(conn, self.known(aggregate_type)?, after, limit),
        }
    }

    /// The ids of up to `limit` states that are stored, or of their snapshots, whether events account for them or not.
    pub(super) fn stored_ids(
        &self,
        conn: &mut Conn,
        aggregate_type: &str,
        after: Option<Uuid>,
        limit: usize,
    ) -> Result<Vec<Uuid>, Fault> {
        match self.storage {
            Storage::Relational => {
                let page = self.mappers.get(aggregate_type)?.page(conn, after, limit)?;
                Ok(page.into_iter().map(|stored| stored.id).collect())
            }
            Storage::Document => documents::ids(conn, aggregate_type, after, limit),
            Storage::Events => events::snapshot_ids(conn, aggregate_type, after, limit),
        }
    }

    /// Up to `limit` child rows of each table whose aggregate is not there.
    pub(super) fn orphans(
        &self,
        conn: &mut Conn,
        aggregate_type: &str,
        limit: usize,
    ) -> Result<Vec<Orphan>, Fault> {
        match self.storage {
            Storage::Relational => Ok(self.mappers.get(aggregate_type)?.orphans(conn, limit)?),
            Storage::Document | Storage::Events => Ok(Vec::new()),
        }
    }

    /// The snapshots of these aggregates, where states are not stored themselves.
    pub(super) fn snapshots(
        &self,
        conn: &mut Conn,
        aggregate_type: &str,
        ids: &[Uuid],
    ) -> Result<Vec<StoredAny>, Fault> {
        match self.storage {
            Storage::Relational | Storage::Document => Ok(Vec::new()),
            Storage::Events => events::snapshots(conn, self.known(aggregate_type)?, ids),
        }
    }
}

/// How many states are asked for in one statement.
const AT_ONCE: usize = 200;

/// A state that is kept as JSON.
#[derive(Queryable)]
struct KeptState {
    id: DbUuid,
    version: i64,
    schema_version: i64,
    state: String,
}

impl KeptState {
    /// What it is, in this table.
    fn stored(self, known: &dyn AggregateType, table: &str) -> Result<StoredAny, Fault> {
        let unreadable = |why: String| Fault::unreadable(format!("`state` in `{table}`: {why}"));
        let schema_version = u16::try_from(self.schema_version)
            .map_err(|_| unreadable(format!("schema version {} is not known here", self.schema_version)))?;
        let state =
            known.decode_state(schema_version, &self.state).map_err(|error| unreadable(error.to_string()))?;
        Ok(StoredAny { id: self.id.0, version: Version(self.version.cast_unsigned()), state })
    }
}
