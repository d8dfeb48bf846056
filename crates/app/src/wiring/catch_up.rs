//! The way of the read models to the journal's head: for one question, and at the start of a service.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use portolan_application::Views;
use portolan_kernel::Position;
use portolan_runtime::subscription::{
    CatchUp, Engine, EngineHandle, NotCaughtUp, Settings, SubscriptionState,
};

use super::views::{self, ReadModels, ReadStores};
use super::write_store::WritePorts;
use super::{Place, Store, VIEWS, ports, read_only, read_write};
use crate::cli::View;
use crate::config::Config;
use crate::{Failure, backend};

/// Longer than any start takes: a view that does not move for so long has stopped, and says why before that.
const PATIENCE: Duration = Duration::from_secs(24 * 60 * 60);

/// How long a question waits for another process that fills the view and does not come on.
const STALLED: Duration = Duration::from_secs(10);

/// A read model for one question, and what keeps it alive.
pub struct OneView {
    /// The read models, of which one is filled.
    pub views: Views,
    engine: EngineHandle,
    write: Store,
    read: ReadStores,
}

impl OneView {
    /// The read models, of which this one is at the journal's head. The write store is opened to be read, unless it
    /// keeps this read model too; then the model's own tables and checkpoint are written in it.
    ///
    /// # Errors
    /// Those of the stores; [`Failure::Failed`] for an event that this program cannot read, for a read model that is
    /// paused, and for one that another process fills, which does not come on.
    pub async fn build(config: &Config, view: View) -> Result<Self, Failure> {
        Self::open(config, view.name(), false).await
    }

    /// The same, with this one emptied first.
    ///
    /// # Errors
    /// As [`build`](Self::build).
    pub async fn rebuild(config: &Config, view: View) -> Result<Self, Failure> {
        Self::open(config, view.name(), true).await
    }

    async fn open(config: &Config, name: &str, is_anew: bool) -> Result<Self, Failure> {
        backend::check_read(config)?;
        let config = Config { read: config.read.only(name), ..config.clone() };
        // One that is not there is not made.
        let mut write = read_only(&config).await?;
        if Place::of(&config, name)? == Place::WriteStore {
            write = read_write(&config).await?;
        }
        let write_ports = WritePorts::sql(&write);
        let ReadModels { views, filling, stores: read, .. } = views::build(&config, &write_ports).await?;
        let Some(filling) = filling.into_iter().find(|filling| filling.name() == name) else {
            return Err(Failure::Usage("this view is not built into this program".to_owned()));
        };
        if is_anew {
            filling.empty().await?;
        }
        let head = write.head().await?;
        let progress = Progress::new();
        let ports = ports(&write_ports);
        let engine = Engine::new(ports, Settings::default()).on_progress(progress.told());
        let is_shared = filling.is_shared();
        let engine = filling.join(engine).start().await.map_err(Failure::of_configuration)?;
        let one = Self { views, engine, write, read };
        let reached = match is_shared {
            true => one.reach(name, head).await,
            false => one.engine.caught_up([name], head, PATIENCE).await.map_err(not_caught_up),
        };
        progress.end();
        match reached {
            Ok(()) => Ok(one),
            Err(failure) => {
                one.end().await;
                Err(failure)
            }
        }
    }

    /// Waits until the view is there, whoever fills it, as long as it comes on.
    async fn reach(&self, name: &str, head: Position) -> Result<(), Failure> {
        let mut before = None;
        loop {
            match self.engine.caught_up([name], head, STALLED).await {
                Err(NotCaughtUp::Late { have, want, .. }) => match self.other() {
                    Some(by) if before == Some(have) => {
                        return Err(Failure::Failed(format!(
                            "`{name}` is filled by another process{by}, which has not come on from position {have} \
                             for {} seconds; the journal is at {want}",
                            STALLED.as_secs()
                        )));
                    }
                    _ => before = Some(have),
                },
                Err(NotCaughtUp::Paused { have, .. }) => {
                    return Err(Failure::Failed(format!(
                        "`{name}` is paused at position {have}, and the journal is at {head}; `portolan \
                         subscriptions resume {name}` lets it go on"
                    )));
                }
                reached => return reached.map_err(not_caught_up),
            }
        }
    }

    /// Another process that fills the view, as far as its name is known.
    fn other(&self) -> Option<String> {
        match self.engine.status_at(Position::ZERO).pop()?.state {
            SubscriptionState::Elsewhere { by } => Some(by.map(|by| format!(" ({by})")).unwrap_or_default()),
            _ => None,
        }
    }

    /// Ends what fills it, and closes the stores.
    pub async fn end(&self) {
        // Nothing is lost: what was filled is committed, or in memory and about to be forgotten.
        let _ = self.engine.shutdown(Duration::from_secs(1)).await;
        let _ = self.read.close().await;
        let _ = self.write.close().await;
    }
}

/// Waits until every view is at this position. One that an operator paused keeps nobody from starting.
pub(super) async fn every_view(engine: &EngineHandle, head: Position) -> Result<(), Failure> {
    for name in VIEWS {
        match engine.caught_up([*name], head, PATIENCE).await {
            Err(NotCaughtUp::Paused { have, .. }) => {
                tracing::warn!(view = name, position = %have, "the read model is paused, and behind the journal");
            }
            reached => reached.map_err(not_caught_up)?,
        }
    }
    Ok(())
}

/// What a wait says that was in vain.
pub(crate) fn not_caught_up(reason: NotCaughtUp) -> Failure {
    match reason {
        NotCaughtUp::Failed(error) => error.into(),
        other => Failure::Failed(other.to_string()),
    }
}

/// How far the views are: a bar on a terminal, a line in the log now and then elsewhere.
#[derive(Clone)]
pub(super) struct Progress(ProgressBar);

impl Progress {
    pub(super) fn new() -> Self {
        if !std::io::stderr().is_terminal() {
            return Self(ProgressBar::hidden());
        }
        let style = "reading the journal {wide_bar} {human_pos}/{human_len} {per_sec} {eta} left";
        let bar = ProgressBar::no_length();
        bar.set_style(ProgressStyle::with_template(style).unwrap_or_else(|_| ProgressStyle::default_bar()));
        Self(bar)
    }

    pub(super) fn told(&self) -> impl Fn(CatchUp) + Send + Sync + 'static {
        let bar = self.0.clone();
        let every = LogEvery::default();
        move |CatchUp { position, head }| {
            bar.set_length(head.get());
            bar.set_position(position.get());
            if bar.is_hidden() && every.is_due(position) {
                tracing::info!(%position, %head, "the read models follow the journal");
            }
        }
    }

    pub(super) fn end(&self) {
        self.0.finish_and_clear();
    }
}

/// Every hundred thousand events.
#[derive(Default)]
struct LogEvery(std::sync::atomic::AtomicU64);

impl LogEvery {
    fn is_due(&self, position: Position) -> bool {
        let step = position.get() / 100_000;
        self.0.swap(step, std::sync::atomic::Ordering::Relaxed) != step
    }
}
