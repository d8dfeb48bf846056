//! Times, percentiles, memory, and the lines that say them.

use std::time::Instant;

pub(crate) struct Percentiles(Vec<f64>);

impl Percentiles {
    pub(crate) fn of(mut times: Vec<f64>) -> Self {
        times.sort_by(f64::total_cmp);
        Self(times)
    }

    pub(crate) fn at(&self, percent: usize) -> f64 {
        self.0[(self.0.len() - 1) * percent / 100]
    }
}

pub(crate) fn micros(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1e6
}

/// The middle of some calls, in microseconds.
pub(crate) fn per_call<T>(calls: usize, mut call: impl FnMut() -> T) -> f64 {
    let times = (0..calls).map(|_| {
        let started = Instant::now();
        std::hint::black_box(call());
        micros(started)
    });
    Percentiles::of(times.collect()).at(50)
}

/// What the process holds; 0 where the system does not say.
pub(crate) fn resident_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse::<u64>().ok());
    kilobytes.unwrap_or_default() * 1024
}

pub(crate) fn line(workload: &str, what: &str, value: f64) {
    println!("{{\"workload\":\"{workload}\",\"{what}\":{value:.1}}}");
}
