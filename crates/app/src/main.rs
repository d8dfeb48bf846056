//! `portolan`: arguments in, exit status out. Everything else is in the library beside it.

use std::process::ExitCode;

use clap::Parser;
use portolan_app::cli::Cli;

fn main() -> ExitCode {
    portolan_app::run(Cli::parse())
}
