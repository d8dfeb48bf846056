//! Portolan measured next to hand-written twins, in the same run.
//!
//! - `run/`: the workloads, one a file; [`Workload`] says what each does.
//! - `twin/`: the same rows written by hand, one transaction a command (`plain`) or batched (`batched`).
//! - `views/`: the rows of the read models, the questions, and what a person would write instead, in memory and in SQL.
//! - `portolan.rs`: the real thing, wired by the program's own composition root.
//!
//! Machines are shared and noisy: what counts is the ratio of medians over interleaved runs, not a figure by itself.
//! Each line of stdout is one run, as JSON; medians and ratios follow on stderr.

mod ground;
mod market;
mod measure;
mod portolan;
mod process;
mod run;
mod twin;
mod views;
mod work;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, ValueEnum};

pub use run::{Part, Start};

/// What to measure, and how often.
#[derive(Debug, Clone, Parser)]
#[command(name = "market", about = "Portolan next to hand-written twins")]
pub struct Plan {
    /// Which workloads; all without
    #[arg(value_enum)]
    pub workloads: Vec<Workload>,
    /// Runs of each system, interleaved; the median counts
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=1_000))]
    pub runs: u64,
    /// Commands a run
    #[arg(long, default_value_t = 50_000, value_parser = count())]
    pub commands: u64,
    /// How many callers at once, in `place_bid` and `append`
    #[arg(long, value_delimiter = ',', default_values_t = [1, 8, 64], value_parser = clap::value_parser!(u64).range(1..=4_096))]
    pub callers: Vec<u64>,
    /// Events of the journal that `replay` and `copy` read; made once and kept
    #[arg(long, default_value_t = 1_000_000, value_parser = count())]
    pub events: u64,
    /// Rows of the read models that the workloads of views ask
    #[arg(long, default_value_t = 1_000_000, value_parser = count())]
    pub rows: u64,
    /// Which stores, of those that are built in; all without
    #[arg(long, value_delimiter = ',')]
    pub stores: Vec<String>,
    /// Which systems, as the results call them; all without. A profile is of one. `document` and `events` are Portolan
    /// in stores that keep aggregates like that
    #[arg(long, value_delimiter = ',')]
    pub systems: Vec<String>,
    /// Where the stores are made: on the disk that is to be measured
    #[arg(long, default_value = PLACE, hide_default_value = true)]
    pub place: PathBuf,
    /// Everything for a moment, to see that it works; the figures mean little
    #[arg(long)]
    pub quick: bool,
    /// One start of `replay`, in a process of its own
    #[arg(long, hide = true)]
    pub start: Option<Start>,
    /// One of several processes on one store, in a process of its own
    #[command(flatten)]
    pub part: Part,
}

/// Below the workspace's own folder of built things.
const PLACE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/bench");

fn count() -> clap::builder::RangedU64ValueParser<u64> {
    clap::value_parser!(u64).range(100..=100_000_000)
}

impl Plan {
    /// Every workload for a moment: what tests run.
    #[must_use]
    pub fn quick() -> Self {
        Self {
            workloads: Vec::new(),
            runs: 1,
            commands: 1_000,
            callers: vec![1, 64],
            events: 10_000,
            rows: 2_000,
            stores: Vec::new(),
            systems: Vec::new(),
            place: PLACE.into(),
            quick: true,
            start: None,
            part: Part::default(),
        }
    }

    /// As the arguments say, shortened where they ask for it.
    #[must_use]
    pub fn shortened(self) -> Self {
        if !self.quick {
            return self;
        }
        let Self { workloads, stores, systems, place, part, .. } = self;
        Self { workloads, stores, systems, place, part, ..Self::quick() }
    }
}

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum Workload {
    /// Accepted bids on a random one of 1,000 listings
    PlaceBid,
    /// New orders with three lines
    Append,
    /// Accepted bids on one listing
    Hot,
    /// Accepted bids of 64 callers on one store, in one process, in two and in four
    Processes,
    /// A bid on a listing with 10,000 bids, kept in memory and loaded after a start, next to one on a fresh listing
    Deep,
    /// A command that changes nothing, through mediator and middleware
    Dispatch,
    /// A file of bids
    Import,
    /// A start: the journal into the read models
    Replay,
    /// A store in SQLite, of the journal that `replay` reads, copied into an empty one
    Copy,
    /// Bids over HTTP, on 64 kept-alive connections
    Http,
    /// From the receipt of a bid until the read model shows it, at half the highest rate
    Visible,
    /// A view, by a look at every row: three conditions
    ViewScan,
    /// A view: what a seller has published
    ViewPoint,
    /// A view: the first page of 50, the dearest first, of a filter that half of the rows satisfy
    ViewPage,
    /// A view: the first 50 rows with two words that are each in one row of twenty
    ViewSearch,
    /// All indexes of a view in memory
    ViewBuild,
    /// One row into a view in memory, with all indexes, while a reader scans
    ViewInsert,
    /// All rows into an empty view in SQLite, with its indexes
    ViewFill,
    /// A specification as text: a small filter, and one of 64 KiB
    Parse,
    /// A specification that was parsed, next to one built in code and to a closure
    Evaluate,
}

/// Measures, prints, compares.
#[must_use]
pub fn run(plan: &Plan) -> ExitCode {
    match run::all(plan) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            run::say(&format!("the benchmark failed: {error}"));
            ExitCode::FAILURE
        }
    }
}
