//! The system's clock: the one place where the time is asked for.

use std::time::{SystemTime, UNIX_EPOCH};

use portolan_kernel::{Clock, Timestamp};

/// The time of the operating system, in microseconds. It can go back where somebody sets it.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(micros_since_epoch())
    }
}

/// Microseconds since 1970 began; 0 for a clock that is set before that.
#[expect(clippy::disallowed_methods, reason = "the system's implementation of the `Clock` port")]
fn micros_since_epoch() -> i64 {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(elapsed.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn now_is_after_this_was_written_and_in_microseconds() {
        let written: Timestamp = "2025-11-01T00:00:00Z".parse().unwrap();
        let far: Timestamp = "2200-01-01T00:00:00Z".parse().unwrap();
        let now = SystemClock.now();
        assert!(now > written && now < far, "{now}");
    }
}
