//! The same commands on database servers, each run in a database of its own.

use portolan_kernel::Envelope;

use super::commands::{KEPT_OTHERWISE, Round};
use super::places::Home;
use super::{Done, Samples, copy, deep, is_wanted, processes, say};
use crate::ground::publish;
use crate::market::Market as _;
use crate::measure::Sample;
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
    let Some(server) = wanted::<S>(plan) else { return Ok(()) };
    let [document, events] = KEPT_OTHERWISE;
    for &callers in &plan.callers {
        let names = [Portolan::NAME, Batched::<S>::NAME, Plain::<S>::NAME, document, events];
        let mut samples = Samples::of(plan, &names);
        for seed in 0..plan.runs {
            let (callers, commands) = (callers as usize, plan.commands as usize);
            let round = Round { workload, store: S::STORE, callers, seed, commands };
            for system in samples.order(seed) {
                let name = *names.get(system).ok_or("a system that is not there")?;
                let storage = if system < 3 { "relational" } else { name };
                let place = Place::<S>::of_listings(&server, storage).await?;
                let url = place.url.clone();
                let sample = match system {
                    1 => round.run(opened(move || Batched::<S>::open(&url)).await?, place).await?,
                    2 => round.run(opened(move || Plain::<S>::open(&url)).await?, place).await?,
                    _ => round.run(Portolan::open_url(&place.url()).await?, place).await?,
                };
                samples.take(system, round.commands, Sample { system: name, ..sample })?;
            }
        }
        samples.compare();
    }
    Ok(())
}

/// `deep` on this server.
///
/// # Errors
/// Those of the server.
pub(super) async fn deep<S: Server>(plan: &Plan) -> Done {
    let Some(server) = wanted::<S>(plan) else { return Ok(()) };
    deep::compare_in(plan, S::STORE, async |storage| Place::<S>::make(&server, storage).await).await
}

/// `processes` on this server.
///
/// # Errors
/// Those of the server and of the processes.
pub(super) async fn processes<S: Server>(plan: &Plan) -> Done {
    let Some(server) = wanted::<S>(plan) else { return Ok(()) };
    processes::compare_in(plan, S::STORE, async |storage| Place::<S>::make(&server, storage).await).await
}

/// `copy` into this server.
///
/// # Errors
/// Those of the server.
pub(super) async fn copy<S: Server>(plan: &Plan) -> Done {
    let Some(server) = wanted::<S>(plan) else { return Ok(()) };
    let make = async || Place::<S>::make(&server, "relational").await;
    let connect = async |place: &Place<S>| {
        let url = place.url.clone();
        let mut twin = opened(move || S::connect(&url)).await?;
        let append: copy::Append = Box::new(move |events: &[Envelope]| twin.append(events));
        Ok(append)
    };
    copy::compare_in(plan, S::STORE, make, connect).await
}

/// Where the server is, if the plan wants it and it is said.
fn wanted<S: Server>(plan: &Plan) -> Option<String> {
    if !is_wanted(plan, S::STORE) {
        return None;
    }
    let server = std::env::var(S::VARIABLE).ok();
    if server.is_none() {
        say(&format!("{} is left out: {} names no server", S::STORE, S::VARIABLE));
    }
    server
}

/// Opens a twin where its driver may block.
async fn opened<M: Send + 'static>(open: impl FnOnce() -> Done<M> + Send + 'static) -> Done<M> {
    tokio::task::spawn_blocking(open).await?
}

/// A database of a run's own, which goes with it.
struct Place<S: Server> {
    server: String,
    name: String,
    url: String,
    storage: String,
    is_of: std::marker::PhantomData<fn() -> S>,
}

impl<S: Server> Place<S> {
    async fn make(server: &str, storage: &str) -> Done<Self> {
        let name = format!("portolan_bench_{}", std::process::id());
        let (base, _) = server.rsplit_once('/').ok_or("the URL of the server names no database")?;
        let url = format!("{base}/{name}");
        let (server, storage) = (server.to_owned(), storage.to_owned());
        let place = Self { server, name, url, storage, is_of: std::marker::PhantomData };
        place.administer("drop database if exists").await?;
        place.administer("create database").await?;
        Ok(place)
    }

    /// With a store that keeps aggregates like this, and published listings in it.
    async fn of_listings(server: &str, storage: &str) -> Done<Self> {
        let place = Self::make(server, storage).await?;
        let portolan = Portolan::open_url(&place.url()).await?;
        publish(&portolan, work::LISTINGS).await?;
        portolan.close().await;
        Ok(place)
    }

    async fn administer(&self, verb: &str) -> Done {
        let (server, sql) = (self.server.clone(), format!("{verb} {}", self.name));
        tokio::task::spawn_blocking(move || S::administer(&server, &sql)).await?
    }
}

impl<S: Server> Home for Place<S> {
    fn url(&self) -> String {
        format!("{}?storage={}", self.url, self.storage)
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
