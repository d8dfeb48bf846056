//! Events by the thousand: PostgreSQL's own way to fill a table, which costs it half of what a statement costs, and takes
//! what comes while more is sent.

use std::io::Write;

use diesel::ExecuteCopyFromDsl as _;
use diesel::pg::CopyFormat;
use diesel::result::{Error, QueryResult};

use super::Conn;
use super::store::tables::journal;
use crate::rows::Value;
use crate::rows::sheet::Sheet;

/// What the binary format begins with: its name, no flags, nothing more of a header.
const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";

/// How many bytes are sent at once.
const SENT: usize = 64 * 1024;

/// Appends all of these events to the journal.
pub(crate) fn append<S: Sheet>(conn: &mut Conn, events: &[S]) -> QueryResult<()> {
    if events.is_empty() {
        return Ok(());
    }
    diesel::copy_from(journal::table)
        .from_raw_data(journal::table, |out| send(events, out))
        .with_format(CopyFormat::Binary)
        .execute(conn)
        .map(drop)
}

/// The rows in the binary format, column by column as the table has them.
fn send<S: Sheet>(events: &[S], out: &mut dyn Write) -> QueryResult<()> {
    let mut bytes = HEADER.to_vec();
    for event in events {
        let cells = event.cells();
        bytes.extend_from_slice(&length::<i16>(cells.as_ref().len())?.to_be_bytes());
        for cell in cells.as_ref() {
            match cell {
                Value::Null => bytes.extend_from_slice(&(-1_i32).to_be_bytes()),
                Value::Integer(number) => field(&number.to_be_bytes(), &mut bytes)?,
                Value::Text(text) => field(text.as_bytes(), &mut bytes)?,
                Value::Uuid(id) => field(id.0.as_bytes(), &mut bytes)?,
            }
        }
        if bytes.len() >= SENT {
            out.write_all(&bytes).map_err(unsent)?;
            bytes.clear();
        }
    }
    bytes.extend_from_slice(&(-1_i16).to_be_bytes());
    out.write_all(&bytes).map_err(unsent)
}

fn field(value: &[u8], bytes: &mut Vec<u8>) -> QueryResult<()> {
    bytes.extend_from_slice(&length::<i32>(value.len())?.to_be_bytes());
    bytes.extend_from_slice(value);
    Ok(())
}

fn length<T: TryFrom<usize>>(length: usize) -> QueryResult<T>
where
    T::Error: std::error::Error + Send + Sync + 'static,
{
    T::try_from(length).map_err(|error| Error::SerializationError(Box::new(error)))
}

fn unsent(error: std::io::Error) -> Error {
    Error::SerializationError(Box::new(error))
}
