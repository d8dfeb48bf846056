//! Where a run's store is, and that it goes with the run.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::Done;

/// A store of a run's own.
pub(super) trait Home {
    /// What opens it.
    fn url(&self) -> String;
}

/// A file of SQLite.
pub(super) struct File {
    directory: TempDir,
    storage: String,
}

impl File {
    /// For a store that keeps aggregates like this; nothing is made yet but the folder.
    ///
    /// # Errors
    /// Those of the file system.
    pub(super) fn make(place: &Path, storage: &str) -> Done<Self> {
        Ok(Self { directory: tempfile::tempdir_in(place)?, storage: storage.to_owned() })
    }
}

impl File {
    /// Where it is, or will be.
    pub(super) fn path(&self) -> PathBuf {
        self.directory.path().join("market.db")
    }
}

impl Home for File {
    fn url(&self) -> String {
        format!("sqlite:{}?storage={}", self.path().display(), self.storage)
    }
}
