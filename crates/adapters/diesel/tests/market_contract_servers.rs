//! The clauses that hold for any aggregate, on listings and orders in rows of a server.
#![cfg(all(feature = "market", any(feature = "postgres-engine", feature = "mysql-engine")))]
#![expect(clippy::unwrap_used, reason = "a test ends where what it stands on fails")]

#[path = "../../../../tests/shared/market.rs"]
mod market;
mod support;

use support::kept::Kept;

#[cfg(feature = "postgres-engine")]
mod postgres {
    use portolan_testkit::sample_contract;

    use super::*;
    use crate::market::{Cancelled, Delivered, Sold, Withdrawn};
    use crate::support::postgres::PostgresHarness;

    fn stores() -> PostgresHarness {
        PostgresHarness::default().of(Kept::market())
    }

    sample_contract!(sold, Sold, stores());
    sample_contract!(withdrawn, Withdrawn, stores());
    sample_contract!(delivered, Delivered, stores());
    sample_contract!(cancelled, Cancelled, stores());
}

#[cfg(feature = "mysql-engine")]
mod mysql {
    use portolan_testkit::sample_contract;

    use super::*;
    use crate::market::{Cancelled, Delivered, Sold, Withdrawn};
    use crate::support::mysql::MariaDbHarness;

    fn stores() -> MariaDbHarness {
        MariaDbHarness::default().of(Kept::market())
    }

    sample_contract!(sold, Sold, stores());
    sample_contract!(withdrawn, Withdrawn, stores());
    sample_contract!(delivered, Delivered, stores());
    sample_contract!(cancelled, Cancelled, stores());
}
