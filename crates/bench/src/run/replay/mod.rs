//! `replay`: a start. The journal is read into the four read models, by the service and by a loop made by hand.
//!
//! Each start is a process of its own, so that its memory is its own.

mod by_hand;
pub(super) mod journal;

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use clap::ValueEnum;
use portolan_app::cli::View;
use portolan_app::wiring::OneView;
use portolan_kernel::Specification;
use serde::{Deserialize, Serialize};

use super::{Done, Samples, say};
use crate::Plan;
use crate::market::Market as _;
use crate::measure::Sample;
use crate::portolan::{Portolan, VIEWS, config};
use crate::process::{cpu_time, resident_bytes};

/// What starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Start {
    /// The read models of the service
    Views,
    /// The loop made by hand
    ByHand,
    /// All that `serve` runs
    Serve,
    /// The read model of listings alone
    Listings,
    /// The read model of totals alone, which has few rows
    Totals,
}

/// What is compared, the first with each; then, for memory, two views by themselves.
const SYSTEMS: [(Start, &str); 3] =
    [(Start::Views, Portolan::NAME), (Start::Serve, "serve"), (Start::ByHand, "by_hand")];

/// What a start tells.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Started {
    events: u64,
    seconds: f64,
    /// Rows of the views, or of the one.
    rows: u64,
    /// What memory grew by, where the system says so.
    bytes: Option<u64>,
    /// Processor time of the whole process until it was ready, in seconds.
    cpu_seconds: Option<f64>,
}

/// All three, run after run.
///
/// # Errors
/// Those of the store and of the processes.
pub(super) async fn compare(plan: &Plan) -> Done {
    journal::ensure(plan).await?;
    let mut samples = Samples::of(plan, &SYSTEMS.map(|(_, name)| name));
    for run in 0..plan.runs {
        for system in samples.order(run) {
            let (start, name) = SYSTEMS[system];
            let Started { events, seconds, rows, bytes, cpu_seconds } = in_own_process(plan, start).await?;
            let memory = bytes.map_or("memory not known".to_owned(), |bytes| format!("{} MiB", bytes >> 20));
            let note = format!("{events} events in {seconds:.2} s, {rows} rows, {memory}");
            let took = Duration::from_secs_f64(seconds);
            let events = usize::try_from(events)?;
            let cpu_us = cpu_seconds.map(|seconds| seconds * 1e6 / events.max(1) as f64);
            let sample = Sample::of_all(name, "replay", events, took);
            samples.take(system, events, Sample { note, cpu_us, ..sample })?;
        }
    }
    samples.compare();
    rows(plan).await
}

/// What a row of ListingView takes: what a process with them has beyond one that read the same and kept little.
async fn rows(plan: &Plan) -> Done {
    let listings = in_own_process(plan, Start::Listings).await?;
    let totals = in_own_process(plan, Start::Totals).await?;
    if let Some((with, without)) = listings.bytes.zip(totals.bytes) {
        let bytes = with.saturating_sub(without) / listings.rows.max(1);
        say(&format!("  {bytes} bytes for each of {} rows of ListingView", listings.rows));
    }
    Ok(())
}

async fn in_own_process(plan: &Plan, start: Start) -> Done<Started> {
    let name = start.to_possible_value().ok_or("a start without a name")?;
    let output = tokio::process::Command::new(std::env::current_exe()?)
        .args(["--bench", "--start", name.get_name(), "--events", &plan.events.to_string(), "--place"])
        .arg(&plan.place)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .await?;
    if !output.status.success() {
        return Err(format!("the start `{}` ended with {}", name.get_name(), output.status).into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// One start, in this process; tells about it on stdout.
///
/// # Errors
/// Those of the store.
#[expect(clippy::print_stdout, reason = "the process that asked for it reads it there")]
pub(in crate::run) async fn start(plan: &Plan, start: Start) -> Done {
    let path = journal::path(plan);
    let started = match start {
        Start::ByHand => tokio::task::spawn_blocking(move || by_hand(&path)).await??,
        Start::Views => service(Portolan::open(&path, VIEWS)).await?,
        Start::Serve => service(Portolan::serve(&path)).await?,
        Start::Listings => one_view(&path, View::Listings).await?,
        Start::Totals => one_view(&path, View::Totals).await?,
    };
    println!("{}", serde_json::to_string(&started)?);
    Ok(())
}

async fn service(opening: impl Future<Output = Done<Portolan>>) -> Done<Started> {
    let (before, begun) = (resident_bytes(), Instant::now());
    let portolan = opening.await?;
    let ready = Ready::since(before, begun);
    let views = portolan.app().mediator().service().views();
    let rows = views.listings.count(&Specification::everything()).await?
        + views.orders.count(&Specification::everything()).await?
        + views.customers.count(&Specification::everything()).await?
        + views.totals.count(&Specification::everything()).await?;
    let events = views.listings.position().await?.get();
    portolan.close().await;
    Ok(ready.with(events, rows))
}

async fn one_view(path: &Path, view: View) -> Done<Started> {
    let (before, begun) = (resident_bytes(), Instant::now());
    let one = OneView::build(&config(path), view).await?;
    let ready = Ready::since(before, begun);
    let (rows, events) = if view == View::Listings {
        (one.views.listings.count(&Specification::everything()).await?, one.views.listings.position().await?)
    } else {
        (one.views.totals.count(&Specification::everything()).await?, one.views.totals.position().await?)
    };
    one.end().await;
    Ok(ready.with(events.get(), rows))
}

fn by_hand(path: &Path) -> Done<Started> {
    let (before, begun) = (resident_bytes(), Instant::now());
    let views = by_hand::replay(path)?;
    let ready = Ready::since(before, begun);
    Ok(ready.with(views.events, views.rows()))
}

/// What it took to be ready.
struct Ready {
    seconds: f64,
    bytes: Option<u64>,
    cpu_seconds: Option<f64>,
}

impl Ready {
    fn since(bytes_before: Option<u64>, begun: Instant) -> Self {
        let bytes = resident_bytes().zip(bytes_before).map(|(now, before)| now.saturating_sub(before));
        let cpu_seconds = cpu_time().map(|time| time.as_secs_f64());
        Self { seconds: begun.elapsed().as_secs_f64(), bytes, cpu_seconds }
    }

    const fn with(self, events: u64, rows: u64) -> Started {
        let Self { seconds, bytes, cpu_seconds } = self;
        Started { events, seconds, rows, bytes, cpu_seconds }
    }
}
