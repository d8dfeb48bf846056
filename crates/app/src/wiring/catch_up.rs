//! The way of the read models to the journal's head: for one question, and at the start of a service.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use portolan_application::Views;
use portolan_kernel::Position;
use portolan_runtime::subscription::{CatchUp, Engine, EngineHandle, NotCaughtUp, Settings};

use super::write_store::WritePorts;
use super::{VIEWS, ports, read_only, views};
use crate::cli::View;
use crate::config::Config;
use crate::{Failure, backend};

/// Longer than any start takes: a view that does not move for so long has stopped, and says why before that.
const PATIENCE: Duration = Duration::from_secs(24 * 60 * 60);

/// A read model for one question, and what keeps it alive.
pub struct OneView {
    /// The read models, of which one is filled.
    pub views: Views,
    engine: EngineHandle,
}

impl OneView {
    /// The read models, of which this one is at the journal's head.
    ///
    /// # Errors
    /// Those of the store; [`Failure::Failed`] for an event that this program cannot read.
    pub async fn build(config: &Config, wanted: View) -> Result<Self, Failure> {
        backend::check_read(config)?;
        let store = read_only(config).await?;
        let (views, filling) = views::build(config, None).await?;
        let wanted = match wanted {
            View::Listings => "listings",
            View::Orders => "orders",
            View::Customers => "customers",
            View::Totals => "totals",
        };
        let Some(filling) = filling.into_iter().find(|filling| filling.name() == wanted) else {
            return Err(Failure::Usage("this view is not built into this program".to_owned()));
        };
        let name = filling.name().to_owned();
        let head = store.head().await?;
        let progress = Progress::new();
        let engine =
            Engine::new(ports(&WritePorts::sql(&store)), Settings::default()).on_progress(progress.told());
        let engine = filling.join(engine).start().await?;
        engine.caught_up([name.as_str()], head, PATIENCE).await.map_err(not_caught_up)?;
        progress.end();
        Ok(Self { views, engine })
    }

    /// Ends what fills it.
    pub async fn end(&self) {
        // Nothing is lost with a view that is about to be forgotten.
        let _ = self.engine.shutdown(Duration::from_secs(1)).await;
    }
}

/// Waits until every view is at this position.
pub(super) async fn every_view(engine: &EngineHandle, head: Position) -> Result<(), Failure> {
    engine.caught_up(VIEWS.iter().copied(), head, PATIENCE).await.map_err(not_caught_up)
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
