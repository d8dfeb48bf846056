//! `store copy`: one store into another, whatever keeps either of them.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use portolan_application::processes::{CloseAtEnd, OrderForSale};
use portolan_application::wire::{self, MarketEvent};
use portolan_kernel::{DeadlineProcess, Process, SubscriptionId, Transfer};
use portolan_runtime::transfer::{Copied, Followed, NotCopied, Progress, StoreCopy};
use serde_json::json;

use crate::cli::StoreCopy as Arguments;
use crate::output;
use crate::{Failure, signals, wiring};

/// How long each part of a copy took.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch {
    /// Copying the journal.
    pub journal: Duration,
    /// Making states of histories.
    pub states: Duration,
    /// Copying what stands beside the journal.
    pub beside: Duration,
    /// Comparing both sides.
    pub comparison: Duration,
    last: Instant,
}

impl Stopwatch {
    /// From now on.
    #[must_use]
    pub fn start() -> Self {
        let nothing = Duration::ZERO;
        Self { journal: nothing, states: nothing, beside: nothing, comparison: nothing, last: Instant::now() }
    }

    /// That a step of a part is done. Answers whether it is of another part than the journal.
    pub fn tell(&mut self, progress: &Progress) -> bool {
        let now = Instant::now();
        let step = now.duration_since(std::mem::replace(&mut self.last, now));
        match progress {
            Progress::Journal { .. } | Progress::Following { .. } => {
                self.journal += step;
                return false;
            }
            Progress::Rebuilt(_) => self.states += step,
            Progress::Beside(_) => self.beside += step,
            _ => self.comparison += step,
        }
        true
    }
}

/// Between two lines of progress where there is no terminal.
const QUIET: Duration = Duration::from_secs(10);

/// Copies, compares, and prints what was copied; or follows until it is asked to end.
///
/// # Errors
/// [`Failure::Usage`] for URLs that name no store, or the same one twice; [`Failure::Failed`] where the target holds
/// something else, or the copy is not what the source is; those of the stores.
pub async fn run(arguments: &Arguments) -> Result<(), Failure> {
    let (from, to) = (&arguments.from, &arguments.to);
    refuse_the_same(from, to)?;
    let (from, to) = (wiring::copied_from(from).await?, wiring::copied_to(to).await?);
    let began = Instant::now();
    let mut bar = Bar::new();
    if arguments.follow {
        return follow(&*from, &*to, bar).await;
    }
    let mut stopwatch = Stopwatch::start();
    let copying = copy(&*from, &*to, |progress| {
        stopwatch.tell(&progress);
        bar.tell(&progress);
    });
    let copied = tokio::select! {
        biased;
        () = signals::interrupted() => Err(broken_off()),
        copied = copying => copied.map_err(failure),
    };
    bar.end();
    let copied = copied?;
    let sheet = json!({
        "events": copied.events,
        "aggregates": copied.aggregates,
        "outcomes": copied.outcomes,
        "deadlines": copied.deadlines,
        "journal_seconds": stopwatch.journal.as_secs_f64(),
        "states_seconds": stopwatch.states.as_secs_f64(),
        "beside_seconds": stopwatch.beside.as_secs_f64(),
        "comparison_seconds": stopwatch.comparison.as_secs_f64(),
        "seconds": began.elapsed().as_secs_f64(),
    });
    output::sheet(arguments.json.json, &sheet)?;
    output::note("both sides were compared row by row; read models fill themselves from the copied journal");
    Ok(())
}

fn broken_off() -> Failure {
    Failure::Failed("broken off; the copy is unfinished, and the same command goes on with it".to_owned())
}

async fn follow(from: &dyn Transfer, to: &dyn Transfer, mut bar: Bar) -> Result<(), Failure> {
    let registry = wire::registry();
    let (processes, mut stop) = (processes(), signals::Interrupted::listen());
    let copy = StoreCopy { from, to, registry: &registry, processes: &processes };
    let stop = async { _ = stop.heard().await };
    let followed = copy.follow(|progress| bar.tell(&progress), stop).await;
    bar.end();
    output::note(&match followed.map_err(failure)? {
        Followed::UpTo(position) => format!(
            "copied up to position {position}; the copy is unfinished, and the same command goes on with it"
        ),
        Followed::Ended => {
            "the copy is whole: `store switch` or another `store copy` has ended it".to_owned()
        }
    });
    Ok(())
}

/// The copy of a market's store.
///
/// # Errors
/// [`NotCopied`].
pub async fn copy(
    from: &dyn Transfer,
    to: &dyn Transfer,
    tell: impl FnMut(Progress) + Send,
) -> Result<Copied, NotCopied> {
    let (registry, processes) = (wire::registry(), processes());
    StoreCopy { from, to, registry: &registry, processes: &processes }.run(tell).await
}

/// What has its checkpoint in the write store.
pub(super) fn processes() -> [SubscriptionId; 2] {
    [
        SubscriptionId::new(Process::<MarketEvent>::name(&OrderForSale), 1),
        SubscriptionId::new(DeadlineProcess::<MarketEvent>::name(&CloseAtEnd), 1),
    ]
}

pub(super) fn refuse_the_same(from: &str, to: &str) -> Result<(), Failure> {
    if from == to {
        return Err(Failure::Usage("--from and --to name the same store".to_owned()));
    }
    Ok(())
}

pub(super) fn failure(error: NotCopied) -> Failure {
    match error {
        NotCopied::Failed(error) => error.into(),
        other => Failure::Failed(other.to_string()),
    }
}

/// How far the copy is: a bar on a terminal, a line now and then elsewhere.
pub(super) struct Bar {
    bar: ProgressBar,
    told: Instant,
}

impl Bar {
    pub(super) fn new() -> Self {
        let bar = match std::io::stderr().is_terminal() {
            true => ProgressBar::no_length(),
            false => ProgressBar::hidden(),
        };
        let style = "{msg} {wide_bar} {human_pos}/{human_len} {per_sec} {eta} left";
        bar.set_style(ProgressStyle::with_template(style).unwrap_or_else(|_| ProgressStyle::default_bar()));
        Self { bar, told: Instant::now() }
    }

    pub(super) fn tell(&mut self, progress: &Progress) {
        let (what, done, of) = match progress {
            Progress::Journal { position, head } => ("copying the journal", position.get(), head.get()),
            Progress::Rebuilt(groups) => ("making states of histories", *groups, *groups),
            Progress::Beside(rows) => ("copying outcomes of commands", *rows, *rows),
            Progress::Compared(rows) => ("comparing both sides", *rows, *rows),
            Progress::Following { position, head } => ("following the source", position.get(), head.get()),
            Progress::Failing(error) => return output::note(&format!("tried again in a moment: {error}")),
            Progress::HandingOver => return output::note("the source is handed over"),
            Progress::ReadOnly => return output::note("the source takes no commands for a moment"),
        };
        self.bar.set_message(what);
        self.bar.set_length(of);
        self.bar.set_position(done);
        if self.bar.is_hidden() && self.told.elapsed() >= QUIET {
            self.told = Instant::now();
            output::note(&format!("{what}: {done} of {of}"));
        }
    }

    pub(super) fn end(&self) {
        self.bar.finish_and_clear();
    }
}
