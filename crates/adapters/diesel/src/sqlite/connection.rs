//! Opening a file without harming it, and the few statements that only SQLite has.

use std::fmt::Write as _;
use std::io::Read as _;
use std::path::Path;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use portolan_kernel::{AggregateKey, Error};

use super::store::{NewRow, NewestRow, News, RecordRow};
use super::{Config, Conn, Durability, Fault, Location};
use crate::DbUuid;
use crate::prepared;
use crate::prepared::Words;
use crate::rows::{AtOnce, RowFault};

/// The first bytes of every SQLite file.
const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// How much of the file a connection keeps in memory, beside what the system keeps. More is slower: at the end of a
/// commit that split a page SQLite walks through all that it keeps.
const CACHE_KIB: u32 = 16 * 1024;

/// Looks at a file before SQLite does: whether it is there with something in it, and may be used as asked.
pub(crate) fn inspect(config: &Config, to_write: bool) -> Result<bool, Fault> {
    let location = &config.location;
    let Some(path) = location.path() else { return Ok(false) };
    let metadata = match std::fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error.into()),
    };
    if !metadata.is_file() {
        return Err(Error::Invalid(format!(
            "{location} is not a file; name a file, or one that can be made"
        ))
        .into());
    }
    if metadata.len() == 0 {
        return Ok(false);
    }
    // The permission bits count for everybody, also for a user who could write in spite of them.
    if to_write && metadata.permissions().readonly() {
        return Err(Error::unavailable(format!(
            "{location} is read-only; allow writing to it, or choose another file"
        ))
        .into());
    }
    let mut begin = Vec::with_capacity(MAGIC.len());
    std::fs::File::open(path)?.take(MAGIC.len() as u64).read_to_end(&mut begin)?;
    if begin != MAGIC {
        return Err(Error::Invalid(format!(
            "{location} is not a Portolan store, nor any database; choose another file"
        ))
        .into());
    }
    Ok(true)
}

/// A connection that can change nothing, to look at a store before it is opened.
pub(crate) fn probe(config: &Config) -> Result<Conn, Fault> {
    let mut conn = establish(config, "ro")?;
    conn.batch_execute(&busy(config))?;
    Ok(conn)
}

/// A connection that reads the store while others write.
pub(crate) fn open_reader(config: &Config) -> Result<Conn, Fault> {
    let mut conn = establish(config, "ro")?;
    conn.batch_execute(&format!("{}pragma cache_size = -{CACHE_KIB};", busy(config)))?;
    Ok(conn)
}

/// The connection that writes; makes the file where there is none.
pub(crate) fn open_writer(config: &Config) -> Result<Conn, Fault> {
    let mut conn = establish(config, "rwc")?;
    let synchronous = match config.durability {
        Durability::Full => "full",
        Durability::LosesLastCommitsOnPowerCut => "normal",
    };
    // The log is emptied by the keeper of the log, never inside a commit.
    conn.batch_execute(&format!(
        "{}pragma journal_mode = wal; pragma synchronous = {synchronous}; pragma wal_autocheckpoint = 0; \
         pragma cache_size = -{CACHE_KIB}; pragma temp_store = memory;",
        busy(config)
    ))?;
    Ok(conn)
}

/// How long to rest before a file is opened again that another program is just making.
const REST: Duration = Duration::from_millis(5);

/// Opens a store again for as long as a lock is waited for: while another program makes the file, SQLite refuses some
/// steps at once, whatever its busy time.
#[expect(clippy::disallowed_methods, reason = "opening blocks, and nobody tells of a file that was made")]
pub(crate) fn patiently<T>(config: &Config, mut open: impl FnMut() -> Result<T, Fault>) -> Result<T, Fault> {
    let until = Instant::now() + config.busy_timeout;
    loop {
        match open() {
            Err(fault) if fault.to_string().contains("is locked") && Instant::now() < until => {
                std::thread::sleep(REST);
            }
            done => return done,
        }
    }
}

/// Begins a transaction that is the only one to write until it ends.
pub(crate) fn begin_write(conn: &mut Conn) -> QueryResult<()> {
    prepared!(Words::<()>::new("begin immediate")).execute(conn).map(drop)
}

/// Ends it; what it wrote is durable when this returns. The journal's own rows say where it ends.
pub(crate) fn commit(conn: &mut Conn, _raised: Option<i64>) -> QueryResult<()> {
    prepared!(Words::<()>::new("commit")).execute(conn).map(drop)
}

