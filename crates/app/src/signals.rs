//! Ctrl-C and SIGTERM: both ask the program to end cleanly.

#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Somebody asking the program to end, listened for from its making on.
pub(crate) struct Interrupted {
    #[cfg(unix)]
    signals: Option<(Signal, Signal)>,
}

impl Interrupted {
    /// Listens from now on; where signals cannot be heard, for ever in vain.
    pub(crate) fn listen() -> Self {
        Self {
            #[cfg(unix)]
            signals: signal(SignalKind::terminate()).ok().zip(signal(SignalKind::interrupt()).ok()),
        }
    }

    /// Ready when somebody has asked.
    pub(crate) async fn heard(self) {
        #[cfg(unix)]
        match self.signals {
            Some((mut terminate, mut interrupt)) => {
                tokio::select! {
                    _ = terminate.recv() => {}
                    _ = interrupt.recv() => {}
                }
            }
            None => std::future::pending().await,
        }
        #[cfg(not(unix))]
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending().await
        }
    }
}

/// Ready when somebody asks the program to end.
pub(crate) async fn interrupted() {
    Interrupted::listen().heard().await;
}
