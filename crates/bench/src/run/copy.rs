//! `copy`: the store of the journal that `replay` reads, copied into an empty one. By hand it is the journal alone.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use portolan_app::commands::store_copy::{Stopwatch, copy};
use portolan_app::wiring::{copied_from, copied_to};
use portolan_kernel::Envelope;
use tokio::sync::mpsc;

use super::places::{File, Home};
use super::replay::journal;
use super::{Done, Samples, is_wanted};
use crate::Plan;
use crate::market::Market as _;
use crate::measure::Sample;
use crate::portolan::Portolan;
use crate::process::{cpu_time, cpu_us_each, resident_bytes};
use crate::twin::copying;

/// What is compared.
const SYSTEMS: [&str; 2] = [Portolan::NAME, "by_hand"];

/// How many events the twin writes in one transaction, as many as Portolan does.
const PAGE: usize = 5_000;

/// How many pages the twin reads ahead.
const AHEAD: usize = 2;

/// What writes the twin's events.
pub(super) type Append = Box<dyn FnMut(&[Envelope]) -> Done + Send>;

/// Into a file of SQLite.
///
/// # Errors
/// Those of the stores.
pub(super) async fn compare(plan: &Plan) -> Done {
    if !is_wanted(plan, "sqlite") {
        return Ok(());
    }
    let make = async || File::make(&plan.place, "relational");
    let connect = async |home: &File| {
        let append: Append = Box::new(copying::into_file(&home.path())?);
        Ok(append)
    };
    compare_in(plan, "sqlite", make, connect).await
}

/// Into stores that `make` makes; `connect` gives what writes the twin's events there, where Portolan's tables are.
///
/// # Errors
/// Those of the stores.
pub(super) async fn compare_in<H: Home>(
    plan: &Plan,
    store: &'static str,
    make: impl AsyncFn() -> Done<H>,
    connect: impl AsyncFn(&H) -> Done<Append>,
) -> Done {
    journal::ensure(plan).await?;
    let mut samples = Samples::of(plan, &SYSTEMS);
    for run in 0..plan.runs {
        for system in samples.order(run) {
            let home = make().await?;
            let sample = match system {
                0 => portolan(journal::path(plan), &home.url()).await?,
                _ => {
                    // Its tables.
                    Portolan::open_url(&home.url()).await?.close().await;
                    by_hand(journal::path(plan), connect(&home).await?).await?
                }
            };
            samples.take(system, 1, Sample { store, ..sample })?;
        }
    }
    samples.compare();
    Ok(())
}

async fn portolan(from: PathBuf, to: &str) -> Done<Sample> {
    let from = copied_from(&format!("sqlite:{}", from.display())).await?;
    let to = copied_to(to).await?;
    let (before, most) = (resident_bytes(), AtomicU64::new(0));
    let (mut stopwatch, cpu) = (Stopwatch::start(), cpu_time());
    let mut of_journal = None;
    let copied = copy(&*from, &*to, |progress| {
        if stopwatch.tell(&progress) && of_journal.is_none() {
            of_journal = cpu_time();
        }
        most.fetch_max(resident_bytes().unwrap_or(0), Ordering::Relaxed);
    })
    .await?;
    let events = usize::try_from(copied.events)?;
    let grown = before.map_or(0, |before| most.into_inner().saturating_sub(before) >> 20);
    let seconds = |duration: Duration| format!("{:.1} s", duration.as_secs_f64());
    let note = format!(
        "journal {}, states {}, beside it {}, comparison {}, at most {grown} MiB more",
        seconds(stopwatch.journal),
        seconds(stopwatch.states),
        seconds(stopwatch.beside),
        seconds(stopwatch.comparison),
    );
    let cpu_us =
        of_journal.zip(cpu).map(|(after, before)| (after - before).as_secs_f64() * 1e6 / events as f64);
    Ok(Sample { note, cpu_us, ..Sample::of_all(SYSTEMS[0], "copy", events, stopwatch.journal) })
}

/// One thread reads, another writes.
async fn by_hand(from: PathBuf, mut append: Append) -> Done<Sample> {
    let (cpu, began) = (cpu_time(), Instant::now());
    let (pages, mut read) = mpsc::channel(AHEAD);
    let reading = tokio::task::spawn_blocking(move || {
        copying::read(&from, PAGE, |page| Ok(pages.blocking_send(page)?))
    });
    let writing = tokio::task::spawn_blocking(move || {
        let mut events = 0;
        while let Some(page) = read.blocking_recv() {
            append(&page)?;
            events += page.len();
        }
        Done::Ok(events)
    });
    let events = writing.await??;
    reading.await??;
    let took = began.elapsed();
    Ok(Sample { cpu_us: cpu_us_each(cpu, events), ..Sample::of_all(SYSTEMS[1], "copy", events, took) })
}