/// Where the journal ends is said by the journal alone.
pub(crate) const fn raise(_joint: &mut AtOnce, _last: i64) -> Option<i64> {
    None
}

/// Ends it as if it had never begun. SQLite has ended it already after some faults, which is as good.
pub(crate) fn rollback(conn: &mut Conn) {
    if let Err(error) = conn.batch_execute("rollback") {
        tracing::debug!(%error, "nothing to roll back");
    }
}

/// Does this alone: nobody else writes until it has ended, with all of it or nothing.
pub(crate) fn alone<T>(
    conn: &mut Conn,
    work: impl FnOnce(&mut Conn) -> Result<T, Fault>,
) -> Result<T, Fault> {
    begin_write(conn)?;
    let done = work(conn).and_then(|done| Ok(commit(conn, None).map(|()| done)?));
    if done.is_err() {
        rollback(conn);
    }
    done
}

/// Runs several statements on one state of the store.
pub(crate) fn snapshot<T>(
    conn: &mut Conn,
    read: impl FnOnce(&mut Conn) -> Result<T, Fault>,
) -> Result<T, Fault> {
    // Prepared, because a question takes little longer than to parse these.
    prepared!(Words::<()>::new("begin")).execute(conn)?;
    let read = read(conn);
    // There is nothing to keep.
    if let Err(error) = commit(conn, None) {
        rollback(conn);
        return read.and(Err(error.into()));
    }
    read
}

/// Waits until nobody else writes: whoever has begun to write is alone.
#[expect(clippy::unnecessary_wraps, reason = "a server has a row to lock")]
pub(crate) const fn lock(_conn: &mut Conn) -> QueryResult<()> {
    Ok(())
}

/// Notices that another connection has written.
#[derive(Default)]
pub(crate) struct Watch(Option<i64>);

impl Watch {
    /// What stands in the store, where another connection has written since it was asked before, and at first. To be
    /// asked inside a write transaction.
    pub(crate) fn news(&mut self, conn: &mut Conn, _known: Option<i64>) -> QueryResult<Option<News>> {
        // A number that changes with the writes of others.
        let version = prepared!(Words::<BigInt>::new("pragma data_version")).get_result(conn)?;
        if self.0.replace(version) == Some(version) {
            return Ok(None);
        }
        standing(conn).map(Some)
    }

    /// Notes the last position that this process is about to commit. Its own writes are no news to it.
    pub(crate) const fn wrote(&self, _last: i64) -> bool {
        false
    }

    /// Takes nothing for known: what was written was rolled back.
    pub(crate) const fn forget(&mut self) {
        self.0 = None;
    }
}

/// The last position, and whether the store may have been handed over to another one: here nothing stands beside it.
pub(crate) fn standing(conn: &mut Conn) -> QueryResult<News> {
    Ok(News { last: last_position(conn)?, may_be_moved: true, events: None })
}

/// Says beside the head whether the store is handed over: what the store says of itself is enough.
#[expect(clippy::unnecessary_wraps, reason = "a server has a row of the head")]
pub(crate) const fn set_moved(_conn: &mut Conn, _is_moved: bool) -> QueryResult<()> {
    Ok(())
}

/// The last position of the journal; 0 where it is empty.
pub(crate) fn last_position(conn: &mut Conn) -> QueryResult<i64> {
    prepared!(Words::<BigInt>::new("select coalesce(max(position), 0) from journal")).get_result(conn)
}

/// What a sum is cast to, to be a number like any other.
pub(crate) const NUMBER: &str = "bigint";

/// Inserts all of these, one after the other: there is no server to go to and back.
pub(crate) fn insert<R: NewRow>(conn: &mut Conn, rows: &[R], _joint: &mut AtOnce) -> Result<(), RowFault> {
    Ok(append(conn, rows)?)
}

/// Likewise.
pub(crate) fn append<R: NewRow>(conn: &mut Conn, rows: &[R]) -> QueryResult<()> {
    rows.iter().try_for_each(|row| row.insert(conn).map(drop))
}

/// The newest events of these aggregates: they are looked up one by one.
#[expect(clippy::unnecessary_wraps, reason = "other engines look them up all at once")]
pub(crate) const fn newest(_conn: &mut Conn, _keys: &[AggregateKey]) -> QueryResult<Option<Vec<NewestRow>>> {
    Ok(None)
}

