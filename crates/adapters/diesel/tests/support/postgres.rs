//! Stores on PostgreSQL: each in a schema of its own.

use portolan_diesel::diesel::connection::SimpleConnection as _;
use portolan_diesel::diesel::{Connection as _, PgConnection};
use portolan_kernel::{Error, Result};
use portolan_testkit::Place;

use super::servers::{Dropped, LEASE, POSTGRES, server_harness, unique_name};

server_harness!(PostgresHarness, postgres, POSTGRES, place);

/// A schema with nothing in it.
pub fn place(server: &str) -> Result<Place> {
    let schema = unique_name();
    run(server, &format!("create schema {schema}"))?;
    // The name tells its connections from those of others.
    let address =
        format!("{server}?schema={schema}&application_name={schema}&lease_ms={}", LEASE.as_millis());
    let server = server.to_owned();
    let dropped = Dropped(move || drop(run(&server, &format!("drop schema {schema} cascade"))));
    Ok(Place::new(address, dropped))
}

/// Runs SQL on the server beside every store.
pub fn run(server: &str, sql: &str) -> Result<()> {
    let failed = |error: String| Error::unavailable(error);
    let mut conn = PgConnection::establish(server).map_err(|error| failed(error.to_string()))?;
    conn.batch_execute(sql).map_err(|error| failed(error.to_string()))
}

/// Whoever holds the head of the store at this address, with a position of its own, as a program that hangs would.
pub fn hold(address: &str) -> PgConnection {
    let (mut conn, schema) = beside(address);
    let begun = format!(
        "set search_path = {schema}; set idle_in_transaction_session_timeout = 3000; begin; \
         update journal_head set position = position + 1"
    );
    conn.batch_execute(&begun).unwrap();
    conn
}

/// Cuts every connection to the store at this address.
pub fn cut(address: &str) {
    let (mut conn, schema) = beside(address);
    let cut = format!(
        "select pg_terminate_backend(a.pid) from pg_stat_activity a where a.application_name = '{schema}' \
         and a.pid <> pg_backend_pid()"
    );
    conn.batch_execute(&cut).unwrap();
}

/// A connection to the server of a store, and the store's schema.
fn beside(address: &str) -> (PgConnection, String) {
    let (server, options) = address.split_once('?').unwrap();
    let schema = options.split('&').find_map(|option| option.strip_prefix("schema=")).unwrap();
    (PgConnection::establish(server).unwrap(), schema.to_owned())
}
