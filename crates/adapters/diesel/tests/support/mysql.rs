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

/// Whoever holds the head of the store at this address, with a position of its own, as a program that hangs would.
pub fn hold(address: &str) -> MysqlConnection {
    let mut conn = beside(address);
    let begun =
        "set session idle_transaction_timeout = 3; begin; update journal_head set position = position + 1";
    conn.batch_execute(begun).unwrap();
    conn
}

/// Cuts every connection to the store at this address.
pub fn cut(address: &str) {
    use portolan_diesel::diesel::prelude::*;
    let mut conn = beside(address);
    let others = portolan_diesel::diesel::dsl::sql::<portolan_diesel::diesel::sql_types::BigInt>(
        "select cast(id as signed) from information_schema.processlist \
         where db = database() and id <> connection_id()",
    );
    let others: Vec<i64> = others.load(&mut conn).unwrap();
    for id in others {
        // One that has gone by itself meanwhile is as good.
        drop(conn.batch_execute(&format!("kill {id}")));
    }
}

/// A connection to the database of a store.
fn beside(address: &str) -> MysqlConnection {
    let (database, _) = address.split_once('?').unwrap();
    MysqlConnection::establish(database).unwrap()
}
