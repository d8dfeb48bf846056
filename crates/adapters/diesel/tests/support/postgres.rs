//! Stores on PostgreSQL: each in a schema of its own.

use std::time::Duration;

use portolan_diesel::diesel::connection::SimpleConnection as _;
use portolan_diesel::diesel::dsl::sql;
use portolan_diesel::diesel::prelude::*;
use portolan_diesel::diesel::sql_types::{BigInt, Text};
use portolan_diesel::diesel::{self, PgConnection};
use portolan_kernel::{ChangeSet, Error, Result};
use portolan_testkit::{Holder, Place};

use super::holding;
use super::servers::{Dropped, LEASE, POSTGRES, server_harness, server_views, unique_name};

server_harness!(PostgresHarness, postgres, POSTGRES, place);
server_views!(PostgresViews, postgres, POSTGRES, place);

/// A schema with nothing in it.
pub fn place(server: &str) -> Result<Place> {
    let schema = unique_name();
    run(server, &format!("create schema {schema}"))?;
    // The name tells its connections from those of others. A server that many tests keep busy may take long to begin one.
    let address = format!(
        "{server}?schema={schema}&application_name={schema}&connect_timeout=30&lease_ms={}",
        LEASE.as_millis()
    );
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

/// Another writer that has written this change set, has the head, and does not commit. The server ends it when it has
/// done nothing for three seconds.
pub fn hold(address: &str, change_set: &ChangeSet) -> Result<Holder> {
    hold_for(address, change_set, Duration::from_secs(3))
}

/// The same, which the server ends when it has done nothing for so many whole seconds.
pub fn hold_for(address: &str, change_set: &ChangeSet, at_most: Duration) -> Result<Holder> {
    let failed = |error: diesel::result::Error| Error::unavailable(error.to_string());
    let (mut conn, schema) = beside(address);
    let at_most = at_most.as_millis();
    conn.batch_execute(&format!(
        "set search_path = {schema}; set idle_in_transaction_session_timeout = {at_most}; begin"
    ))
    .map_err(failed)?;
    let last = sql::<BigInt>("select position from journal_head for update").get_result(&mut conn);
    let last = holding::write(&mut conn, change_set, last.map_err(failed)?, |id| format!("'{id}'"))?;
    conn.batch_execute(&format!("update journal_head set position = {last}")).map_err(failed)?;
    Ok(holding::holder(conn))
}

/// The connections of the store at this address that are in a transaction and do nothing.
fn left_open(address: &str) -> Result<Vec<String>> {
    let (mut conn, schema) = beside(address);
    let idle = sql::<Text>(&format!(
        "select query from pg_stat_activity where application_name = '{schema}' \
         and state like 'idle in transaction%'"
    ));
    idle.load(&mut conn).map_err(|error| Error::unavailable(error.to_string()))
}

/// Cuts every connection to the store at this address; they are gone when this returns.
pub fn cut(address: &str) {
    let (mut conn, schema) = beside(address);
    let cut = format!(
        "select pg_terminate_backend(a.pid, 5000) from pg_stat_activity a where a.application_name = '{schema}' \
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
