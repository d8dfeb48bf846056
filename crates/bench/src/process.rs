//! What the system says of this process, where it says so in `/proc`.

use std::time::Duration;

/// The bytes that are resident now.
pub(crate) fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1_024)
}

/// The processor time of all its threads so far: unlike a rate, it hardly changes where others use the machine too.
pub(crate) fn cpu_time() -> Option<Duration> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // The name before it may hold spaces, and ends with the last parenthesis.
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace().skip(11);
    let mut ticks = || fields.next()?.parse::<u64>().ok();
    // Linux counts hundredths of a second here, on every machine.
    Some(Duration::from_millis((ticks()? + ticks()?) * 10))
}

/// The processor time between two moments, for each of so many calls, in microseconds.
pub(crate) fn cpu_us_each(before: Option<Duration>, calls: usize) -> Option<f64> {
    let spent = cpu_time()?.saturating_sub(before?);
    Some((spent.as_secs_f64() * 1e7 / calls.max(1) as f64).round() / 10.0)
}
