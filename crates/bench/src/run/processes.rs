//! `processes`: 64 callers on one store, in one process, in two and in four, on many listings and on one.

use std::process::Stdio;
use std::time::Instant;

use clap::Args;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use super::places::{File, Home};
use super::{CALLERS, Done, Samples, is_wanted};
use crate::market::Market as _;
use crate::measure::{Sample, run};
use crate::portolan::Portolan;
use crate::work::Bid;
use crate::{Plan, ground, work};

/// What the results call two processes on one store.
pub(super) const TWO: &str = "two";

/// Likewise four.
pub(super) const FOUR: &str = "four";

/// The beginning of 2025 in microseconds, before which no bid is placed.
const SINCE: i64 = 1_735_689_600_000_000;

/// By how much a bid goes further for each microsecond that it is later, in cents: at least the increment.
const ASKING_MORE: i64 = work::INCREMENT;

/// In how many processes.
const SYSTEMS: [(usize, &str); 3] = [(1, Portolan::NAME), (2, TWO), (4, FOUR)];

/// On how many listings, and what the results call it.
const WORKLOADS: [(usize, &str); 2] = [(work::LISTINGS, "place_bid_of_processes"), (1, "hot_of_processes")];

/// The part of one process; given to it on its command line.
#[derive(Debug, Clone, Default, Args)]
pub struct Part {
    /// The store that processes share
    #[arg(long, hide = true, requires_all = ["part", "parts", "listings", "seed"])]
    store: Option<String>,
    /// Which of the processes it is
    #[arg(long, hide = true, default_value_t = 0)]
    part: usize,
    /// How many there are
    #[arg(long, hide = true, default_value_t = 1)]
    parts: usize,
    /// How many listings they bid on
    #[arg(long, hide = true, default_value_t = 1)]
    listings: usize,
    /// Of which run
    #[arg(long, hide = true, default_value_t = 0)]
    seed: u64,
}

/// What a process tells when it is done.
#[derive(Debug, Serialize, Deserialize)]
struct Told {
    errors: usize,
    p50_us: f64,
    p99_us: f64,
    cpu_us: f64,
}

/// In SQLite.
///
/// # Errors
/// Those of the stores and of the processes.
pub(super) async fn compare(plan: &Plan) -> Done {
    if is_wanted(plan, "sqlite") {
        compare_in(plan, "sqlite", async |storage| File::make(&plan.place, storage)).await?;
    }
    Ok(())
}

/// In stores that `make` makes.
///
/// # Errors
/// Those of the stores and of the processes.
pub(super) async fn compare_in<H: Home>(
    plan: &Plan,
    store: &'static str,
    make: impl AsyncFn(&str) -> Done<H>,
) -> Done {
    for (listings, workload) in WORKLOADS {
        let mut samples = Samples::of(plan, &SYSTEMS.map(|(_, name)| name));
        for seed in 0..plan.runs {
            for system in samples.order(seed) {
                let (processes, name) = *SYSTEMS.get(system).ok_or("a system that is not there")?;
                let home = make("relational").await?;
                let portolan = Portolan::open_url(&home.url()).await?;
                ground::publish(&portolan, listings).await?;
                portolan.close().await;
                let sample = together(plan, &home.url(), processes, listings, seed).await?;
                samples.take(
                    system,
                    plan.commands as usize,
                    Sample { store, workload, system: name, callers: CALLERS, ..sample },
                )?;
            }
        }
        samples.compare();
    }
    Ok(())
}

/// A process that has opened the store and waits for its beginning.
struct Waiting {
    child: Child,
    go: ChildStdin,
    told: Lines<BufReader<ChildStdout>>,
}

async fn together(plan: &Plan, store: &str, processes: usize, listings: usize, seed: u64) -> Done<Sample> {
    let mut waiting = Vec::with_capacity(processes);
    for part in 0..processes {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["--bench", "--store", store, "--part", &part.to_string()])
            .args(["--parts", &processes.to_string(), "--listings", &listings.to_string()])
            .args(["--seed", &seed.to_string(), "--commands", &plan.commands.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let go = child.stdin.take().ok_or("a process without a stdin")?;
        let mut told = BufReader::new(child.stdout.take().ok_or("a process without a stdout")?).lines();
        told.next_line().await?.ok_or("a process ended before it began")?;
        waiting.push(Waiting { child, go, told });
    }
    let begun = Instant::now();
    for process in &mut waiting {
        process.go.write_all(b"go\n").await?;
    }
    let (mut errors, mut p50, mut p99, mut cpu) = (0, 0.0_f64, 0.0_f64, 0.0);
    for process in &mut waiting {
        let line = process.told.next_line().await?.ok_or("a process ended before it was done")?;
        let told: Told = serde_json::from_str(&line)?;
        errors += told.errors;
        (p50, p99) = (p50.max(told.p50_us), p99.max(told.p99_us));
        cpu += told.cpu_us / processes as f64;
    }
    let took = begun.elapsed();
    for mut process in waiting {
        process.child.wait().await?;
    }
    let accepted = (plan.commands as usize).saturating_sub(errors);
    Ok(Sample {
        errors,
        p50_us: Some(p50),
        p99_us: Some(p99),
        cpu_us: Some(cpu),
        note: "a second: accepted ones; latencies: of the slowest process".to_owned(),
        ..Sample::of_all(Portolan::NAME, "", accepted, took)
    })
}

/// The part of this process, where it is one of several; whether it was.
///
/// # Errors
/// Those of the store.
#[expect(clippy::print_stdout, reason = "the process that asked for it reads it there")]
pub(super) async fn take_part(plan: &Plan) -> Done<bool> {
    let Part { store: Some(store), part, parts, listings, seed } = plan.part.clone() else {
        return Ok(false);
    };
    let portolan = Portolan::open_url(&store).await?;
    println!("ready");
    let mut go = String::new();
    BufReader::new(tokio::io::stdin()).read_line(&mut go).await?;
    let (callers, commands) = (CALLERS / parts, plan.commands as usize / parts);
    let bidding = portolan.clone();
    let place = move |_, number| {
        let portolan = bidding.clone();
        // The clock says how far a bid goes, so that none of the processes stays behind the others for good.
        let ceiling = ASKING_MORE * portolan.app().clock().now().as_micros().saturating_sub(SINCE);
        let bid = Bid { ceiling, ..work::bid(seed, number * parts + part, listings) };
        async move { portolan.place_bid(bid).await }
    };
    let sample = run(Portolan::NAME, "part", callers, commands, place).await?;
    let told = Told {
        errors: sample.errors,
        p50_us: sample.p50_us.unwrap_or_default(),
        p99_us: sample.p99_us.unwrap_or_default(),
        cpu_us: sample.cpu_us.unwrap_or_default(),
    };
    println!("{}", serde_json::to_string(&told)?);
    portolan.close().await;
    Ok(true)
}
