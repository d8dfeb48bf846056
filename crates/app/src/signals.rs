//! Ctrl-C and SIGTERM: both ask the program to end cleanly.

#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Somebody asking the program to end, listened for from its making on.
pub(crate) struct Interrupted {
    #[cfg(unix)]
    signals: Option<(Signal, Signal)>,
}

/// How somebody asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// By Ctrl-C.
    Interrupt,
    /// By SIGTERM.
    Terminate,
}

impl Asked {
    /// The exit status of a program that such a signal ends, as shells count: 128 and the signal's number.
    pub(crate) const fn exit_status(self) -> u8 {
        match self {
            Self::Interrupt => 128 + 2,
            Self::Terminate => 128 + 15,
        }
    }
}

impl Interrupted {
    /// Listens from now on; where signals cannot be heard, for ever in vain.
    pub(crate) fn listen() -> Self {
        Self {
            #[cfg(unix)]
            signals: signal(SignalKind::terminate()).ok().zip(signal(SignalKind::interrupt()).ok()),
        }
    }

    /// Ready when somebody has asked since the last time.
    pub(crate) async fn heard(&mut self) -> Asked {
        #[cfg(unix)]
        match &mut self.signals {
            Some((terminate, interrupt)) => {
                tokio::select! {
                    _ = terminate.recv() => Asked::Terminate,
                    _ = interrupt.recv() => Asked::Interrupt,
                }
            }
            None => std::future::pending().await,
        }
        #[cfg(not(unix))]
        match tokio::signal::ctrl_c().await {
            Ok(()) => Asked::Interrupt,
            Err(_) => std::future::pending().await,
        }
    }
}

/// Ready when somebody asks the program to end.
pub(crate) async fn interrupted() {
    Interrupted::listen().heard().await;
}
