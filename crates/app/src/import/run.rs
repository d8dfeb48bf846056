//! Runs the lines: many at a time, each behind the earlier ones on its own aggregate.

use std::collections::{BTreeSet, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use portolan_application::MarketCommand;
use portolan_application::processes::OrderForSale;
use portolan_application::wire::CommandLine;
use portolan_domain::{ListingId, Order as OrderAggregate};
use portolan_kernel::{Aggregate, AggregateKey, Command, CommandError, Context, Error, Kept};
use portolan_runtime::subscription::NotCaughtUp;
use tokio::io::AsyncBufRead;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use uuid::Uuid;

use super::Report;
use super::lines::{self, Line, LineIds, Lines};
use super::order::{Order, Turn};
use crate::Failure;
use crate::wiring::App;

/// How many lines are under way at once: more than a group of the writer takes, so that groups are full.
const IN_FLIGHT: usize = 512;

/// How many bytes of lines are under way at once, which bounds the memory where lines are long.
const IN_FLIGHT_BYTES: usize = 16 * 1024 * 1024;

/// How often a line is sent again whose outcome is unknown, or that found a full queue.
const ATTEMPTS: u32 = 5;

/// An import of one file.
pub struct Import {
    market: App,
    keep_going: bool,
}

/// Told about each line that is done; for a progress bar.
pub trait Progress: Send + Sync + 'static {
    /// One more line is done, of so many bytes.
    fn line(&self, bytes: u64);
}

/// Why an import ended before its file did. What was accepted before stays.
#[derive(Debug, thiserror::Error)]
pub enum Stopped {
    /// A line is no command.
    #[error(
        "line {line}: {message}; the lines before it are done, --keep-going counts such lines and goes on"
    )]
    Malformed {
        /// Its number, from 1.
        line: u64,
        /// What is wrong with it.
        message: String,
    },
    /// A line could not be answered.
    #[error("line {line}: {error}")]
    Failed {
        /// Its number, from 1.
        line: u64,
        /// What happened.
        error: Error,
    },
    /// The file could not be read.
    #[error("the file: {0}")]
    Unreadable(#[from] std::io::Error),
    /// Somebody asked it to stop.
    #[error("interrupted; import the same file again to go on")]
    Interrupted,
    /// The store could not be asked.
    #[error(transparent)]
    Unasked(Failure),
}

impl From<Stopped> for Failure {
    fn from(stopped: Stopped) -> Self {
        match stopped {
            Stopped::Unasked(failure) => failure,
            Stopped::Failed { error: Error::Unavailable { .. }, .. } => {
                Self::Unreachable(stopped.to_string())
            }
            other => Self::Failed(other.to_string()),
        }
    }
}

/// The room for lines under way: so many of them, and so many bytes. A line takes its place in the order of the file.
struct Room {
    lines: Arc<Semaphore>,
    bytes: Arc<Semaphore>,
}

/// A line's place, given back when it is dropped.
struct Place {
    _line: OwnedSemaphorePermit,
    _bytes: OwnedSemaphorePermit,
}

impl Room {
    fn new() -> Self {
        Self { lines: Arc::new(Semaphore::new(IN_FLIGHT)), bytes: Arc::new(Semaphore::new(IN_FLIGHT_BYTES)) }
    }

    /// Waits for a place; no line is longer than all there is. `None` never comes, for the room does not close.
    async fn enter(&self, bytes: usize) -> Option<Place> {
        let bytes = u32::try_from(bytes.min(IN_FLIGHT_BYTES)).ok()?;
        let line = Arc::clone(&self.lines).acquire_owned().await.ok()?;
        let bytes = Arc::clone(&self.bytes).acquire_many_owned(bytes).await.ok()?;
        Some(Place { _line: line, _bytes: bytes })
    }
}

/// What the lines under way share.
struct Shared {
    market: App,
    outcome: Mutex<Outcome>,
    progress: Arc<dyn Progress>,
}

