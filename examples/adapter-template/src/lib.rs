//! An adapter that compiles and keeps no promise yet: every port's methods answer `Unsupported`, before any I/O.
//!
//! `docs/guides/write-an-adapter.md` goes from here to one that keeps them all, port by port. What a method promises
//! stands at its trait in `portolan-kernel`; the contracts in `tests/` try it.

use portolan_kernel::{Error, Result};

mod checkpoints;
mod deadlines;
mod journal;
mod leases;
mod store;
mod view;

pub use view::View;

/// A store: whatever it is made of. Clones are the same store.
#[derive(Debug, Clone)]
pub struct Store {
    address: String,
}

impl Store {
    /// Opens the store at this address, making it where there is none.
    ///
    /// # Errors
    /// [`Error::Unavailable`] where it cannot be reached, [`Error::Invalid`] where the address is none.
    pub fn open(address: &str) -> Result<Self> {
        Ok(Self { address: address.to_owned() })
    }

    /// What a method answers that is still to come.
    fn unsupported<T>(&self, what: &str) -> Result<T> {
        Err(Error::Unsupported(format!("{}: {what}", self.address)))
    }
}
