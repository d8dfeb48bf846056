//! Accepts connections, within bounds, until told to end.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::connection::Guarded;
use super::{Limits, Shutdown};

/// The wait before the next try where the system has no more sockets to give.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Serves the router on this socket until the shutdown begins.
///
/// Then no connection and no request is taken any more, those in hand finish, and what has not finished after
/// [`Limits::shutdown_timeout`] is cut. When this returns, every connection is closed.
pub async fn serve(listener: TcpListener, router: Router, limits: Limits, shutdown: Shutdown) {
    let slots = Arc::new(Semaphore::new(limits.connections.min(Semaphore::MAX_PERMITS)));
    let cut = Shutdown::new();
    let ending = shutdown.begun();
    tokio::pin!(ending);
    loop {
        let (stream, slot) = tokio::select! {
            biased;
            () = &mut ending => break,
            accepted = accept(&listener, &slots) => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(%error, "no connection could be accepted; trying again");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            },
        };
        let connection =
            Connection { router: router.clone(), limits, shutdown: shutdown.clone(), cut: cut.clone() };
        tokio::spawn(async move {
            connection.run(stream).await;
            drop(slot);
        });
    }
    drop(listener);
    finish(&slots, &limits, &cut).await;
}

/// The next connection, once there is a slot for it.
async fn accept(
    listener: &TcpListener,
    slots: &Arc<Semaphore>,
) -> io::Result<(TcpStream, OwnedSemaphorePermit)> {
    let slot = Arc::clone(slots).acquire_owned().await.map_err(io::Error::other)?;
    let (stream, _) = listener.accept().await?;
    Ok((stream, slot))
}

/// Waits until every slot has come back, which is when every connection has ended.
async fn finish(slots: &Semaphore, limits: &Limits, cut: &Shutdown) {
    let all = u32::try_from(limits.connections).unwrap_or(u32::MAX);
    let ended = tokio::time::timeout(limits.shutdown_timeout, slots.acquire_many(all)).await;
    if ended.is_err() {
        tracing::warn!(timeout = ?limits.shutdown_timeout, "requests that did not finish are cut");
        cut.begin();
        let _ = slots.acquire_many(all).await;
    }
}

struct Connection {
    router: Router,
    limits: Limits,
    shutdown: Shutdown,
    cut: Shutdown,
}

impl Connection {
    async fn run(self, stream: TcpStream) {
        // A command's answer is one small packet that nobody should wait for.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection without TCP_NODELAY");
        }
        let io = TokioIo::new(Guarded::new(stream, self.limits.write_timeout));
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.limits.head_timeout)
            .max_buf_size(self.limits.head_bytes.max(8 * 1024))
            .serve_connection(io, TowerToHyperService::new(self.router));
        tokio::pin!(connection);
        tokio::select! {
            biased;
            ended = connection.as_mut() => return report(ended),
            () = self.shutdown.begun() => connection.as_mut().graceful_shutdown(),
        }
        tokio::select! {
            ended = connection => report(ended),
            () = self.cut.begun() => {}
        }
    }
}

fn report(ended: hyper::Result<()>) {
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
}