#[derive(Default)]
struct Outcome {
    report: Report,
    closed: BTreeSet<ListingId>,
    failed: Option<(u64, Error)>,
}

impl Shared {
    fn outcome(&self) -> MutexGuard<'_, Outcome> {
        self.outcome.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Import {
    /// An import into this market.
    #[must_use]
    pub const fn new(market: App, keep_going: bool) -> Self {
        Self { market, keep_going }
    }

    /// Runs every line, waits until the processes have caught up, and reports; beside the report, why a process has
    /// not.
    ///
    /// # Errors
    /// [`Stopped`]: what was accepted before stays, and the same import goes on from there.
    pub async fn run(
        &self,
        reader: impl AsyncBufRead + Unpin,
        progress: Arc<dyn Progress>,
        interrupted: impl Future<Output = ()>,
    ) -> Result<(Report, Option<NotCaughtUp>), Stopped> {
        let shared = Arc::new(Shared { market: self.market.clone(), outcome: Mutex::default(), progress });
        let mut running = JoinSet::new();
        tokio::pin!(interrupted);
        let read = tokio::select! {
            read = self.submit(reader, &shared, &mut running) => read,
            () = &mut interrupted => Err(Stopped::Interrupted),
        };
        while running.join_next().await.is_some() {}
        let outcome = std::mem::take(&mut *shared.outcome());
        if let Some((line, error)) = outcome.failed {
            return Err(Stopped::Failed { line, error });
        }
        read?;
        // Another program may run the processes, and take long.
        let caught_up = tokio::select! {
            caught_up = self.market.processes_caught_up() => caught_up,
            () = &mut interrupted => return Err(Stopped::Interrupted),
        };
        let mut report = outcome.report.sorted();
        report.orders_from_sales = self.orders_of(&outcome.closed).await?;
        Ok((report, caught_up.err()))
    }

    /// Reads the file and starts its lines, in order.
    async fn submit(
        &self,
        reader: impl AsyncBufRead + Unpin,
        shared: &Arc<Shared>,
        running: &mut JoinSet<()>,
    ) -> Result<(), Stopped> {
        let (mut lines, mut ids, order) = (Lines::new(reader), LineIds::default(), Order::default());
        let mut orders = HashSet::new();
        let room = Room::new();
        while let Some(line) = lines.next().await? {
            let (number, parsed) = match line {
                Ok(Line { number, text }) => {
                    let parsed =
                        CommandLine::parse(text.as_bytes()).map_err(|malformed| malformed.to_string());
                    (number, parsed.map(|command| (command, text)))
                }
                Err((number, message)) => (number, Err(message)),
            };
            let (line, text) = match parsed {
                Ok(parsed) => parsed,
                Err(_) if self.keep_going => {
                    shared.outcome().report.refuse(number, "malformed");
                    continue;
                }
                Err(message) => return Err(Stopped::Malformed { line: number, message }),
            };
            let Some(place) = room.enter(text.len()).await else { return Ok(()) };
            while running.try_join_next().is_some() {}
            if shared.outcome().failed.is_some() {
                return Ok(());
            }
            let is_open = self.await_sales(&line.command, &mut orders, running).await?;
            let command_id = line.command_id.unwrap_or_else(|| ids.next(&text));
            let occurred_at = line.at.unwrap_or_else(|| self.market.clock().now());
            let context =
                Context::new(command_id, occurred_at).idempotent(lines::fingerprint(&text), Kept::Forever);
            let turn = order.turn(number, line.command.target());
            let (shared, bytes) = (Arc::clone(shared), text.len() as u64 + 1);
            let answer = async move {
                shared.run(number, line.command, context, turn).await;
                shared.progress.line(bytes);
                drop(place);
            };
            if is_open {
                // Its order may be placed by a later line's sale, which is not to be part of its past.
                answer.await;
            } else {
                running.spawn(answer);
            }
        }
        Ok(())
    }

    /// Before an order is answered `not_found`, every line before is done and processes have caught up: the order may
    /// be that of a sale. Answers whether it is not there even then. `orders` are those that no sale needs to place.
    async fn await_sales(
        &self,
        command: &MarketCommand,
        orders: &mut HashSet<Uuid>,
        running: &mut JoinSet<()>,
    ) -> Result<bool, Stopped> {
        let Some(key) = command.target().filter(|key| key.aggregate_type == OrderAggregate::TYPE) else {
            return Ok(false);
        };
        if matches!(command, MarketCommand::PlaceOrder(_)) {
            orders.insert(key.id);
        }
        if orders.contains(&key.id) {
            return Ok(false);
        }
        let unreadable = |error: Error| Stopped::Unasked(error.into());
        let mut exists = self.market.exists(key).await.map_err(unreadable)?;
        if !exists {
            while running.join_next().await.is_some() {}
            // A process that stopped ends the import with its name, not this line.
            let _ = self.market.processes_caught_up().await;
            exists = self.market.exists(key).await.map_err(unreadable)?;
        }
        if exists {
            orders.insert(key.id);
        }
        Ok(!exists)
    }

    /// How many orders the sales of these listings placed.
    async fn orders_of(&self, closed: &BTreeSet<ListingId>) -> Result<u64, Stopped> {
        let mut placed = 0;
        for listing in closed {
            let found = self
                .market
                .exists(AggregateKey::of::<OrderAggregate>(OrderForSale::order_of(*listing)))
                .await;
            placed += u64::from(found.map_err(|error| Stopped::Unasked(error.into()))?);
        }
        Ok(placed)
    }
}

impl Shared {
    async fn run(&self, number: u64, command: MarketCommand, context: Context, mut turn: Turn) {
        turn.wait().await;
        let closes = match &command {
            MarketCommand::CloseListing(close) => Some(close.listing),
            _ => None,
        };
        let answered = self.send(command, context).await;
        let mut outcome = self.outcome();
        match answered {
            Ok(_) => {
                outcome.report.accept();
                outcome.closed.extend(closes);
            }
            Err(CommandError::Refused(refusal)) => outcome.report.refuse(number, &refusal.code),
            Err(CommandError::Failed(error)) => outcome.fail(number, error),
            Err(other) => outcome.fail(number, Error::Invalid(other.to_string())),
        }
    }

