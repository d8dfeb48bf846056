//! How far the journal is, as this process knows it, and waiting for more.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use portolan_kernel::{Envelope, Position, Watcher};
use tokio::sync::watch;
use tokio::time::Instant;

/// How often somebody who waits looks whether another process has committed.
pub(super) const POLL: Duration = Duration::from_millis(100);

/// The last committed position; it only rises.
pub(super) struct Head {
    sender: watch::Sender<State>,
    polled: Mutex<Option<Instant>>,
    polls: AtomicU64,
    groups: AtomicU64,
    watchers: Mutex<Vec<Arc<dyn Watcher>>>,
}

/// What a waiting reader sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct State {
    pub(super) position: Position,
    pub(super) closed: bool,
}

impl Head {
    pub(super) fn new(position: Position) -> Self {
        let sender = watch::Sender::new(State { position, closed: false });
        Self {
            sender,
            polled: Mutex::new(None),
            polls: AtomicU64::new(0),
            groups: AtomicU64::new(0),
            watchers: Mutex::default(),
        }
    }

    pub(super) fn get(&self) -> Position {
        self.sender.borrow().position
    }

    /// Wakes whoever waits, if this is news.
    pub(super) fn raise(&self, position: Position) {
        self.sender.send_if_modified(|state| {
            let is_news = position > state.position;
            state.position = state.position.max(position);
            is_news
        });
    }

    /// Tells this one from now on what other processes have committed.
    pub(super) fn watched_by(&self, watcher: Arc<dyn Watcher>) {
        self.watchers.lock().unwrap_or_else(PoisonError::into_inner).push(watcher);
    }

    /// Tells what other processes have committed.
    pub(super) fn tell(&self, events: &[Envelope]) {
        let watchers = self.watchers.lock().unwrap_or_else(PoisonError::into_inner);
        watchers.iter().for_each(|watcher| watcher.committed_elsewhere(events));
    }

    /// Wakes whoever waits for good.
    pub(super) fn close(&self) {
        self.sender.send_modify(|state| state.closed = true);
    }

    pub(super) fn subscribe(&self) -> watch::Receiver<State> {
        self.sender.subscribe()
    }

    /// Whether it is time to look for commits of other processes: one of all who wait does.
    pub(super) fn is_poll_due(&self) -> bool {
        let mut polled = self.polled.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let is_due = polled.is_none_or(|polled| now.duration_since(polled) >= POLL);
        if is_due {
            *polled = Some(now);
            self.polls.fetch_add(1, Ordering::Relaxed);
        }
        is_due
    }

    /// How often somebody has looked.
    pub(super) fn polls(&self) -> u64 {
        self.polls.load(Ordering::Relaxed)
    }

    /// Notes that one more transaction was written.
    pub(super) fn count_group(&self) {
        self.groups.fetch_add(1, Ordering::Relaxed);
    }

    /// How many transactions were written.
    pub(super) fn groups(&self) -> u64 {
        self.groups.load(Ordering::Relaxed)
    }
}