/// The records of these commands: they are looked up one by one.
#[expect(clippy::unnecessary_wraps, reason = "other engines look them up all at once")]
pub(crate) const fn recorded(_conn: &mut Conn, _ids: &[DbUuid]) -> QueryResult<Option<Vec<RecordRow>>> {
    Ok(None)
}

/// A statement that failed can be used on.
pub(crate) const fn forget_statements(_conn: &mut Conn) {}

/// A query whose first row is the one that is wanted. It gets no `LIMIT`, with which SQLite would prepare it anew.
pub(crate) const fn one<Q>(query: Q) -> Q {
    query
}

/// Whether a transaction whose commit was not answered is over: nobody knows, for its pages may come back when the log
/// is recovered.
#[expect(clippy::unnecessary_wraps, reason = "other engines ask their server")]
pub(crate) const fn is_over(_conn: &mut Conn) -> QueryResult<bool> {
    Ok(false)
}

/// Who holds the file, nobody knows: there is no row of a head to ask for.
#[expect(clippy::unnecessary_wraps, reason = "other engines ask their server")]
pub(crate) const fn holder(_config: &Config, _patience: Duration) -> Result<Option<String>, Fault> {
    Ok(None)
}

/// A file that is open is there.
pub(crate) const fn is_there(_conn: &mut Conn) -> bool {
    true
}

/// The system's time, in microseconds of the Unix epoch.
pub(crate) fn now(conn: &mut Conn) -> QueryResult<i64> {
    let micros = "select cast((julianday('now') - 2440587.5) * 86400000000 as integer)";
    prepared!(Words::<BigInt>::new(micros)).get_result(conn)
}

/// The names of all tables.
pub(crate) fn tables(conn: &mut Conn) -> QueryResult<Vec<String>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        name: String,
    }
    let rows: Vec<Row> =
        diesel::sql_query("select name from sqlite_schema where type = 'table'").load(conn)?;
    Ok(rows.into_iter().map(|row| row.name).collect())
}

/// What SQLite finds wrong with the file, at most `limit` sentences.
pub(crate) fn verify(conn: &mut Conn, limit: usize) -> QueryResult<Vec<String>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        integrity_check: String,
    }
    let rows: Vec<Row> = diesel::sql_query(format!("pragma integrity_check({limit})")).load(conn)?;
    Ok(rows.into_iter().map(|row| row.integrity_check).filter(|said| said != "ok").collect())
}

/// The size of the file with its log; 0 for memory.
#[expect(clippy::unnecessary_wraps, reason = "other engines ask their server")]
pub(crate) fn bytes(_conn: &mut Conn, config: &Config) -> QueryResult<u64> {
    let Some(path) = config.location.path() else { return Ok(0) };
    let real = real_path(path).unwrap_or_else(|_| path.to_owned());
    let log = beside(&real, "-wal");
    let sizes = [path, &log].map(|path| std::fs::metadata(path).map_or(0, |metadata| metadata.len()));
    Ok(sizes.iter().sum())
}

/// Whether who asks waits for nobody else: a question is work of this process.
pub(crate) const ANSWERS_BY_ITSELF: bool = true;

/// Whether one connection serves everybody: there is no second way into memory.
pub(crate) fn has_one_connection(config: &Config) -> bool {
    config.location == Location::Memory
}

/// The file beside the store with this ending.
pub(crate) fn beside(path: &Path, ending: &str) -> std::path::PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// The file itself where the path is a link to it: SQLite puts its own files beside the file, and so does the store.
pub(crate) fn real_path(path: &Path) -> std::io::Result<std::path::PathBuf> {
    std::fs::canonicalize(path)
}

fn busy(config: &Config) -> String {
    format!("pragma busy_timeout = {};", config.busy_timeout.as_millis())
}

fn establish(config: &Config, mode: &str) -> Result<Conn, Fault> {
    let url = match &config.location {
        Location::Memory => ":memory:".to_owned(),
        Location::File(path) => {
            let mut url = "file:".to_owned();
            for byte in path.as_os_str().as_encoded_bytes() {
                match byte {
                    b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => {
                        url.push(char::from(*byte))
                    }
                    // Writing to a string cannot fail.
                    other => _ = write!(url, "%{other:02X}"),
                }
            }
            format!("{url}?mode={mode}")
        }
    };
    Ok(Conn::establish(&url)?)
}
