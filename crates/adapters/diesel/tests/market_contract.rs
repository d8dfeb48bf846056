//! The clauses that hold for any aggregate, on listings and orders: in rows, as documents, and as events alone.
#![cfg(feature = "market")]
#![expect(clippy::unwrap_used, reason = "a test ends where what it stands on fails")]

#[path = "../../../../tests/shared/market.rs"]
mod market;
mod support;

use portolan_diesel::Storage;
use support::SqliteHarness;
use support::kept::Kept;

/// Stores of the market in files.
fn stores(storage: Storage) -> SqliteHarness {
    SqliteHarness::keeping(storage).of(Kept::market())
}

mod rows {
    use portolan_testkit::sample_contract;

    use super::*;
    use crate::market::{Cancelled, Delivered, Sold, Withdrawn};

    sample_contract!(sold, Sold, stores(Storage::Relational));
    sample_contract!(withdrawn, Withdrawn, stores(Storage::Relational));
    sample_contract!(delivered, Delivered, stores(Storage::Relational));
    sample_contract!(cancelled, Cancelled, stores(Storage::Relational));
}

mod documents {
    use portolan_testkit::sample_contract;

    use super::*;
    use crate::market::{Cancelled, Delivered, Sold, Withdrawn};

    sample_contract!(sold, Sold, stores(Storage::Document));
    sample_contract!(withdrawn, Withdrawn, stores(Storage::Document));
    sample_contract!(delivered, Delivered, stores(Storage::Document));
    sample_contract!(cancelled, Cancelled, stores(Storage::Document));
}

mod events {
    use portolan_testkit::sample_contract;

    use super::*;
    use crate::market::{Cancelled, Delivered, Sold, Withdrawn};

    sample_contract!(sold, Sold, stores(Storage::Events));
    sample_contract!(withdrawn, Withdrawn, stores(Storage::Events));
    sample_contract!(delivered, Delivered, stores(Storage::Events));
    sample_contract!(cancelled, Cancelled, stores(Storage::Events));
}
