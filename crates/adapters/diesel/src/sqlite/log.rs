//! The write-ahead log, kept small from outside of the commits: a checkpoint inside a commit would make its callers
//! wait for it.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use diesel::prelude::*;
use diesel::sql_types::BigInt;

use super::connection::open_writer;
use super::{Config, Conn, Fault, Location};

/// After about so many pages the log is copied into the file, beside the writer. The more it holds, the fewer pages
/// are copied twice; and each copying slows the commits beside it.
const PAGES_BETWEEN_CHECKPOINTS: u64 = 32_768;

/// From this size on the writer is held up for a moment, so that the log can begin again from its start.
const RESTART_FROM_BYTES: u64 = 64 << 20;

/// How long a reader may keep the log from beginning again while the writer is held up.
const RESTART_WAIT: Duration = Duration::from_millis(50);

/// How often to look whether whoever holds the log has let go.
const FULL_RETRY: Duration = Duration::from_millis(50);

/// Copies the log into the file aside, lets it begin again, and says when it cannot.
pub(crate) struct LogKeeper {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    /// Held by the writer during a group, and by the keeper while the log is to stand still.
    turn: Mutex<()>,
    pages: AtomicU64,
    /// After so many pages there is something to do.
    threshold: u64,
    is_full: AtomicBool,
    closing: Mutex<bool>,
    wake: Condvar,
}

impl Shared {
    fn new(threshold: u64) -> Self {
        Self {
            turn: Mutex::default(),
            pages: AtomicU64::new(0),
            threshold,
            is_full: AtomicBool::new(false),
            closing: Mutex::new(false),
            wake: Condvar::new(),
        }
    }
}

impl LogKeeper {
    /// Starts the keeper of this store's log; a store in memory has none.
    pub(crate) fn start(config: &Config) -> Result<Self, Fault> {
        let threshold = PAGES_BETWEEN_CHECKPOINTS.min(config.log_limit_bytes / Log::PAGE_BYTES / 4).max(1);
        let shared = Arc::new(Shared::new(threshold));
        if config.location == Location::Memory {
            return Ok(Self { shared, thread: None });
        }
        let quick = Config { busy_timeout: RESTART_WAIT, ..config.clone() };
        let mut keeper = Keeper {
            conn: open_writer(&quick)?,
            limit_bytes: config.log_limit_bytes,
            restart_from_bytes: RESTART_FROM_BYTES.min(config.log_limit_bytes / 2),
            shared: Arc::clone(&shared),
        };
        let thread =
            std::thread::Builder::new().name("portolan-log".to_owned()).spawn(move || keeper.run())?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// The writer's turn: the keeper stays away from the end of the log as long as this is held.
    pub(crate) fn turn(&self) -> MutexGuard<'_, ()> {
        self.shared.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that about so many pages were added to the log.
    pub(crate) fn wrote(&self, pages: u64) {
        let before = self.shared.pages.fetch_add(pages, Ordering::Relaxed);
        self.wake_from(before, before + pages);
    }

    /// Notes how many pages the log holds by now that are not copied, as this connection sees it.
    pub(crate) fn measure(&self, conn: &mut Conn) -> QueryResult<()> {
        if self.thread.is_none() {
            return Ok(());
        }
        let log = Log::of(conn, "noop")?;
        let pages = u64::try_from(log.pages - log.copied).unwrap_or(0);
        let before = self.shared.pages.swap(pages, Ordering::Relaxed);
        self.wake_from(before, pages);
        Ok(())
    }

    fn wake_from(&self, before: u64, pages: u64) {
        let threshold = self.shared.threshold;
        if before < threshold && pages >= threshold {
            // The lock orders this after the keeper's look at the count, so that the wake-up is not lost.
            drop(self.shared.closing.lock().unwrap_or_else(PoisonError::into_inner));
            self.shared.wake.notify_one();
        }
    }

    /// Whether the log has reached its limit and somebody who reads holds it there.
    pub(crate) fn is_full(&self) -> bool {
        self.shared.is_full.load(Ordering::Relaxed)
    }
}

impl Drop for LogKeeper {
    fn drop(&mut self) {
        *self.shared.closing.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.shared.wake.notify_one();
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the keeper of the log has panicked");
        }
    }
}

struct Keeper {
    conn: Conn,
    limit_bytes: u64,
    restart_from_bytes: u64,
    shared: Arc<Shared>,
}

impl Keeper {
    fn run(&mut self) {
        while self.wait() {
            self.shared.pages.store(0, Ordering::Relaxed);
            let shared = Arc::clone(&self.shared);
            match self.shorten(&shared) {
                Ok(log) => {
                    let is_full = !log.is_copied() && log.bytes() >= self.limit_bytes;
                    if shared.is_full.swap(is_full, Ordering::Relaxed) != is_full {
                        tracing::warn!(is_full, bytes = log.bytes(), "the log reached or left its limit");
                    }
                }
                Err(error) => tracing::warn!(%error, "the log was not shortened"),
            }
        }
    }

