//! A clock that the test moves.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use portolan_kernel::{Clock, Timestamp};

/// A clock that stands still until it is told to move, in either direction. Clones show the same time.
#[derive(Debug, Clone)]
pub struct ManualClock(Arc<AtomicI64>);

impl ManualClock {
    /// A clock that shows this time.
    #[must_use]
    pub fn at(time: Timestamp) -> Self {
        Self(Arc::new(AtomicI64::new(time.as_micros())))
    }

    /// Shows this time from now on.
    pub fn set(&self, time: Timestamp) {
        self.0.store(time.as_micros(), Ordering::SeqCst);
    }

    /// Moves on by this much, and answers the new time.
    pub fn advance(&self, duration: Duration) -> Timestamp {
        let later = self.now().plus(duration);
        self.set(later);
        later
    }
}

impl Default for ManualClock {
    /// A clock at a time with all six digits of a second in use: 2026-01-05T10:42:23.612654Z.
    fn default() -> Self {
        Self::at(Timestamp::from_micros(1_767_609_743_612_654))
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_share_the_time_and_it_moves_both_ways() {
        let clock = ManualClock::default();
        let start = clock.now();
        assert_eq!(start.to_string(), "2026-01-05T10:42:23.612654Z");
        assert_eq!(clock.clone().advance(Duration::from_micros(2)).since(start), Duration::from_micros(2));
        clock.set(Timestamp::from_micros(5));
        assert_eq!(clock.now().as_micros(), 5);
    }
}
