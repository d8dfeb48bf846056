//! The rows that both twins write: state, journal, idempotency; with the indexes that their promises need.

use std::path::Path;

use rusqlite::{Connection, params};

use crate::work;

const TABLES: &str = "
create table listing (
    id blob primary key, version integer not null, seller blob not null, title text not null,
    description text not null, asking integer not null, currency text not null, increment integer not null,
    reserve integer, ends_at integer not null, status text not null
) without rowid;
create table bid (
    listing blob not null, bidder blob not null, number integer not null, ceiling integer not null,
    primary key (listing, bidder)
) without rowid;
create table orders (
    id blob primary key, version integer not null, customer blob not null, status text not null,
    currency text not null, placed_at integer not null, tracking text
) without rowid;
create table order_line (
    orders blob not null, number integer not null, sku text not null, description text not null,
    quantity integer not null, unit_price integer not null, primary key (orders, number)
) without rowid;
create table journal (
    position integer primary key, commit_position integer not null, event_id blob not null,
    aggregate_type text not null, aggregate_id blob not null, version integer not null,
    event_type text not null, schema_version integer not null, payload text not null, metadata text not null,
    occurred_at integer not null, recorded_at integer not null
);
create unique index journal_event on journal (event_id);
create unique index journal_aggregate on journal (aggregate_id, version);
create table command (
    id blob primary key, fingerprint blob not null, outcome text not null, kept_until integer,
    recorded_at integer not null
) without rowid;
";

/// Opens a connection as durable as Portolan's: write-ahead log, a sync for each commit.
///
/// # Errors
/// Those of SQLite.
pub(crate) fn open(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.execute_batch(
        "pragma journal_mode = wal; pragma synchronous = full; pragma busy_timeout = 10000;
         pragma cache_size = -65536; pragma temp_store = memory;",
    )?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

/// Makes the tables and publishes the listings of the workload.
///
/// # Errors
/// Those of SQLite.
pub(crate) fn create(path: &Path) -> rusqlite::Result<()> {
    let mut connection = open(path)?;
    connection.execute_batch(TABLES)?;
    let transaction = connection.transaction()?;
    for number in 0..work::LISTINGS {
        transaction.prepare_cached("insert into listing values (?,2,?,?,?,10000,'EUR',100,null,?,'published')")?.execute(
            params![
                work::id("listing", number).as_bytes(),
                work::id("seller", number % 100).as_bytes(),
                format!("brass lamp {number}"),
                "velvet globe carved painted glass wool chair",
                i64::MAX / 2,
            ],
        )?;
    }
    transaction.commit()
}

/// Statements that both twins run.
pub(crate) mod sql {
    /// The listing's own row changes with every bid, for its version does.
    pub(crate) const UPDATE_LISTING: &str = "update listing set version = ? where id = ? and version = ?";
    /// One bid a bidder.
    pub(crate) const PUT_BID: &str = "insert into bid values (?,?,?,?)
        on conflict (listing, bidder) do update set number = excluded.number, ceiling = excluded.ceiling";
    /// The last position.
    pub(crate) const HEAD: &str = "select coalesce(max(position), 0) from journal";
    /// One event.
    pub(crate) const PUT_EVENT: &str = "insert into journal values (?,?,?,?,?,?,?,1,?,?,?,?)";
    /// One outcome.
    pub(crate) const PUT_COMMAND: &str = "insert into command values (?,?,?,null,?)";
    /// Whether a command was here before.
    pub(crate) const GET_COMMAND: &str = "select outcome from command where id = ?";
    /// A new order.
    pub(crate) const PUT_ORDER: &str = "insert into orders values (?,1,?,'pending','EUR',?,null)";
    /// One of its lines.
    pub(crate) const PUT_LINE: &str = "insert into order_line values (?,?,?,?,?,?)";
}
