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
    let address = format!("{server}?schema={schema}&lease_ms={}", LEASE.as_millis());
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
