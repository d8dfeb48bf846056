//! Stores on MariaDB: each in a database of its own.

use portolan_diesel::diesel::connection::SimpleConnection as _;
use portolan_diesel::diesel::{Connection as _, MysqlConnection};
use portolan_kernel::{Error, Result};
use portolan_testkit::Place;

use super::servers::{Dropped, LEASE, MARIADB, server_harness, unique_name};

server_harness!(MariaDbHarness, mysql, MARIADB, place);

/// A database with nothing in it.
pub fn place(server: &str) -> Result<Place> {
    let database = unique_name();
    run(server, &format!("create database {database}"))?;
    let (base, _) =
        server.rsplit_once('/').ok_or_else(|| Error::Invalid("the URL names no database".to_owned()))?;
    let address = format!("{base}/{database}?lease_ms={}", LEASE.as_millis());
    let server = server.to_owned();
    let dropped = Dropped(move || drop(run(&server, &format!("drop database {database}"))));
    Ok(Place::new(address, dropped))
}

/// Runs SQL on the server beside every store.
pub fn run(server: &str, sql: &str) -> Result<()> {
    let failed = |error: String| Error::unavailable(error);
    let mut conn = MysqlConnection::establish(server).map_err(|error| failed(error.to_string()))?;
    conn.batch_execute(sql).map_err(|error| failed(error.to_string()))
}
