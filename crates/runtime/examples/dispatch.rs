//! What the mediator and its middleware cost: `cargo run --release --example dispatch -p portolan-runtime`.
//!
//! A command that changes nothing, sent over and over by one task: straight to its handler, through a mediator
//! without middleware, and through the standard chain. Medians of eleven interleaved rounds, in nanoseconds.
#![expect(clippy::print_stdout, reason = "a program that prints what it measured")]

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use portolan_kernel::{
    AggregateKey, ChangeSet, Clock, Command, CommandError, CommandHandler, Committed, Context, Error,
    IdSource, Loaded, Position, RecordedOutcome, Registry, Result, Selection, UnitOfWork, WriteSide,
    WriteStore,
};
use portolan_runtime::middleware::{Chain, Limits, standard};
use portolan_runtime::{Mediator, SystemClock, SystemIds};
use uuid::Uuid;

const ROUNDS: usize = 11;
const CALLS: u32 = 100_000;

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

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), CommandError> {
    let ids: Arc<dyn IdSource> = Arc::new(SystemIds::new());
    let side = WriteSide::new(Arc::new(NoStore), Registry::new(), Arc::clone(&ids));
    let bare = Mediator::new(Service, side.clone(), Chain::new());
    let full = Mediator::new(Service, side.clone(), standard(ids, Limits::default()));
    let now = SystemClock.now();
    let mut costs = [const { Vec::new() }; 4];
    for _ in 0..ROUNDS {
        let context = || Context::new(black_box(KEY.id), now);
        let unit = side.begin(context());
        let started = Instant::now();
        for _ in 0..CALLS {
            black_box(Service.handle(&Nothing, &unit).await?);
        }
        costs[0].push(started.elapsed() / CALLS);
        let started = Instant::now();
        for _ in 0..CALLS {
            let unit = side.begin(context());
            let decided = Service.handle(&Nothing, &unit).await;
            black_box(unit.finish(decided).await?);
        }
        costs[1].push(started.elapsed() / CALLS);
        for (mediator, costs) in [&bare, &full].into_iter().zip(&mut costs[2..]) {
            let started = Instant::now();
            for _ in 0..CALLS {
                black_box(mediator.send(Nothing, context()).await?);
            }
            costs.push(started.elapsed() / CALLS);
        }
    }
    let names =
        ["handler alone", "handler in its unit of work", "mediator without middleware", "standard chain"];
    for (name, mut costs) in names.into_iter().zip(costs) {
        costs.sort_unstable();
        println!("{name:>28}: {:>5} ns", costs[ROUNDS / 2].as_nanos());
    }
    Ok(())
}
