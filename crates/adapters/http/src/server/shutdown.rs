//! The one signal that the server is to end.

use tokio::sync::watch;

/// Tells the server, its streams and its readiness that the end has come. Clones are the same signal.
#[derive(Debug, Clone)]
pub struct Shutdown(watch::Sender<bool>);

impl Shutdown {
    /// A signal that has not been given.
    #[must_use]
    pub fn new() -> Self {
        Self(watch::Sender::new(false))
    }

    /// Gives the signal; again changes nothing.
    pub fn begin(&self) {
        self.0.send_replace(true);
    }

    /// Whether it was given.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until it is given.
    pub async fn begun(&self) {
        let mut signal = self.0.subscribe();
        // The sender lives as long as `self`, so that the wait cannot fail.
        let _ = signal.wait_for(|begun| *begun).await;
    }
}

impl Default for Shutdown {
    fn default() -> Self {
        Self::new()
    }
}
