//! What a store says about itself, and its backup.

use std::path::PathBuf;

use diesel::prelude::*;
use portolan_kernel::{Position, Result};

use super::tables::store_info;
use super::{Fault, Store, engine, heads, migrate};

/// What a store says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Info {
    /// How aggregates are stored: `relational`.
    pub storage: String,
    /// The id that it was made with; a backup has the same.
    pub store_id: String,
    /// The version of each component's tables, by name.
    pub schema_versions: Vec<(String, u32)>,
    /// How many events it holds, which is also the position of the last.
    pub events: Position,
    /// The size of its file and log; 0 in memory.
    pub bytes: u64,
}

impl Store {
    /// What the store says about itself.
    ///
    /// # Errors
    /// [`Error::Unavailable`](portolan_kernel::Error::Unavailable) where it cannot be read.
    pub async fn info(&self) -> Result<Info> {
        let config = self.0.config.clone();
        self.read_with(move |conn| {
            engine::snapshot(conn, |conn| {
                let mut named = |name: &str| -> Result<String, Fault> {
                    Ok(store_info::table.find(name).select(store_info::value).first(conn)?)
                };
                let (storage, store_id) = (named("storage")?, named("store_id")?);
                Ok(Info {
                    storage,
                    store_id,
                    schema_versions: migrate::versions(conn)?,
                    events: heads::last_position(conn)?,
                    bytes: engine::bytes(conn, &config)?,
                })
            })
        })
        .await
    }

    /// Copies what was committed up to now into a new file, while the store is used on.
    ///
    /// # Errors
    /// [`Error::AlreadyExists`](portolan_kernel::Error::AlreadyExists) where the file is there;
    /// [`Error::Unavailable`](portolan_kernel::Error::Unavailable) where it cannot be written, and none is left.
    pub async fn backup(&self, target: impl Into<PathBuf>) -> Result<()> {
        let target = target.into();
        self.read_with(move |conn| engine::backup(conn, &target)).await
    }
}
