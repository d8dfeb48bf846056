//! Waiting for a witness, with a deadline; never for a fixed time.

use std::time::{Duration, Instant};

/// Longer than anything takes that goes well, also on a busy machine.
pub(crate) const LONG: Duration = Duration::from_secs(60);

/// Asks again and again until there is an answer.
pub(crate) fn until<T>(what: &str, ask: impl FnMut() -> Option<T>) -> T {
    within(LONG, what, ask)
}

/// The same, with a deadline of its own.
pub(crate) fn within<T>(patience: Duration, what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + patience;
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < deadline, "not within {patience:?}: {what}");
        std::thread::park_timeout(Duration::from_millis(5));
    }
}
