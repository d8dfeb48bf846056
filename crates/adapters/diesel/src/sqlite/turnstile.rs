//! Whose turn it is to write, among processes. SQLite lets in whoever asks at the right moment and sleeps for up to
//! 100 ms between two goes, so that a process that writes group after group would keep the others out for seconds.
//!
//! Two locks make a queue: whoever wants to write takes `-next` and keeps it until `-turn` is free. Who has just
//! written finds `-next` taken by whoever waits, and queues behind. SQLite's own lock has the last word all the same.

use std::fs::{File, OpenOptions, TryLockError};
use std::time::{Duration, Instant};

use super::connection::{beside, real_path};
use super::{Fault, Location};

/// How long to queue at the most. A process that holds up the queue for longer has been stopped: then SQLite's lock
/// and its timeout decide.
const COURTESY: Duration = Duration::from_secs(1);

/// How long to sleep between two looks at a lock, at first and at the most.
const FIRST_PAUSE: Duration = Duration::from_micros(50);
const LAST_PAUSE: Duration = Duration::from_micros(500);

/// The queue of the processes that write to one store. One in memory has none.
pub(crate) struct Turnstile {
    files: Option<Files>,
}

struct Files {
    next: File,
    turn: File,
}

impl Turnstile {
    /// The queue in front of this store, whose file is there.
    pub(crate) fn open(location: &Location) -> Result<Self, Fault> {
        let Some(path) = location.path() else { return Ok(Self { files: None }) };
        let path = real_path(path)?;
        let open =
            |ending| OpenOptions::new().write(true).create(true).truncate(false).open(beside(&path, ending));
        Ok(Self { files: Some(Files { next: open("-next")?, turn: open("-turn")? }) })
    }

    /// Waits for its turn, which lasts until the answer is dropped. Alone it takes a few microseconds.
    pub(crate) fn pass(&self) -> Turn<'_> {
        let Some(Files { next, turn }) = &self.files else { return Turn(None) };
        let until = Instant::now() + COURTESY;
        let is_next = lock(next, until);
        let has_turn = lock(turn, until);
        if is_next {
            unlock(next);
        }
        Turn(has_turn.then_some(turn))
    }
}

/// The right to write, of a process that keeps to the queue; none where the queue stood still.
pub(crate) struct Turn<'a>(Option<&'a File>);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if let Some(turn) = self.0 {
            unlock(turn);
        }
    }
}

/// Polls, because waiting for a lock of the system has no time limit.
#[expect(
    clippy::disallowed_methods,
    reason = "the writer's own thread waits here, and for a second at the most"
)]
fn lock(file: &File, until: Instant) -> bool {
    let mut pause = FIRST_PAUSE;
    loop {
        match file.try_lock() {
            Ok(()) => return true,
            Err(TryLockError::WouldBlock) if Instant::now() < until => std::thread::sleep(pause),
            Err(TryLockError::WouldBlock) => return false,
            Err(TryLockError::Error(error)) => {
                tracing::debug!(%error, "the file system has no locks; processes write in any order");
                return false;
            }
        }
        pause = (pause * 2).min(LAST_PAUSE);
    }
}

fn unlock(file: &File) {
    if let Err(error) = file.unlock() {
        tracing::warn!(%error, "a lock was not given back");
    }
}
