//! Portolan, the program: configuration, wiring, and a command line over both.
//!
//! - [`config`]: flag, environment, file, default.
//! - [`wiring`]: the composition root; [`wiring::App::build`] is what the program and the tests run alike.
//! - [`commands`]: what each subcommand does.
//!
//! This crate holds no rule of the market and no knowledge of a store's inside. A new backend is a line in
//! `backend.rs` and its opening in `wiring`.

#[cfg(not(feature = "sqlite"))]
compile_error!("portolan needs a store to write to: build it with the Cargo feature `sqlite`");

pub mod backend;
pub mod cli;
pub mod commands;
pub mod config;
pub mod import;
pub mod wiring;

mod failure;
mod logging;
mod output;
mod signals;

use std::process::ExitCode;
use std::time::Duration;

pub use failure::Failure;
pub use signals::Asked;

use crate::cli::{Cli, Command};
use crate::config::Config;

/// Runs what the command line says; the exit status says how it went.
#[must_use]
pub fn run(cli: Cli) -> ExitCode {
    match try_run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            if !failure.is_silent() {
                output::note(&format!("portolan: {failure}"));
            }
            failure.exit_code()
        }
    }
}

/// How long the end waits for threads, which is far longer than they take: OpenSSL frees at the process's end what it frees at
/// the end of a thread that a database's client library ran on, and both at once crash. A read from a terminal's stdin cannot be
/// taken back, and is not waited for longer.
const LAST_THREADS: Duration = Duration::from_millis(250);

fn try_run(cli: Cli) -> Result<(), Failure> {
    logging::start(if cli.command.serves() { logging::SERVING } else { logging::QUIET })?;
    if let Command::Completions { shell } = cli.command {
        return commands::completions::run(shell);
    }
    let config = Config::load(&cli.flags)?;
    backend::check(&config)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let done = runtime.block_on(dispatch(&config, cli.command));
    runtime.shutdown_timeout(LAST_THREADS);
    done
}

async fn dispatch(config: &Config, command: Command) -> Result<(), Failure> {
    match command {
        #[cfg(feature = "http")]
        Command::Demo => commands::demo::run(config).await,
        #[cfg(feature = "http")]
        Command::Serve => commands::serve::run(config).await,
        Command::Import(import) => commands::import::run(config, &import).await,
        Command::Send(send) => commands::send::run(config, &send.command).await,
        Command::Query(query) => commands::query::run(config, &query).await,
        Command::Why(why) => commands::why::run(config, &why).await,
        Command::Events(events) => commands::events::run(config, &events).await,
        Command::Show(show) => commands::show::run(config, &show).await,
        Command::Subscriptions(subscriptions) => commands::subscriptions::run(config, &subscriptions).await,
        Command::Store(store) => commands::store::run(config, &store).await,
        Command::Describe(json) => commands::describe::run(config, json.json),
        Command::Completions { shell } => commands::completions::run(shell),
    }
}
