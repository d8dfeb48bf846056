//! What is in the way of the writer, as it last saw it: for the health check, which asks beside it.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use portolan_kernel::Error;

use crate::any::Obstacle;

/// From then on a wait for the right to write is worth telling: others who write have it for milliseconds.
pub(super) const LONG: Duration = Duration::from_secs(1);

/// Where the writer notes it.
#[derive(Debug, Default)]
pub(super) struct Obstacles(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    waits_since: Option<Instant>,
    failed: Option<Error>,
}

impl Obstacles {
    /// The writer waits for the right to write.
    pub(super) fn waits(&self) {
        self.state(|state| state.waits_since = Some(Instant::now()));
    }

    /// It waits no more, whether it got it or not.
    pub(super) fn waits_no_more(&self) {
        self.state(|state| state.waits_since = None);
    }

    /// Nothing can be written. Whether that is news.
    pub(super) fn failed(&self, error: &Error) -> bool {
        self.state(|state| state.failed.replace(error.clone()).is_none())
    }

    /// Something was written. Whether that is news.
    pub(super) fn passed(&self) -> bool {
        self.state(|state| state.failed.take().is_some())
    }

    /// Whether the last try failed.
    pub(super) fn has_failed(&self) -> bool {
        self.state(|state| state.failed.is_some())
    }

    /// What is in the way now.
    pub(super) fn now(&self) -> Option<Obstacle> {
        self.state(|state| match (&state.failed, state.waits_since.map(|since| since.elapsed())) {
            (Some(error), _) => Some(Obstacle::Failed(error.clone())),
            (None, Some(waited)) if waited >= LONG => Some(Obstacle::Held(waited)),
            (None, _) => None,
        })
    }

    fn state<T>(&self, ask: impl FnOnce(&mut State) -> T) -> T {
        ask(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_news_once_and_stays_until_something_is_written() {
        let obstacles = Obstacles::default();
        let error = Error::unavailable("gone");
        assert!(obstacles.failed(&error) && !obstacles.failed(&error));
        obstacles.waits();
        obstacles.waits_no_more();
        assert_eq!(obstacles.now(), Some(Obstacle::Failed(error)));
        assert!(obstacles.passed() && !obstacles.passed());
        assert_eq!(obstacles.now(), None);
    }

    #[test]
    fn a_wait_is_told_of_when_it_is_a_long_one() {
        let obstacles = Obstacles::default();
        obstacles.waits();
        assert_eq!(obstacles.now(), None);
        obstacles
            .state(|state| state.waits_since = state.waits_since.and_then(|since| since.checked_sub(LONG)));
        assert!(matches!(obstacles.now(), Some(Obstacle::Held(waited)) if waited >= LONG));
    }
}
