//! How connections begin.

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use portolan_kernel::Error;

use super::super::connection::READ_ONLY;
use super::{Config, Conn, Fault, tuning, upkeep};
use crate::prepared;
use crate::prepared::Words;

/// Looks whether there are tables, and whether they may be used as asked.
pub(crate) fn inspect(config: &Config, to_write: bool) -> Result<bool, Fault> {
    let mut conn = probe(config)?;
    if to_write {
        refuse_a_replica(&mut conn, config)?;
    }
    Ok(!upkeep::tables(&mut conn)?.is_empty())
}

/// A connection to look at a store before it is opened.
pub(crate) fn probe(config: &Config) -> Result<Conn, Fault> {
    let mut conn = Conn::establish(&tuning::told(config))?;
    conn.batch_execute(&tuning::session(config))?;
    Ok(conn)
}

/// A connection that reads the store while others write. It keeps nobody waiting, and may think between two statements for
/// as long as one of them may take.
pub(crate) fn open_reader(config: &Config) -> Result<Conn, Fault> {
    let mut conn = probe(config)?;
    conn.batch_execute(&tuning::reading(config))?;
    Ok(conn)
}

/// The connection that writes.
pub(crate) fn open_writer(config: &Config) -> Result<Conn, Fault> {
    let mut conn = probe(config)?;
    refuse_a_replica(&mut conn, config)?;
    tuning::WRITING.map_or(Ok(()), |words| conn.batch_execute(words))?;
    Ok(conn)
}

fn refuse_a_replica(conn: &mut Conn, config: &Config) -> Result<(), Fault> {
    let is_read_only: i64 = prepared!(Words::<BigInt>::new(READ_ONLY)).get_result(conn)?;
    if is_read_only != 0 {
        return Err(Error::unavailable(format!(
            "{} can only be read: it is a replica, or it was set to be read-only; name the server that takes \
             writes",
            config.location
        ))
        .into());
    }
    Ok(())
}

/// Whether the server still answers on this connection.
pub(crate) fn is_there(conn: &mut Conn) -> bool {
    conn.batch_execute("select 1").is_ok()
}

/// Opens a store: a server lets its clients wait by itself.
pub(crate) fn patiently<T>(_config: &Config, mut open: impl FnMut() -> Result<T, Fault>) -> Result<T, Fault> {
    open()
}

/// A question waits for the server and for the way there.
pub(crate) const ANSWERS_BY_ITSELF: bool = false;

/// A server takes any number of connections.
pub(crate) const fn has_one_connection(_config: &Config) -> bool {
    false
}
