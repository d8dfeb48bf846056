//! How far the journal is, as this process knows it, and waiting for more.

use portolan_kernel::Position;
use tokio::sync::watch;

/// The last committed position; it only rises.
pub(super) struct Head(watch::Sender<State>);

/// What a waiting reader sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct State {
    pub(super) position: Position,
    pub(super) closed: bool,
}

impl Head {
    pub(super) fn new(position: Position) -> Self {
        Self(watch::Sender::new(State { position, closed: false }))
    }

    pub(super) fn get(&self) -> Position {
        self.0.borrow().position
    }

    /// Wakes whoever waits, if this is news.
    pub(super) fn raise(&self, position: Position) {
        self.0.send_if_modified(|state| {
            let is_news = position > state.position;
            state.position = state.position.max(position);
            is_news
        });
    }

    /// Wakes whoever waits for good.
    pub(super) fn close(&self) {
        self.0.send_modify(|state| state.closed = true);
    }

    pub(super) fn subscribe(&self) -> watch::Receiver<State> {
        self.0.subscribe()
    }
}
