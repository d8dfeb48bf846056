//! `import`: commands from a file.

use std::io::IsTerminal;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use tokio::io::{AsyncBufRead, BufReader};

use crate::cli::Import as Arguments;
use crate::config::Config;
use crate::import::{Import, Progress, Report};
use crate::wiring::{App, Parts, not_caught_up};
use crate::{Failure, output, signals};

/// Imports the file and says what came of it.
///
/// # Errors
/// [`Failure`] where a line is no command or could not be answered; what was accepted before stays.
pub async fn run(config: &Config, arguments: &Arguments) -> Result<(), Failure> {
    let (reader, bytes) = open(&arguments.file).await?;
    if let Some(path) = &arguments.report {
        can_be_written(path)?;
    }
    let app = App::build(config, Parts::to_import(config)).await?;
    let started = Instant::now();
    let bar = Arc::new(Bar::new(bytes));
    let progress = Arc::clone(&bar) as Arc<dyn Progress>;
    let imported =
        Import::new(app.clone(), arguments.keep_going).run(reader, progress, signals::interrupted()).await;
    bar.0.finish_and_clear();
    let closed = app.shutdown().await;
    let (mut report, behind) = imported?;
    closed?;
    report.seconds = started.elapsed().as_secs_f64();
    if let Some(path) = &arguments.report {
        write(path, &report).await?;
    }
    summarise(&report)?;
    behind.map_or(Ok(()), |behind| Err(not_caught_up(behind)))
}

/// The file, with its size where it has one.
async fn open(path: &Path) -> Result<(Box<dyn AsyncBufRead + Send + Unpin>, Option<u64>), Failure> {
    if path == Path::new("-") {
        return Ok((Box::new(BufReader::new(tokio::io::stdin())), None));
    }
    let unreadable = |error: std::io::Error| Failure::Usage(format!("{}: {error}", path.display()));
    let file = tokio::fs::File::open(path).await.map_err(unreadable)?;
    let metadata = file.metadata().await.map_err(unreadable)?;
    if metadata.is_dir() {
        return Err(Failure::Usage(format!(
            "{} is a directory; import reads a file of JSON lines",
            path.display()
        )));
    }
    Ok((Box::new(BufReader::with_capacity(1 << 16, file)), Some(metadata.len())))
}

/// Finds out before anything is imported, and leaves nothing behind.
fn can_be_written(path: &Path) -> Result<(), Failure> {
    let tried = match std::fs::metadata(path) {
        Ok(there) if there.is_dir() => Err(std::io::ErrorKind::IsADirectory.into()),
        Ok(there) if there.is_file() => std::fs::OpenOptions::new().append(true).open(path).map(drop),
        // A pipe or a device is not for trying.
        Ok(_) => Ok(()),
        Err(_) => {
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
            tempfile::tempfile_in(folder.unwrap_or(Path::new("."))).map(drop)
        }
    };
    tried.map_err(|error| {
        Failure::Usage(format!(
            "--report: {} cannot be written: {error}; nothing was imported",
            path.display()
        ))
    })
}

async fn write(path: &Path, report: &Report) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(report).map_err(|error| Failure::Failed(error.to_string()))?;
    tokio::fs::write(path, text + "\n").await.map_err(|error| {
        Failure::Failed(format!(
            "the import is done, but its report could not be written to {}: {error}",
            path.display()
        ))
    })
}

fn summarise(report: &Report) -> Result<(), Failure> {
    let refused: u64 = report.refused.values().sum();
    let rate = report.commands as f64 / report.seconds.max(f64::MIN_POSITIVE);
    output::line(&format!(
        "{} commands in {:.1} s ({rate:.0} a second): {} accepted, {refused} refused, {} orders from sales",
        report.commands, report.seconds, report.accepted, report.orders_from_sales
    ))?;
    let mut by_count: Vec<_> = report.refused.iter().collect();
    by_count.sort_by_key(|(code, count)| (std::cmp::Reverse(**count), (*code).clone()));
    by_count.into_iter().try_for_each(|(code, count)| output::line(&format!("{count:>8}  {code}")))
}

/// A progress bar on a terminal, silence elsewhere.
struct Bar(ProgressBar);

impl Bar {
    fn new(bytes: Option<u64>) -> Self {
        if !std::io::stderr().is_terminal() {
            return Self(ProgressBar::hidden());
        }
        let bar = bytes.map_or_else(ProgressBar::no_length, ProgressBar::new);
        let style = "{wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta} left";
        bar.set_style(ProgressStyle::with_template(style).unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.enable_steady_tick(Duration::from_millis(200));
        Self(bar)
    }
}

impl Progress for Bar {
    fn line(&self, bytes: u64) {
        self.0.inc(bytes);
    }
}
