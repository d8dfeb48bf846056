//! `cargo bench -p portolan-bench`: every workload, or the ones named after `--`.

use clap::Parser;
use portolan_bench::Plan;

fn main() -> std::process::ExitCode {
    // Cargo adds `--bench` to whatever it is given.
    let arguments = std::env::args().filter(|argument| argument != "--bench");
    portolan_bench::run(&Plan::parse_from(arguments))
}
