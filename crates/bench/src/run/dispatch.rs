//! `dispatch`: what mediator and middleware cost, in nanoseconds. One task sends a command that changes nothing.

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use portolan_kernel::{
    AggregateKey, ChangeSet, Clock as _, Command, CommandError, CommandHandler, Committed, Context, Error,
    IdSource, Loaded, Position, RecordedOutcome, Registry, Result, Selection, Timestamp, UnitOfWork,
    WriteSide, WriteStore,
};
use portolan_runtime::middleware::{Chain, Limits, standard};
use portolan_runtime::{Mediator, SystemClock, SystemIds};
use uuid::Uuid;

use super::{Done, Samples};
use crate::Plan;
use crate::measure::Sample;

/// What is compared: the standard chain with a direct call, and a mediator alone with what it does for a command.
const SYSTEMS: [&str; 4] = ["full", "mediator", "unit_of_work", "direct"];

/// How often each is run for one sample, in turn with the others. A round is short, so that most of them are not
/// interrupted, and the median is of one that was not.
const ROUNDS: usize = 51;

/// The four, run after run.
///
/// # Errors
/// None in practice: the command is always accepted.
pub(super) async fn compare(plan: &Plan) -> Done {
    let calls = u32::try_from(plan.commands / 10).unwrap_or(u32::MAX);
    let subject = Subject::new();
    let mut samples = Samples::of(plan, &SYSTEMS);
    for run in 0..plan.runs {
        let order = samples.order(run);
        let mut rounds = [const { Vec::new() }; SYSTEMS.len()];
        for _ in 0..ROUNDS {
            for &system in &order {
                rounds[system].push(subject.round(system, calls).await?);
            }
        }
        for system in order {
            rounds[system].sort_unstable();
            let (took, calls) = (rounds[system][ROUNDS / 2], calls as usize);
            let sample = Sample::of_all(SYSTEMS[system], "dispatch", calls, took);
            let note = format!("{:.0} ns a call", took.as_nanos() as f64 / calls as f64);
            samples.take(system, calls, Sample { store: "none", note, ..sample })?;
        }
    }
    samples.compare();
    Ok(())
}

struct Subject {
    side: WriteSide,
    bare: Mediator<Service>,
    full: Mediator<Service>,
    now: Timestamp,
}

impl Subject {
    fn new() -> Self {
        let ids: Arc<dyn IdSource> = Arc::new(SystemIds::new());
        let side = WriteSide::new(Arc::new(NoStore), Registry::new(), Arc::clone(&ids));
        Self {
            bare: Mediator::new(Service, side.clone(), Chain::new()),
            full: Mediator::new(Service, side.clone(), standard(ids, Limits::default())),
            side,
            now: SystemClock.now(),
        }
    }

    fn context(&self) -> Context {
        Context::new(black_box(KEY.id), self.now)
    }

    async fn round(&self, system: usize, calls: u32) -> Result<Duration, CommandError> {
        match system {
            0 => self.sent(&self.full, calls).await,
            1 => self.sent(&self.bare, calls).await,
            2 => self.in_a_unit(calls).await,
            _ => self.direct(calls).await,
        }
    }

    /// The handler alone.
    async fn direct(&self, calls: u32) -> Result<Duration, CommandError> {
        let unit = self.side.begin(self.context());
        let started = Instant::now();
        for _ in 0..calls {
            black_box(Service.handle(&Nothing, &unit).await?);
        }
        Ok(started.elapsed())
    }

    /// The handler in a unit of work for each command: what a mediator is for.
    async fn in_a_unit(&self, calls: u32) -> Result<Duration, CommandError> {
        let started = Instant::now();
        for _ in 0..calls {
            let unit = self.side.begin(self.context());
            let decided = Service.handle(&Nothing, &unit).await;
            black_box(unit.finish(decided).await?);
        }
        Ok(started.elapsed())
    }

    async fn sent(&self, mediator: &Mediator<Service>, calls: u32) -> Result<Duration, CommandError> {
        let started = Instant::now();
        for _ in 0..calls {
            black_box(mediator.send(Nothing, self.context()).await?);
        }
        Ok(started.elapsed())
    }
}

struct Nothing;

const KEY: AggregateKey = AggregateKey { aggregate_type: "nothing", id: Uuid::from_u128(1) };

impl Command for Nothing {
    fn name(&self) -> &'static str {
        "nothing"
    }

    fn target(&self) -> Option<AggregateKey> {
        Some(KEY)
    }
}

struct Service;

#[async_trait]
impl CommandHandler<Nothing> for Service {
    async fn handle(&self, command: &Nothing, _: &UnitOfWork) -> Result<AggregateKey, CommandError> {
        black_box(command);
        Ok(KEY)
    }
}

/// A store that is never asked.
struct NoStore;

#[async_trait]
impl WriteStore for NoStore {
    async fn load(&self, _: AggregateKey) -> Result<Option<Loaded>> {
        Ok(None)
    }

    async fn select(&self, _: Selection<'_>) -> Result<Vec<Loaded>> {
        Ok(vec![])
    }

    async fn commit(&self, _: ChangeSet) -> Result<Committed> {
        Err(Error::Unsupported("a commit".to_owned()))
    }

    async fn outcome(&self, _: Uuid) -> Result<Option<RecordedOutcome>> {
        Ok(None)
    }

    fn last_position(&self) -> Position {
        Position::ZERO
    }
}
