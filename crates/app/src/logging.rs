//! Where logs go: to stderr, as much as `PORTOLAN_LOG` asks for.

use tracing_subscriber::EnvFilter;

use crate::Failure;

/// The variable that sets how much is logged: `error`, `warn`, `info`, `debug`, or a filter by module.
const VARIABLE: &str = "PORTOLAN_LOG";

/// For programs that run on: what happens to the service, not what each command does.
pub(crate) const SERVING: &str = "info,portolan_runtime::middleware=warn";

/// For programs that end: only what a person should know, and is not told by the error that ends the program.
pub(crate) const QUIET: &str = "warn,portolan_diesel::obstacles=error";

/// Starts logging; `usual` is how much where the variable is not set.
///
/// # Errors
/// [`Failure::Usage`] for a filter that does not parse.
pub(crate) fn start(usual: &str) -> Result<(), Failure> {
    let wanted = std::env::var(VARIABLE).unwrap_or_else(|_| usual.to_owned());
    let filter = EnvFilter::try_new(&wanted)
        .map_err(|error| Failure::Usage(format!("{VARIABLE}: `{wanted}` is no filter for logs: {error}")))?;
    let started = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()))
        .try_init();
    // A test that builds two programs in one process keeps the first one's logs.
    let _ = started;
    Ok(())
}
