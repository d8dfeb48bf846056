//! Runs the workloads, interleaved, and compares the medians.

mod commands;

use std::error::Error;

use crate::measure::{Sample, median};
use crate::{Plan, Workload};

/// What can go wrong in a benchmark ends it.
pub(crate) type Done<T = ()> = Result<T, Box<dyn Error + Send + Sync>>;

/// Everything that the plan names.
pub(crate) fn all(plan: &Plan) -> Done {
    std::fs::create_dir_all(&plan.place)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let wanted = |workload| plan.workloads.is_empty() || plan.workloads.contains(&workload);
    for workload in [Workload::PlaceBid, Workload::Append] {
        if wanted(workload) {
            runtime.block_on(commands::compare(plan, workload))?;
        }
    }
    Ok(())
}

/// A line for people, on stderr.
#[expect(clippy::print_stderr, reason = "what stands beside the results, for people")]
pub(crate) fn say(line: &str) {
    eprintln!("{line}");
}

/// Prints the medians of each system, and each system's ratio to the others.
pub(crate) fn compared(samples: &[Vec<Sample>]) {
    let medians: Vec<Sample> = samples.iter().filter_map(|runs| median(runs)).collect();
    let Some(ours) = medians.first() else { return };
    say(&format!("{} · {} callers", ours.workload, ours.callers));
    for sample in &medians {
        let ratio = ours.per_s / sample.per_s.max(f64::MIN_POSITIVE);
        let p99 = ours.p99_us as f64 / sample.p99_us.max(1) as f64;
        say(&format!(
            "  {:<10} {:>9.0} a second   p50 {:>6} us   p99 {:>7} us   errors {:>3}   ours is {ratio:.2} x its rate, {p99:.2} x its p99",
            sample.system, sample.per_s, sample.p50_us, sample.p99_us, sample.errors
        ));
    }
}
