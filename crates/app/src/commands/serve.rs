//! `serve`: HTTP, subscriptions, processes, deadlines.

use std::net::SocketAddr;
use std::pin::pin;

use portolan_http::{Http, Limits, Shutdown};
use tokio::net::TcpListener;

use crate::config::Config;
use crate::signals::Interrupted;
use crate::wiring::{App, Parts};
use crate::{Failure, output, wiring};

/// Serves until it is asked to end. Several processes may serve one store: all take commands and fill views of their
/// own, and one at a time, by its lease, runs processes and deadlines and fills a view that is kept in a store.
///
/// # Errors
/// [`Failure::Usage`] for an address that cannot be listened on, [`Failure::Unreachable`] where the store is.
pub async fn run(config: &Config) -> Result<(), Failure> {
    let listener = listen(config.listen).await?;
    let app = App::build(config, Parts::to_serve(config)).await?;
    serve(config, &app, listener, Interrupted::listen(), |_| Ok(())).await
}

/// Takes the address before anything is built: a second copy is told at once.
pub(super) async fn listen(address: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(|error| {
        Failure::Usage(format!(
            "{address} cannot be listened on: {error}; choose another with --listen HOST:PORT"
        ))
    })
}

/// Serves until somebody asks it to end, and ends the app; at once where somebody asks again meanwhile.
pub(super) async fn serve(
    config: &Config,
    app: &App,
    listener: TcpListener,
    mut interrupted: Interrupted,
    ready: impl FnOnce(SocketAddr) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let shutdown = Shutdown::new();
    let mut to_the_end = pin!(async {
        let served = serve_until(&shutdown, config, app, listener, ready).await;
        served.and(app.shutdown().await)
    });
    tokio::select! {
        ended = &mut to_the_end => return ended,
        _ = interrupted.heard() => {}
    }
    tracing::info!("ending: requests in hand are finished first; ask again to end at once");
    shutdown.begin();
    tokio::select! {
        biased;
        ended = to_the_end => ended,
        asked = interrupted.heard() => Err(Failure::CutOff(asked)),
    }
}

/// Says where it listens, then serves until that begins.
async fn serve_until(
    shutdown: &Shutdown,
    config: &Config,
    app: &App,
    listener: TcpListener,
    ready: impl FnOnce(SocketAddr) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let address = listener.local_addr()?;
    if !address.ip().is_loopback() {
        tracing::warn!(%address, "there is no authentication yet: whoever reaches this address can do everything");
    }
    let in_memory = |view: &&str| config.read.url(view).starts_with("memory:");
    if wiring::VIEWS.iter().any(in_memory) {
        tracing::info!(
            "read models are held in memory and rebuilt at every start, about 3 seconds and 150 MiB for a million \
             events; from about 5 million on a read model in SQL is the better choice"
        );
    }
    let http = Http {
        mediator: app.mediator().clone(),
        journal: app.journal(),
        clock: app.shared_clock(),
        health: app.health(),
        outcomes_kept: config.idempotency(),
        limits: Limits::default(),
        shutdown: shutdown.clone(),
    };
    let limits = http.limits;
    let router = portolan_http::router(http);
    output::line(&format!("listening on http://{address}"))?;
    ready(address)?;
    portolan_http::serve(listener, router, limits, shutdown.clone()).await;
    Ok(())
}
