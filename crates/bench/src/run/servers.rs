//! The same commands on database servers, each run in a database of its own.

use super::commands::Round;
use super::{Done, Samples, is_wanted, say};
use crate::ground::publish;
use crate::market::Market as _;
use crate::portolan::Portolan;
use crate::twin::servers::Server;
use crate::twin::servers::batched::Batched;
use crate::twin::servers::plain::Plain;
use crate::{Plan, Workload, work};

/// Every system with every number of callers, run after run, on the server that the tests use; left out, and said so,
/// where there is none.
///
/// # Errors
/// Those of the server.
pub(super) async fn compare<S: Server>(plan: &Plan, workload: Workload) -> Done {
    if !is_wanted(plan, S::STORE) {
        return Ok(());
    }
    let Ok(server) = std::env::var(S::VARIABLE) else {
        say(&format!("{} is left out: {} names no server", S::STORE, S::VARIABLE));
        return Ok(());
    };
    for &callers in &plan.callers {
        let names = [Portolan::NAME, Batched::<S>::NAME, Plain::<S>::NAME];
        let mut samples = Samples::of(plan, &names);
        for seed in 0..plan.runs {
            let (callers, commands) = (callers as usize, plan.commands as usize);
            let round = Round { workload, store: S::STORE, callers, seed, commands };
            for system in samples.order(seed) {
                let place = Place::<S>::make(&server).await?;
                let url = place.url.clone();
                let sample = match system {
                    0 => round.run(Portolan::open_url(&url).await?, place).await?,
                    1 => round.run(opened(move || Batched::<S>::open(&url)).await?, place).await?,
                    _ => round.run(opened(move || Plain::<S>::open(&url)).await?, place).await?,
                };
                samples.take(system, round.commands, sample)?;
            }
        }
        samples.compare();
    }
    Ok(())
}

/// Opens a twin where its driver may block.
async fn opened<M: Send + 'static>(open: impl FnOnce() -> Done<M> + Send + 'static) -> Done<M> {
    tokio::task::spawn_blocking(open).await?
}

/// A database with published listings, which goes with it.
struct Place<S: Server> {
    server: String,
    name: String,
    url: String,
    is_of: std::marker::PhantomData<fn() -> S>,
}

impl<S: Server> Place<S> {
    async fn make(server: &str) -> Done<Self> {
        let name = format!("portolan_bench_{}", std::process::id());
        let (base, _) = server.rsplit_once('/').ok_or("the URL of the server names no database")?;
        let url = format!("{base}/{name}");
        let place = Self { server: server.to_owned(), name, url, is_of: std::marker::PhantomData };
        place.administer("drop database if exists").await?;
        place.administer("create database").await?;
        let portolan = Portolan::open_url(&place.url).await?;
        publish(&portolan, work::LISTINGS).await?;
        portolan.close().await;
        Ok(place)
    }

    async fn administer(&self, verb: &str) -> Done {
        let (server, sql) = (self.server.clone(), format!("{verb} {}", self.name));
        tokio::task::spawn_blocking(move || S::administer(&server, &sql)).await?
    }
}

impl<S: Server> Drop for Place<S> {
    fn drop(&mut self) {
        let (server, sql) = (self.server.clone(), format!("drop database if exists {}", self.name));
        // The next run drops it where this does not.
        let dropping = std::thread::spawn(move || drop(S::administer(&server, &sql)));
        let _ = dropping.join();
    }
}
