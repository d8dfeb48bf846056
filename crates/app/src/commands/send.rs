//! `send`: one command.

use portolan_application::wire::CommandLine;
use portolan_kernel::{CommandError, Context, Fingerprint, Kept};
use portolan_runtime::subscription::NotCaughtUp;
use serde_json::json;
use tokio::io::AsyncReadExt;

use crate::config::Config;
use crate::wiring::{App, Parts, not_caught_up};
use crate::{Failure, output};

/// The longest command that is read from stdin: as long as the largest body over HTTP.
const MAX_BYTES: u64 = 1024 * 1024;

/// Sends the command, waits for the processes that it causes, and prints the receipt or the refusal.
///
/// # Errors
/// [`Failure::Usage`] for what is no command; [`Failure::Refused`] after printing a refusal.
pub async fn run(config: &Config, command: &str) -> Result<(), Failure> {
    let text = if command == "-" { stdin().await? } else { command.to_owned() };
    let line = CommandLine::parse(text.trim().as_bytes())
        .map_err(|malformed| Failure::Usage(malformed.to_string()))?;
    if line.at.is_some() {
        return Err(Failure::Usage(
            "`at` is for `import` alone: a command that is sent is given now".to_owned(),
        ));
    }
    let app = App::build(config, Parts::to_send(config)).await?;
    let now = app.clock().now();
    let mut context = Context::new(line.command_id.unwrap_or_else(|| app.ids().next_id()), now);
    if line.command_id.is_some() {
        let kept = Kept::Until(now.plus(config.idempotency()));
        context = context.idempotent(Fingerprint::of(text.trim().as_bytes()), kept);
    }
    let sent = app.mediator().send(line.command, context).await;
    // What was not done causes nothing, and a store that cannot be written is not to be waited for twice.
    let caught_up = if sent.is_ok() { app.processes_caught_up().await } else { Ok(()) };
    app.shutdown().await?;
    match sent {
        Ok(receipt) => {
            output::line(&json!(receipt).to_string())?;
            match caught_up {
                // Somebody wants it so, and the command is done.
                Err(paused @ NotCaughtUp::Paused { .. }) => {
                    output::note(&format!("what the command causes waits: {paused}"));
                    Ok(())
                }
                caught_up => caught_up.map_err(not_caught_up),
            }
        }
        Err(CommandError::Refused(refusal)) => {
            output::line(&json!(refusal).to_string())?;
            Err(Failure::Refused)
        }
        Err(CommandError::Failed(error)) => Err(error.into()),
        Err(other) => Err(Failure::Failed(other.to_string())),
    }
}

async fn stdin() -> Result<String, Failure> {
    let mut text = String::new();
    tokio::io::stdin().take(MAX_BYTES + 1).read_to_string(&mut text).await?;
    if text.len() as u64 > MAX_BYTES {
        return Err(Failure::Usage(format!("a command has at most {MAX_BYTES} bytes")));
    }
    Ok(text)
}
