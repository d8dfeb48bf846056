//! What a store says about itself, and its backup.

use std::path::PathBuf;

use diesel::prelude::*;
use portolan_kernel::Result;

use super::tables::store_info;
use super::{Conn, Fault, Info, Store, engine, heads, migrate, moved};
use crate::Storage;

/// The name of the line that says how a store keeps aggregates.
const STORAGE: &str = "storage";

impl Store {
    /// What the store says about itself.
    ///
    /// # Errors
    /// [`Error::Unavailable`](portolan_kernel::Error::Unavailable) where it cannot be read.
    pub async fn info(&self) -> Result<Info> {
        let config = self.0.config.clone();
        self.read_with(move |conn| {
            engine::snapshot(conn, |conn| {
                Ok(Info {
                    storage: storage(conn)?,
                    moved: moved::look_up(conn)?,
                    store_id: named(conn, "store_id")?,
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

/// How this store, which is there, keeps aggregates.
pub(super) fn storage(conn: &mut Conn) -> Result<Storage, Fault> {
    Ok(named(conn, STORAGE)?.parse()?)
}

/// Writes down how it does: when it is made.
pub(super) fn set_storage(conn: &mut Conn, storage: Storage) -> Result<(), Fault> {
    let value = store_info::value.eq(storage.as_str());
    diesel::update(store_info::table.find(STORAGE)).set(value).execute(conn)?;
    Ok(())
}

/// How what is there was made to keep aggregates; `None` where it is no store yet.
pub(super) fn made_as(conn: &mut Conn) -> Result<Option<Storage>, Fault> {
    let tables = engine::tables(conn)?;
    let is_store =
        ["store_info", "schema_versions"].iter().all(|ours| tables.iter().any(|table| table == ours));
    if is_store { storage(conn).map(Some) } else { Ok(None) }
}

fn named(conn: &mut Conn, name: &str) -> Result<String, Fault> {
    Ok(store_info::table.find(name).select(store_info::value).first(conn)?)
}
