//! Stores on MariaDB: each in a database of its own.

use std::time::{Duration, Instant};

use portolan_diesel::diesel::connection::SimpleConnection as _;
use portolan_diesel::diesel::dsl::sql;
use portolan_diesel::diesel::prelude::*;
use portolan_diesel::diesel::sql_types::{BigInt, Text};
use portolan_diesel::diesel::{self, MysqlConnection};
use portolan_kernel::{ChangeSet, Error, Result};
use portolan_testkit::{Holder, Place};

use super::holding;
use super::servers::{Dropped, LEASE, MARIADB, server_harness, server_views, unique_name};

server_harness!(MariaDbHarness, mysql, MARIADB, place);
server_views!(MariaDbViews, mysql, MARIADB, place);

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

/// Another writer that has written this change set, has the head, and does not commit. The server ends it when it has
/// done nothing for three seconds.
pub fn hold(address: &str, change_set: &ChangeSet) -> Result<Holder> {
    hold_for(address, change_set, Duration::from_secs(3))
}

/// The same, which the server ends when it has done nothing for so many whole seconds.
pub fn hold_for(address: &str, change_set: &ChangeSet, at_most: Duration) -> Result<Holder> {
    let failed = |error: diesel::result::Error| Error::unavailable(error.to_string());
    let mut conn = beside(address);
    let at_most = at_most.as_secs();
    conn.batch_execute(&format!("set session idle_transaction_timeout = {at_most}; begin"))
        .map_err(failed)?;
    let last = sql::<BigInt>("select position from journal_head for update").get_result(&mut conn);
    let last = holding::write(&mut conn, change_set, last.map_err(failed)?, holding::bytes)?;
    conn.batch_execute(&format!("update journal_head set position = {last}")).map_err(failed)?;
    Ok(holding::holder(conn))
}

/// The connections of the store at this address that are in a transaction and do nothing.
fn left_open(address: &str) -> Result<Vec<String>> {
    let idle = sql::<Text>(
        "select concat('transaction ', trx_id) from information_schema.innodb_trx \
         join information_schema.processlist on id = trx_mysql_thread_id \
         where db = database() and command = 'Sleep'",
    );
    idle.load(&mut beside(address)).map_err(|error| Error::unavailable(error.to_string()))
}

/// Cuts every connection to the store at this address; they are gone when this returns.
pub fn cut(address: &str) {
    let mut conn = beside(address);
    let mut others = || {
        let others = sql::<BigInt>(
            "select cast(id as signed) from information_schema.processlist \
             where db = database() and id <> connection_id()",
        );
        let others: Vec<i64> = others.load(&mut conn).unwrap();
        for id in &others {
            // One that has gone by itself meanwhile is as good.
            drop(conn.batch_execute(&format!("kill {id}")));
        }
        others.len()
    };
    let until = Instant::now() + Duration::from_secs(20);
    while others() > 0 {
        assert!(Instant::now() < until, "connections that were killed are still there");
    }
}

/// A connection to the database of a store.
fn beside(address: &str) -> MysqlConnection {
    let (database, _) = address.split_once('?').unwrap();
    MysqlConnection::establish(database).unwrap()
}
