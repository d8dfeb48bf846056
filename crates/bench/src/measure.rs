//! Runs so many callers against a system and times each call.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use serde::Serialize;

use crate::process::{cpu_time, cpu_us_each};

/// One run, printed as a JSON line.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Sample {
    /// What was measured: `portolan`, or one of its twins.
    pub(crate) system: &'static str,
    /// Where it stores.
    pub(crate) store: &'static str,
    /// What it did.
    pub(crate) workload: &'static str,
    /// How many callers at once.
    pub(crate) callers: usize,
    /// Calls a second, over all callers.
    pub(crate) per_s: f64,
    /// Median latency of a call; null where calls are not timed one by one.
    pub(crate) p50_us: Option<f64>,
    /// 99th percentile.
    pub(crate) p99_us: Option<f64>,
    /// Calls that were not accepted.
    pub(crate) errors: usize,
    /// Processor time of the whole process for a call, where it is known; it is printed with the note.
    #[serde(skip)]
    pub(crate) cpu_us: Option<f64>,
    /// Anything else worth saying.
    pub(crate) note: String,
}

impl Sample {
    /// So many calls in this time, none of them timed by itself.
    pub(crate) fn of_all(system: &'static str, workload: &'static str, calls: usize, took: Duration) -> Self {
        Self {
            system,
            store: "sqlite",
            workload,
            callers: 1,
            per_s: (calls as f64 / took.as_secs_f64().max(f64::MIN_POSITIVE)).round(),
            p50_us: None,
            p99_us: None,
            errors: 0,
            cpu_us: None,
            note: String::new(),
        }
    }

    /// Prints it to stdout.
    #[expect(clippy::print_stdout, reason = "a benchmark's output is its result")]
    pub(crate) fn print(&self) {
        let mut printed = self.clone();
        if let Some(cpu_us) = self.cpu_us {
            let separator = if self.note.is_empty() { "" } else { ", " };
            printed.note.push_str(&format!("{separator}{cpu_us:.1} us of processor time a call"));
        }
        match serde_json::to_string(&printed) {
            Ok(line) => println!("{line}"),
            Err(error) => println!("{{\"error\":\"{error}\"}}"),
        }
    }
}

/// Latencies, in nanoseconds and in bounded memory.
pub(crate) struct Latencies(Histogram<u64>);

impl Latencies {
    /// Up to a minute, to three digits.
    ///
    /// # Errors
    /// None: the bounds are fixed and fit.
    pub(crate) fn new() -> Result<Self, hdrhistogram::CreationError> {
        Histogram::new_with_bounds(1, 60_000_000_000, 3).map(Self)
    }

    pub(crate) fn record(&mut self, latency: Duration) {
        self.0.saturating_record(u64::try_from(latency.as_nanos()).unwrap_or(u64::MAX));
    }

    fn add(&mut self, other: &Self) {
        // Both have the same bounds.
        let _ = self.0.add(&other.0);
    }

    /// In microseconds.
    pub(crate) fn quantile(&self, quantile: f64) -> Option<f64> {
        (!self.0.is_empty()).then(|| (self.0.value_at_quantile(quantile) / 100) as f64 / 10.0)
    }
}

/// Makes `total` calls from `callers` tasks. `call` gets the number of its caller, from 0, and of the call, from 0:
/// each once, in rising order for each caller.
///
/// # Errors
/// Where a caller panicked.
pub(crate) async fn run<F, C>(
    system: &'static str,
    workload: &'static str,
    callers: usize,
    total: usize,
    call: C,
) -> super::run::Done<Sample>
where
    C: Fn(usize, usize) -> F + Send + Sync + 'static,
    F: Future<Output = bool> + Send,
{
    let call = Arc::new(call);
    let next = Arc::new(AtomicUsize::new(0));
    let mut tasks = Vec::with_capacity(callers);
    let (cpu, started) = (cpu_time(), Instant::now());
    for caller in 0..callers {
        let (call, next) = (Arc::clone(&call), Arc::clone(&next));
        let mut latencies = Latencies::new()?;
        tasks.push(tokio::spawn(async move {
            let mut errors = 0;
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= total {
                    return (latencies, errors);
                }
                let begun = Instant::now();
                errors += usize::from(!call(caller, number).await);
                latencies.record(begun.elapsed());
            }
        }));
    }
    let mut all = Latencies::new()?;
    let mut errors = 0;
    for task in tasks {
        let (latencies, failed) = task.await?;
        all.add(&latencies);
        errors += failed;
    }
    let (took, cpu_us) = (started.elapsed(), cpu_us_each(cpu, total));
    Ok(Sample {
        callers,
        p50_us: all.quantile(0.5),
        p99_us: all.quantile(0.99),
        errors,
        cpu_us,
        ..Sample::of_all(system, workload, total, took)
    })
}

/// Makes so many calls one after the other; `call` gets the number of each, from 0, and says how many rows it found.
///
/// # Errors
/// Those of the calls.
pub(crate) async fn one_by_one(
    system: &'static str,
    store: &'static str,
    workload: &'static str,
    calls: usize,
    mut call: impl AsyncFnMut(usize) -> super::run::Done<usize>,
) -> super::run::Done<Sample> {
    let mut latencies = Latencies::new()?;
    let mut rows = 0;
    let (cpu, started) = (cpu_time(), Instant::now());
    for number in 0..calls {
        let begun = Instant::now();
        rows += call(number).await?;
        latencies.record(begun.elapsed());
    }
    let (took, cpu_us) = (started.elapsed(), cpu_us_each(cpu, calls));
    Ok(Sample {
        store,
        p50_us: latencies.quantile(0.5),
        p99_us: latencies.quantile(0.99),
        cpu_us,
        note: format!("{} rows a call", rows / calls.max(1)),
        ..Sample::of_all(system, workload, calls, took)
    })
}

/// The median of each figure over several runs of one system.
#[must_use]
pub(crate) fn median(samples: &[Sample]) -> Option<Sample> {
    let middle = |values: &mut Vec<f64>| {
        values.sort_by(f64::total_cmp);
        values.get(values.len() / 2).copied()
    };
    let mut median = samples.first()?.clone();
    median.per_s = middle(&mut samples.iter().map(|sample| sample.per_s).collect())?;
    median.p50_us = middle(&mut samples.iter().filter_map(|sample| sample.p50_us).collect());
    median.cpu_us = middle(&mut samples.iter().filter_map(|sample| sample.cpu_us).collect());
    median.p99_us = middle(&mut samples.iter().filter_map(|sample| sample.p99_us).collect());
    median.errors = samples.iter().map(|sample| sample.errors).sum();
    if let Some(middle) = samples.iter().find(|sample| sample.per_s == median.per_s) {
        median.note.clone_from(&middle.note);
    }
    Some(median)
}
