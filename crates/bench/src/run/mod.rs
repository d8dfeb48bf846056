//! Runs the workloads, interleaved, and compares the medians.

mod client;
mod commands;
mod copy;
mod deep;
mod dispatch;
mod http;
mod import;
mod places;
mod processes;
mod replay;
#[cfg(any(feature = "postgres", feature = "postgres-system", feature = "mysql", feature = "mysql-system"))]
mod servers;
mod specifications;
mod views;
mod visible;

use std::error::Error;

use crate::measure::{Sample, median};
use crate::{Plan, Workload};

pub use processes::Part;
pub use replay::Start;

/// What can go wrong in a benchmark ends it.
pub(crate) type Done<T = ()> = Result<T, Box<dyn Error + Send + Sync>>;

/// How many callers the workloads have that do not vary it.
const CALLERS: usize = 64;

/// More refusals than one in so many calls, and a run measured something else.
const CALLS_PER_ERROR: usize = 20;

/// Everything that the plan names.
///
/// # Errors
/// What ended it, in a sentence.
pub(crate) fn all(plan: &Plan) -> Done {
    std::fs::create_dir_all(&plan.place).map_err(|error| {
        format!("{} cannot be made: {error}; choose another --place", plan.place.display())
    })?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        if let Some(start) = plan.start {
            return replay::start(plan, start).await;
        }
        if processes::take_part(plan).await? {
            return Ok(());
        }
        let wanted = |workload| plan.workloads.is_empty() || plan.workloads.contains(&workload);
        for workload in [Workload::PlaceBid, Workload::Append, Workload::Hot]
            .into_iter()
            .filter(|workload| wanted(*workload))
        {
            commands::compare(plan, workload).await?;
            #[cfg(any(feature = "postgres", feature = "postgres-system"))]
            servers::compare::<crate::twin::servers::postgres::Postgres>(plan, workload).await?;
            #[cfg(any(feature = "mysql", feature = "mysql-system"))]
            servers::compare::<crate::twin::servers::mariadb::MariaDb>(plan, workload).await?;
        }
        if wanted(Workload::Processes) {
            processes::compare(plan).await?;
            #[cfg(any(feature = "postgres", feature = "postgres-system"))]
            servers::processes::<crate::twin::servers::postgres::Postgres>(plan).await?;
            #[cfg(any(feature = "mysql", feature = "mysql-system"))]
            servers::processes::<crate::twin::servers::mariadb::MariaDb>(plan).await?;
        }
        if wanted(Workload::Deep) {
            deep::compare(plan).await?;
            #[cfg(any(feature = "postgres", feature = "postgres-system"))]
            servers::deep::<crate::twin::servers::postgres::Postgres>(plan).await?;
            #[cfg(any(feature = "mysql", feature = "mysql-system"))]
            servers::deep::<crate::twin::servers::mariadb::MariaDb>(plan).await?;
        }
        if wanted(Workload::Dispatch) {
            dispatch::compare(plan).await?;
        }
        if wanted(Workload::Import) {
            import::compare(plan).await?;
        }
        if wanted(Workload::Replay) {
            replay::compare(plan).await?;
        }
        if wanted(Workload::Copy) {
            copy::compare(plan).await?;
            #[cfg(any(feature = "postgres", feature = "postgres-system"))]
            servers::copy::<crate::twin::servers::postgres::Postgres>(plan).await?;
            #[cfg(any(feature = "mysql", feature = "mysql-system"))]
            servers::copy::<crate::twin::servers::mariadb::MariaDb>(plan).await?;
        }
        if wanted(Workload::Http) {
            http::compare(plan).await?;
        }
        if wanted(Workload::Visible) {
            visible::measure(plan).await?;
        }
        if wanted(Workload::Parse) {
            specifications::parse(plan).await?;
        }
        if wanted(Workload::Evaluate) {
            specifications::evaluate(plan).await?;
        }
        views::compare(plan, wanted).await?;
        Ok(())
    })
}

/// Whether the plan wants this store.
fn is_wanted(plan: &Plan, store: &str) -> bool {
    plan.stores.is_empty() || plan.stores.iter().any(|wanted| wanted == store)
}

/// A line for people, on stderr.
#[expect(clippy::print_stderr, reason = "what stands beside the results, for people")]
pub(crate) fn say(line: &str) {
    eprintln!("{line}");
}

/// The samples of several systems, run after run.
struct Samples {
    wanted: Vec<usize>,
    taken: Vec<Vec<Sample>>,
}

impl Samples {
    /// Of those of these systems that the plan wants.
    fn of(plan: &Plan, systems: &[&str]) -> Self {
        let is_wanted =
            |name: &str| plan.systems.is_empty() || plan.systems.iter().any(|wanted| wanted == name);
        let wanted = (0..systems.len()).filter(|index| is_wanted(systems[*index])).collect();
        Self { wanted, taken: vec![Vec::new(); systems.len()] }
    }

    /// In which order the systems go in this run: another one begins each time, so that none always has the warmest
    /// or the fullest disk.
    fn order(&self, run: u64) -> Vec<usize> {
        let mut order = self.wanted.clone();
        let first = usize::try_from(run).unwrap_or(0) % order.len().max(1);
        order.rotate_left(first);
        order
    }

    /// Prints a run of this system and keeps it.
    fn take(&mut self, system: usize, calls: usize, sample: Sample) -> Done {
        sample.print();
        // On one listing the transactions of `plain` overtake one another, and so do processes: a bid that comes late is
        // too low. The line of the result says how many.
        let are_overtaken = (sample.workload, sample.system) == ("hot", "plain")
            || matches!(sample.system, processes::TWO | processes::FOUR);
        if !are_overtaken && sample.errors * CALLS_PER_ERROR > calls {
            let Sample { system, workload, errors, .. } = sample;
            return Err(format!("{workload}: {system} did not accept {errors} of {calls} calls").into());
        }
        self.taken.get_mut(system).ok_or("a system that is not there")?.push(sample);
        Ok(())
    }

    /// Prints the medians of each system, and the ratio of the first to each.
    fn compare(&self) {
        let medians: Vec<Sample> = self.taken.iter().filter_map(|runs| median(runs)).collect();
        let Some(ours) = medians.first() else { return };
        say(&format!("{} · {} · {} callers", ours.workload, ours.store, ours.callers));
        let shown = |value: Option<f64>| value.map_or("-".to_owned(), |value| format!("{value:.0} us"));
        for sample in &medians {
            let ratio = |ours: Option<f64>, its: Option<f64>, of: &str| {
                let ratio = ours.zip(its).map(|(ours, its)| ours / its.max(f64::MIN_POSITIVE));
                ratio.map_or(String::new(), |ratio| format!(", {ratio:.2} x its {of}"))
            };
            say(&format!(
                "  {:<12} {:>9.0} a second  p50 {:>9}  p99 {:>9}  processor {:>8}  errors {:>3}  {}\n\
                 {:>15}ours{}{}{}",
                sample.system,
                sample.per_s,
                shown(sample.p50_us),
                shown(sample.p99_us),
                shown(sample.cpu_us),
                sample.errors,
                sample.note,
                "",
                ratio(Some(ours.per_s), Some(sample.per_s), "rate").trim_start_matches(','),
                ratio(ours.p99_us, sample.p99_us, "p99"),
                ratio(ours.cpu_us, sample.cpu_us, "processor time"),
            ));
        }
    }
}
