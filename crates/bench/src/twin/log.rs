//! The write-ahead log, copied into the file by a thread of its own: a checkpoint inside a commit would make its
//! callers wait for it.

use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use rusqlite::{Connection, Result};

use super::rows;

/// After about so many commands the log is copied.
const COMMANDS_BETWEEN: usize = 8_000;

/// From this size on, in pages, the writer stands still for a moment, so that the log begins again.
const RESTART_FROM_PAGES: i64 = 16_384;

/// Keeps the log of one writer short.
pub(super) struct Log {
    turn: Arc<Mutex<()>>,
    wake: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
    commands: usize,
}

impl Log {
    pub(super) fn keep(path: &Path) -> Result<Self> {
        let connection = rows::open(path)?;
        let (wake, woken) = sync_channel(1);
        let turn = Arc::new(Mutex::new(()));
        let held = Arc::clone(&turn);
        // An error ends the thread; the log only grows then.
        let thread = std::thread::spawn(move || drop(copy(&connection, &woken, &held)));
        Ok(Self { turn, wake: Some(wake), thread: Some(thread), commands: 0 })
    }

    /// To be held while a group is written.
    pub(super) fn turn(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that so many commands were written.
    pub(super) fn wrote(&mut self, commands: usize) {
        self.commands += commands;
        if self.commands >= COMMANDS_BETWEEN {
            self.commands = 0;
            if let Some(wake) = &self.wake {
                // One that is already awake comes round by itself.
                let _ = wake.try_send(());
            }
        }
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        drop(self.wake.take());
        if let Some(thread) = self.thread.take() {
            // A panic there has ended nothing but the thread.
            let _ = thread.join();
        }
    }
}

fn copy(connection: &Connection, woken: &Receiver<()>, turn: &Mutex<()>) -> Result<()> {
    let mut statement = connection.prepare("pragma wal_checkpoint(passive)")?;
    let mut pages = || statement.query_row([], |row| row.get::<_, i64>(1));
    while woken.recv().is_ok() {
        if pages()? >= RESTART_FROM_PAGES {
            // What was added meanwhile is much less, so that the writer stands still for a moment only.
            pages()?;
            let _turn = turn.lock().unwrap_or_else(PoisonError::into_inner);
            pages()?;
        }
    }
    Ok(())
}
