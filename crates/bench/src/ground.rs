//! What every run starts from: the same bytes for every system.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tempfile::TempDir;

use crate::market::Market as _;
use crate::portolan::Portolan;
use crate::run::Done;
use crate::work;

/// A store with published listings, made once by Portolan itself; the twins find its tables, indexes and rows.
pub(crate) struct Ground {
    place: PathBuf,
    made: TempDir,
}

/// A copy of the ground: one run's own store, which goes with it.
pub(crate) struct Fresh {
    directory: TempDir,
}

impl Ground {
    /// Makes it below this folder.
    ///
    /// # Errors
    /// Those of the store and of the file system.
    pub(crate) async fn make(place: &Path) -> Done<Self> {
        Self::keeping(place, "relational").await
    }

    /// Makes it for a store that keeps aggregates like this.
    ///
    /// # Errors
    /// Those of the store and of the file system.
    pub(crate) async fn keeping(place: &Path, storage: &str) -> Done<Self> {
        let ground = Self { place: place.to_owned(), made: tempfile::tempdir_in(place)? };
        let portolan = Portolan::make(&ground.made.path().join(FILE), storage).await?;
        publish(&portolan, work::LISTINGS).await?;
        portolan.close().await;
        Ok(ground)
    }

    /// A store of one's own to begin with.
    ///
    /// # Errors
    /// Those of the file system.
    pub(crate) fn fresh(&self) -> Done<Fresh> {
        let fresh = Fresh { directory: tempfile::tempdir_in(&self.place)? };
        std::fs::copy(self.made.path().join(FILE), fresh.path())?;
        // What the copy left for the disk to do is not the run's.
        std::fs::File::open(fresh.path())?.sync_all()?;
        Ok(fresh)
    }
}

impl Fresh {
    /// Its file.
    pub(crate) fn path(&self) -> PathBuf {
        self.directory.path().join(FILE)
    }
}

/// Publishes so many listings, 64 at a time.
///
/// # Errors
/// Those of the commands.
pub(crate) async fn publish(portolan: &Portolan, listings: usize) -> Done {
    let next = Arc::new(AtomicUsize::new(0));
    let tasks: Vec<_> = (0..64)
        .map(|_| {
            let (portolan, next) = (portolan.clone(), Arc::clone(&next));
            tokio::spawn(async move {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= listings {
                        return Ok(());
                    }
                    portolan.publish(number).await?;
                }
            })
        })
        .collect();
    for task in tasks {
        let published: Result<(), portolan_kernel::CommandError> = task.await?;
        published?;
    }
    Ok(())
}

const FILE: &str = "market.db";
