//! A copy of a store that is in use.

use std::path::Path;

use diesel::prelude::*;
use diesel::sql_types::Text;
use portolan_kernel::Error;

use super::{Conn, Fault};

/// Copies what was committed up to now into a new file, while others go on writing.
pub(crate) fn backup(conn: &mut Conn, target: &Path) -> Result<(), Fault> {
    if target.exists() {
        return Err(Error::AlreadyExists(format!("the file {}", target.display())).into());
    }
    let name = target
        .to_str()
        .ok_or_else(|| Error::Invalid(format!("the name {} is not UTF-8", target.display())))?;
    // SQLite would say of this store that it cannot be opened.
    if let Some(folder) = target.parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.is_dir())
    {
        return Err(Error::Invalid(format!(
            "there is no folder {} to write the backup in",
            folder.display()
        ))
        .into());
    }
    let copied = diesel::sql_query("vacuum into ?").bind::<Text, _>(name).execute(conn);
    let synced = copied.map_err(Fault::from).and_then(|_| Ok(std::fs::File::open(target)?.sync_all()?));
    if synced.is_err() {
        // Half a backup is none.
        if let Err(error) = std::fs::remove_file(target) {
            tracing::debug!(%error, "there was no half backup to remove");
        }
    }
    synced
}
