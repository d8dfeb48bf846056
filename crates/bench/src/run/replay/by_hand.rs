//! The loop made by hand: rows, decoded, into four hash maps.

use std::collections::HashMap;
use std::path::Path;

use portolan_application::projections::{
    CustomerProjector, ListingProjector, OrderProjector, TotalsProjector,
};
use portolan_application::wire::{MarketDecoder, MarketEvent};
use portolan_kernel::{Decoder as _, Projector, Recorded, Version, View};
use rusqlite::{Connection, OpenFlags};

use crate::run::Done;
use crate::twin::copying::envelope;

/// The four views.
pub(super) struct Views {
    pub(super) events: u64,
    listings: Table<ListingProjector>,
    orders: Table<OrderProjector>,
    customers: Table<CustomerProjector>,
    totals: Table<TotalsProjector>,
}

impl Views {
    /// How many rows they have together.
    pub(super) fn rows(&self) -> u64 {
        let Self { listings, orders, customers, totals, .. } = self;
        (listings.rows.len() + orders.rows.len() + customers.rows.len() + totals.rows.len()) as u64
    }
}

/// Reads the whole journal.
///
/// # Errors
/// Those of SQLite, and an event that does not decode.
pub(super) fn replay(path: &Path) -> Done<Views> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let mut views = Views {
        events: 0,
        listings: Table::new(ListingProjector),
        orders: Table::new(OrderProjector),
        customers: Table::new(CustomerProjector),
        totals: Table::new(TotalsProjector),
    };
    let decoder = MarketDecoder;
    let mut select = connection.prepare(
        "select position, commit_position, event_id, aggregate_type, aggregate_id, version, event_type,
         schema_version, payload, metadata, occurred_at, recorded_at from journal order by position",
    )?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        let envelope = envelope(row)?;
        let event = decoder.decode(&envelope)?;
        let recorded = Recorded::of(envelope, event);
        views.listings.take(&recorded);
        views.orders.take(&recorded);
        views.customers.take(&recorded);
        views.totals.take(&recorded);
        views.events += 1;
    }
    Ok(views)
}

/// Rows with their versions, by id.
type Rows<V> = HashMap<<V as View>::Id, (Option<V>, Version)>;

/// One view.
struct Table<P: Projector<MarketEvent>> {
    projector: P,
    rows: Rows<P::View>,
}

impl<P: Projector<MarketEvent>> Table<P> {
    fn new(projector: P) -> Self {
        Self { projector, rows: HashMap::new() }
    }

    fn take(&mut self, recorded: &Recorded<MarketEvent>) {
        let Some(id) = self.projector.target(recorded) else { return };
        let (row, version) = self.rows.entry(id).or_insert((None, Version::ZERO));
        self.projector.project(row, recorded);
        *version = self.projector.version(recorded);
    }
}