    async fn send(&self, command: MarketCommand, context: Context) -> Result<(), CommandError> {
        for _ in 1..ATTEMPTS {
            match self.market.mediator().send(command.clone(), context.clone()).await {
                Err(CommandError::Failed(
                    Error::Unavailable { outcome_unknown: true, .. } | Error::Full(_),
                )) => {}
                answered => return answered.map(drop),
            }
        }
        self.market.mediator().send(command, context).await.map(drop)
    }
}

impl Outcome {
    /// The first line that fails is the one to speak of.
    fn fail(&mut self, line: u64, error: Error) {
        if self.failed.as_ref().is_none_or(|(first, _)| line < *first) {
            self.failed = Some((line, error));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::lines::MAX_LINE_BYTES;

    async fn enters(room: &Room, bytes: usize) -> Option<Place> {
        tokio::select! { biased; place = room.enter(bytes) => place, () = std::future::ready(()) => None }
    }

    #[tokio::test]
    async fn long_lines_fill_the_room_before_there_are_many() {
        let room = Room::new();
        let mut places = Vec::new();
        while let Some(place) = enters(&room, MAX_LINE_BYTES).await {
            places.push(place);
        }
        assert_eq!(places.len(), IN_FLIGHT_BYTES / MAX_LINE_BYTES);
        places.pop();
        assert!(enters(&room, MAX_LINE_BYTES).await.is_some(), "a line that is done gives its place back");
    }

    #[tokio::test]
    async fn short_lines_are_counted() {
        let room = Room::new();
        let mut places = Vec::new();
        while let Some(place) = enters(&room, 100).await {
            places.push(place);
        }
        assert_eq!(places.len(), IN_FLIGHT);
    }
}
