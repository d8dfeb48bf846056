//! `completions`: a script for a shell.

use clap::CommandFactory;
use clap_complete::Shell;

use crate::Failure;
use crate::cli::Cli;

/// Prints the completion script of this shell.
///
/// # Errors
/// [`Failure::Failed`] where stdout takes no more.
pub fn run(shell: Shell) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "portolan", &mut script);
    crate::output::line(String::from_utf8_lossy(&script).trim_end())
}
