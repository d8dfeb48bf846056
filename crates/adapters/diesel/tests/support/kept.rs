//! What the stores of a harness keep.

use portolan_diesel::Mappers;
use portolan_kernel::Registry;
use portolan_testkit::counter;

use super::CounterMapper;

/// The aggregates of a store, and their mappers.
#[derive(Debug, Clone, Copy)]
pub struct Kept {
    pub registry: fn() -> Registry,
    pub mappers: fn() -> Mappers,
}

impl Default for Kept {
    /// Counters.
    fn default() -> Self {
        Self { registry: counter::registry, mappers: || Mappers::new().with(CounterMapper) }
    }
}

impl Kept {
    /// Listings and orders.
    #[cfg(feature = "market")]
    pub fn market() -> Self {
        Self { registry: portolan_application::wire::registry, mappers: portolan_diesel::market::mappers }
    }
}
