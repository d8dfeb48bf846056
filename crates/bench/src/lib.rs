//! Portolan measured next to hand-written twins, in the same run.
//!
//! These machines are shared and noisy: what counts is the ratio of medians over interleaved runs, not a figure
//! by itself. Each line of stdout is one run, as JSON; medians and ratios follow on stderr.

mod measure;
mod portolan;
mod run;
mod twin;
mod work;

use std::process::ExitCode;

use clap::{Parser, ValueEnum};

/// What to measure, and how often.
#[derive(Debug, Parser)]
#[command(name = "market", about = "Portolan next to hand-written twins")]
pub struct Plan {
    /// Which workloads; all without
    #[arg(value_enum)]
    pub workloads: Vec<Workload>,
    /// Runs of each system, interleaved; the median counts
    #[arg(long, default_value_t = 5)]
    pub runs: usize,
    /// Commands a run
    #[arg(long, default_value_t = 50_000)]
    pub commands: usize,
    /// How many callers at once
    #[arg(long, value_delimiter = ',', default_values_t = [1, 8, 64])]
    pub callers: Vec<usize>,
    /// Where the stores are made; on the disk that is to be measured
    #[arg(long, default_value = "target/bench")]
    pub place: std::path::PathBuf,
}

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum Workload {
    /// Accepted bids on a random one of 1,000 listings
    PlaceBid,
    /// New orders with three lines
    Append,
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
