//! How long to wait before the next attempt: exponential, with full jitter.

use std::time::Duration;

/// Waits that grow from attempt to attempt, each drawn anew between nothing and its bound ("full jitter"), so
/// that those who failed together do not come back together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// The bound of the first wait; each later bound is twice the one before.
    pub first: Duration,
    /// No bound is over this.
    pub longest: Duration,
}

impl Backoff {
    /// The wait after this many failures (from 1), drawn anew at each call.
    #[must_use]
    pub fn wait(&self, failures: u32) -> Duration {
        self.bound(failures).mul_f64(fastrand::f64())
    }

    /// The longest that [`wait`](Self::wait) can answer after this many failures.
    #[must_use]
    pub fn bound(&self, failures: u32) -> Duration {
        let factor = 2_u32.saturating_pow(failures.saturating_sub(1));
        self.first.saturating_mul(factor).min(self.longest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BACKOFF: Backoff =
        Backoff { first: Duration::from_millis(10), longest: Duration::from_millis(100) };

    #[test]
    fn bounds_double_up_to_the_longest_and_never_overflow() {
        let bounds = [1, 2, 3, 4, 5, 100, u32::MAX].map(|failures| BACKOFF.bound(failures).as_millis());
        assert_eq!(bounds, [10, 20, 40, 80, 100, 100, 100]);
    }

    #[test]
    fn waits_spread_over_all_of_their_bound() {
        let waits: Vec<_> = (0..1_000).map(|_| BACKOFF.wait(3)).collect();
        let quarter = BACKOFF.bound(3) / 4;
        assert!(waits.iter().all(|wait| *wait <= BACKOFF.bound(3)));
        assert!(waits.iter().any(|wait| *wait < quarter) && waits.iter().any(|wait| *wait > quarter * 3));
    }
}
