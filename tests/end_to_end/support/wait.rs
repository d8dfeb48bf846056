//! Waiting for a witness, with a deadline; never for a fixed time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
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

/// Watches how long this machine keeps a thread waiting that has nothing to do but wake: what is promised of a time
/// is promised of a machine that gives the program its turn.
pub(crate) struct Stalls {
    longest_us: Arc<AtomicU64>,
    has_ended: Arc<AtomicBool>,
}

impl Stalls {
    /// Watches from now on, until it is dropped.
    pub(crate) fn watch() -> Self {
        let (longest_us, has_ended) = (Arc::<AtomicU64>::default(), Arc::<AtomicBool>::default());
        let (longest, ended) = (Arc::clone(&longest_us), Arc::clone(&has_ended));
        std::thread::spawn(move || {
            let pause = Duration::from_millis(2);
            while !ended.load(Ordering::Relaxed) {
                let began = Instant::now();
                std::thread::park_timeout(pause);
                let late = began.elapsed().saturating_sub(pause);
                longest.fetch_max(u64::try_from(late.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
            }
        });
        Self { longest_us, has_ended }
    }

    /// The longest so far.
    pub(crate) fn longest(&self) -> Duration {
        Duration::from_micros(self.longest_us.load(Ordering::Relaxed))
    }
}

impl Drop for Stalls {
    fn drop(&mut self) {
        self.has_ended.store(true, Ordering::Relaxed);
    }
}
