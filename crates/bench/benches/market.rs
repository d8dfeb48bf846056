//! `cargo bench -p portolan-bench`: every workload, or the ones named after `--`. Under `cargo test` every workload
//! for a moment.

use clap::Parser;
use portolan_bench::Plan;

fn main() -> std::process::ExitCode {
    // Cargo says by this flag that it is a benchmark, and adds it to whatever it is given.
    let (cargo, arguments): (Vec<String>, _) = std::env::args().partition(|argument| argument == "--bench");
    let plan =
        if cargo.is_empty() { Plan::quick() } else { Plan::parse_from::<_, String>(arguments).shortened() };
    portolan_bench::run(&plan)
}
