//! Leases as locks on files beside the store: the system gives a lock back when its process ends, however it ends.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::connection::{beside, real_path};
use super::store::Held;
use super::{Config, Fault};

/// Hands out leases. A store in memory has one process, which keeps them in a set.
pub(crate) struct LeaseKeeper {
    /// The store's file, whatever link it was opened by: the same one for everybody.
    path: Option<PathBuf>,
    held_here: Arc<Mutex<HashSet<String>>>,
}

impl LeaseKeeper {
    /// The leases of this store, whose file is there.
    pub(crate) fn open(config: &Config) -> Result<Self, Fault> {
        let path = config.location.path().map(real_path).transpose()?;
        Ok(Self { path, held_here: Arc::default() })
    }

    pub(crate) fn claim(&self, name: &str) -> Result<Held, Fault> {
        let Some(path) = &self.path else { return Ok(self.claim_here(name)) };
        let path = beside(path, &format!("-lease-{}", file_name(name)));
        let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        match file.try_lock() {
            Ok(()) => {
                // Who holds it, for the one who does not get it.
                file.set_len(0)?;
                file.rewind()?;
                file.write_all(owner().as_bytes())?;
                Ok(Ok(Box::new(HeldFile(file)) as _))
            }
            Err(TryLockError::WouldBlock) => {
                let mut by = String::new();
                file.take(32).read_to_string(&mut by)?;
                Ok(Err(Some(by).filter(|by| !by.is_empty())))
            }
            Err(TryLockError::Error(error)) => Err(error.into()),
        }
    }

    fn claim_here(&self, name: &str) -> Held {
        let mut held = self.held_here.lock().unwrap_or_else(PoisonError::into_inner);
        if !held.insert(name.to_owned()) {
            return Err(Some(owner()));
        }
        Ok(Box::new(HeldName { name: name.to_owned(), held: Arc::clone(&self.held_here) }))
    }
}

/// Whoever owns a lease is a process of this machine.
pub(crate) fn owner() -> String {
    format!("process {}", std::process::id())
}

/// A lease lasts as long as its process.
pub(crate) const fn term(_config: &Config) -> Option<Duration> {
    None
}

/// Closing the file gives the lock back. The file stays: removing it would race with the next owner.
struct HeldFile(#[expect(dead_code, reason = "held for what its drop does")] File);

struct HeldName {
    name: String,
    held: Arc<Mutex<HashSet<String>>>,
}

impl Drop for HeldName {
    fn drop(&mut self) {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.name);
    }
}

/// A name that every file system takes, and a different one for every lease.
fn file_name(name: &str) -> String {
    let mut file_name = String::new();
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'_' => file_name.push(char::from(byte)),
            // Writing to a string cannot fail.
            other => _ = write!(file_name, "-{other:02x}"),
        }
    }
    file_name
}
