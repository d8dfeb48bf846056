//! Ctrl-C and SIGTERM: both ask the program to end cleanly.

/// Ready when somebody asks the program to end; never where signals cannot be heard.
pub(crate) async fn interrupted() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        match signal(SignalKind::terminate()) {
            Ok(mut terminate) => {
                tokio::select! {
                    heard = tokio::signal::ctrl_c() => heard.unwrap_or(()),
                    _ = terminate.recv() => {}
                }
            }
            Err(_) => std::future::pending().await,
        }
    }
    #[cfg(not(unix))]
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending().await
    }
}
