//! Who runs a shared subscription.

use super::store::Held;
use super::{Config, Fault};

pub(crate) struct LeaseKeeper;

impl LeaseKeeper {
    pub(crate) fn open(_config: &Config) -> Result<Self, Fault> {
        Ok(Self)
    }

    pub(crate) fn claim(&self, _name: &str) -> Result<Held, Fault> {
        Ok(Held::Elsewhere { by: None })
    }
}