    /// Waits until there is something to do; not for ever while the log is full. False: the store closes.
    fn wait(&self) -> bool {
        let is_idle = |closing: &mut bool| {
            !*closing && self.shared.pages.load(Ordering::Relaxed) < self.shared.threshold
        };
        let closing = self.shared.closing.lock().unwrap_or_else(PoisonError::into_inner);
        let closing = if self.shared.is_full.load(Ordering::Relaxed) {
            self.shared
                .wake
                .wait_timeout_while(closing, FULL_RETRY, is_idle)
                .unwrap_or_else(PoisonError::into_inner)
                .0
        } else {
            self.shared.wake.wait_while(closing, is_idle).unwrap_or_else(PoisonError::into_inner)
        };
        !*closing
    }

    /// Copies the log beside the writer; where it has grown long, copies the rest while the writer stands still, so
    /// that the next commit begins it again.
    fn shorten(&mut self, shared: &Shared) -> Result<Log, Fault> {
        let log = self.checkpoint("passive")?;
        if log.bytes() < self.restart_from_bytes {
            return Ok(log);
        }
        // What was added meanwhile is much less, so that the writer stands still for a moment only.
        self.checkpoint("passive")?;
        let _turn = shared.turn.lock().unwrap_or_else(PoisonError::into_inner);
        // Waiting for readers costs the writer its page cache, so that it is the second choice.
        let mode = if log.bytes() < 2 * self.restart_from_bytes { "passive" } else { "restart" };
        self.checkpoint(mode)
    }

    fn checkpoint(&mut self, mode: &str) -> Result<Log, Fault> {
        Ok(Log::of(&mut self.conn, mode)?)
    }
}

/// What a checkpoint answers, in pages.
#[derive(QueryableByName)]
struct Log {
    #[diesel(sql_type = BigInt, column_name = "log")]
    pages: i64,
    #[diesel(sql_type = BigInt, column_name = "checkpointed")]
    copied: i64,
}

impl Log {
    /// The store makes its files with pages of this size; the log adds a little to each.
    const PAGE_BYTES: u64 = 4_096 + 24;

    /// As a checkpoint of this mode leaves it; `noop` does nothing to it.
    fn of(conn: &mut Conn, mode: &str) -> QueryResult<Self> {
        diesel::sql_query(format!("pragma wal_checkpoint({mode})")).get_result(conn)
    }

    fn bytes(&self) -> u64 {
        u64::try_from(self.pages).unwrap_or(0) * Self::PAGE_BYTES
    }

    const fn is_copied(&self) -> bool {
        self.copied >= self.pages
    }
}

#[cfg(test)]
mod tests {
    use diesel::connection::SimpleConnection as _;
    use portolan_kernel::{Batch, Position, Projection as _, Recorded, Registry, Timestamp, Version};

    use super::super::connection::open_reader;
    use super::super::{OpenMode, Store};
    use super::*;
    use crate::Mappers;
    use crate::parcels::{AsItIs, Midnight, numbered_parcel};

    const ROWS: u64 = 200;

    #[tokio::test]
    async fn what_fills_a_view_counts_to_the_log_for_as_much_as_it_writes() {
        let folder = tempfile::tempdir().unwrap();
        let config = Config { log_limit_bytes: 1 << 20, ..Config::file(folder.path().join("views.db")) };
        let (registry, mappers) = (Registry::new(), Mappers::new());
        let store =
            Store::open(&config, OpenMode::ReadWrite, &registry, &mappers, Arc::new(Midnight)).unwrap();
        let (_, projection) = store.view("parcels", 1, AsItIs).await.unwrap();
        let mut reader = open_reader(&config).unwrap();
        reader.batch_execute("begin; select * from journal").unwrap();
        // Fewer batches than there are pages in the log before anybody looks at it.
        let filled = (0..50).map(|batch| {
            let events = (batch * ROWS..(batch + 1) * ROWS).map(|number| Recorded {
                position: Position(number + 1),
                event_id: uuid::Uuid::from_u128(u128::from(number)),
                aggregate_id: uuid::Uuid::from_u128(u128::from(number)),
                version: Version(1),
                occurred_at: Timestamp::default(),
                recorded_at: Timestamp::default(),
                metadata: String::new(),
                event: Some(numbered_parcel(u128::from(number))),
            });
            events.collect::<Vec<_>>()
        });
        let mut refused = None;
        for events in filled {
            let to = events[events.len() - 1].position;
            if let Err(error) = projection.apply(Batch::new(&events, to).unwrap()).await {
                refused = Some(error.to_string());
                break;
            }
        }
        let refused = refused.expect("the log of a view has no bound");
        assert!(refused.contains("another program has been reading"), "{refused}");
    }
}
