//! Runs so many callers against a system and times each call.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use serde::Serialize;

/// One run, printed as a JSON line.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Sample {
    /// What was measured: `portolan`, `plain`, `batched`.
    pub(crate) system: String,
    /// Where it stores.
    pub(crate) store: String,
    /// What it did.
    pub(crate) workload: String,
    /// How many callers at once.
    pub(crate) callers: usize,
    /// Calls a second, over all callers.
    pub(crate) per_s: f64,
    /// Median latency of a call.
    pub(crate) p50_us: u64,
    /// 99th percentile.
    pub(crate) p99_us: u64,
    /// Calls that were not accepted.
    pub(crate) errors: usize,
    /// Anything else worth saying.
    pub(crate) note: String,
}

impl Sample {
    /// Prints it to stdout.
    #[expect(clippy::print_stdout, reason = "a benchmark's output is its result")]
    pub(crate) fn print(&self) {
        match serde_json::to_string(self) {
            Ok(line) => println!("{line}"),
            Err(error) => println!("{{\"error\":\"{error}\"}}"),
        }
    }
}

/// Makes `total` calls from `callers` tasks; `call` gets the number of the call, from 0, each once.
pub(crate) async fn run<F, C>(system: &str, workload: &str, callers: usize, total: usize, call: C) -> Sample
where
    C: Fn(usize) -> F + Send + Sync + 'static,
    F: Future<Output = bool> + Send,
{
    let call = Arc::new(call);
    let next = Arc::new(AtomicUsize::new(0));
    let started = Instant::now();
    let tasks: Vec<_> = (0..callers)
        .map(|_| {
            let (call, next) = (Arc::clone(&call), Arc::clone(&next));
            tokio::spawn(async move {
                let mut latencies = Vec::with_capacity(total / callers + 1);
                let mut errors = 0;
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= total {
                        return (latencies, errors);
                    }
                    let begun = Instant::now();
                    errors += usize::from(!call(number).await);
                    latencies.push(begun.elapsed());
                }
            })
        })
        .collect();
    let mut histogram = Histogram::<u64>::new(3).ok();
    let mut errors = 0;
    for task in tasks {
        let Ok((latencies, failed)) = task.await else {
            errors += 1;
            continue;
        };
        errors += failed;
        for latency in latencies {
            if let Some(histogram) = &mut histogram {
                // A latency past any bound is no reason to end the run.
                let _ = histogram.record(micros(latency));
            }
        }
    }
    let quantile = |q| histogram.as_ref().map_or(0, |histogram| histogram.value_at_quantile(q));
    Sample {
        system: system.to_owned(),
        store: "sqlite".to_owned(),
        workload: workload.to_owned(),
        callers,
        per_s: total as f64 / started.elapsed().as_secs_f64(),
        p50_us: quantile(0.5),
        p99_us: quantile(0.99),
        errors,
        note: String::new(),
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

/// The median of each figure over several runs of one system.
#[must_use]
pub(crate) fn median(samples: &[Sample]) -> Option<Sample> {
    let mut median = samples.first()?.clone();
    let middle = samples.len() / 2;
    let mut rates: Vec<f64> = samples.iter().map(|sample| sample.per_s).collect();
    rates.sort_by(f64::total_cmp);
    median.per_s = rates[middle];
    let pick = |value: fn(&Sample) -> u64| {
        let mut values: Vec<u64> = samples.iter().map(value).collect();
        values.sort_unstable();
        values[middle]
    };
    median.p50_us = pick(|sample| sample.p50_us);
    median.p99_us = pick(|sample| sample.p99_us);
    median.errors = samples.iter().map(|sample| sample.errors).sum();
    median.note = format!("median of {}", samples.len());
    Some(median)
}
