//! Leases are rows, which end by the server's clock: the writer's transaction decides about them.

use std::time::Duration;

use super::super::store::Held;
use super::{Config, Fault};

/// Nothing is kept beside the rows.
pub(crate) struct LeaseKeeper;

impl LeaseKeeper {
    #[expect(clippy::unnecessary_wraps, reason = "an engine on files opens some here")]
    pub(crate) const fn open(_config: &Config) -> Result<Self, Fault> {
        Ok(Self)
    }

    /// As far as this process is concerned.
    #[expect(clippy::unnecessary_wraps, reason = "an engine on files locks one here")]
    pub(crate) fn claim(&self, _name: &str) -> Result<Held, Fault> {
        Ok(Ok(Box::new(())))
    }
}

/// How long a lease lasts that is not extended.
#[expect(clippy::unnecessary_wraps, reason = "a lease on a file ends with its process")]
pub(crate) const fn term(config: &Config) -> Option<Duration> {
    Some(config.lease)
}
