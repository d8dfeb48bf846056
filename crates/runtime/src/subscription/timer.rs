//! Sends the commands of deadlines when their time has come.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use portolan_kernel::{
    Clock, Command, CommandError, Context, Deadline, Deadlines, Refusal, Result, Timestamp, reaction_id,
};
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tokio::time::{Duration, Instant, sleep};
use tracing::warn;
use uuid::Uuid;

use super::attempt::{Failure, caught};
use super::settings::Settings;
use super::stop::Stop;
use crate::Sender;

/// How many deadlines are read at once, beside those that are in hand.
const PAGE: usize = 64;

/// The longest nap: the clock is looked at again after it, because it may have been set. No store is asked.
const NAP: Duration = Duration::from_millis(500);

/// The shortest one, so that a clock that stands still does not keep a processor busy.
const SHORTEST_NAP: Duration = Duration::from_millis(1);

/// What a timer and the subscription that fills its table tell each other.
#[derive(Default)]
pub(crate) struct Timing {
    /// The table has changed.
    pub(crate) changed: Notify,
    /// Whether deadlines fire: not while the subscription is paused, stopped, or far behind.
    pub(crate) running: watch::Sender<bool>,
    given_up: Mutex<Option<String>>,
    gave_up: Notify,
    hindrance: Mutex<Option<Hindrance>>,
}

/// How often a deadline failed that is to be fired again, and why the last time.
pub(crate) type Hindrance = (u32, String);

impl Timing {
    /// Waits until the timer gives a deadline up, and answers why.
    pub(crate) async fn trouble(&self) -> String {
        loop {
            self.gave_up.notified().await;
            if let Some(reason) = self.given_up.lock().unwrap_or_else(PoisonError::into_inner).take() {
                return reason;
            }
        }
    }

    /// What keeps a deadline from firing, where something does.
    pub(crate) fn hindrance(&self) -> Option<Hindrance> {
        self.hindrance.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn hindered(&self, by: Option<Hindrance>) {
        *self.hindrance.lock().unwrap_or_else(PoisonError::into_inner) = by;
    }

    fn give_up(&self, reason: String) {
        *self.given_up.lock().unwrap_or_else(PoisonError::into_inner) = Some(reason);
        self.gave_up.notify_one();
    }
}

/// The timer of one process.
///
/// It starts due deadlines in the order of their time, a few at once, so that they stay behind live commands. A
/// command that fails, or is refused as if it came too early, is sent again a little later: as often as there are
/// attempts, and without end where its store has no room or is away.
pub(crate) struct Timer<C> {
    pub(crate) process: &'static str,
    pub(crate) command: Arc<dyn Fn(&Deadline) -> C + Send + Sync>,
    pub(crate) is_done: Arc<dyn Fn(&Refusal) -> bool + Send + Sync>,
    pub(crate) deadlines: Arc<dyn Deadlines>,
    pub(crate) sender: Arc<dyn Sender<C>>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) settings: Settings,
    pub(crate) timing: Arc<Timing>,
}

impl<C> Clone for Timer<C> {
    fn clone(&self) -> Self {
        Self {
            process: self.process,
            command: Arc::clone(&self.command),
            is_done: Arc::clone(&self.is_done),
            deadlines: Arc::clone(&self.deadlines),
            sender: Arc::clone(&self.sender),
            clock: Arc::clone(&self.clock),
            settings: self.settings,
            timing: Arc::clone(&self.timing),
        }
    }
}

/// What the timer has in hand. Deadlines go by the event that set them: one that was moved is another.
#[derive(Default)]
struct Hand {
    /// Read, to be started next, the earliest first.
    queue: VecDeque<Deadline>,
    /// Started.
    firing: HashSet<Uuid>,
    /// Failed, to be started again later.
    delayed: HashMap<Uuid, Delayed>,
    /// The time of the earliest in the table as of the last look; the start of time where that is not known.
    next: Timestamp,
}

struct Delayed {
    /// Those that count as attempts.
    failures: u32,
    /// All of them.
    delays: u32,
    until: Instant,
}

impl Hand {
    fn look_again(&mut self) {
        self.next = Timestamp::MIN;
    }

    /// How long until the first of those that failed is to be started again; a nap where there is none.
    fn delay(&self) -> Duration {
        let waiting = self.delayed.iter().filter(|(id, _)| !self.firing.contains(id));
        let delays = waiting.map(|(_, delayed)| delayed.until.saturating_duration_since(Instant::now()));
        delays.min().unwrap_or(NAP)
    }

    fn is_delayed(&self, id: &Uuid) -> bool {
        self.delayed.get(id).is_some_and(|delayed| delayed.until > Instant::now())
    }
}

/// How a deadline's command went.
type Fired = (Deadline, Result<(), Failure>);

impl<C: Command> Timer<C> {
    /// Fires deadlines until the engine ends; those that were started then are finished.
    pub(crate) async fn run(self, stop: Stop) {
        let mut running = self.timing.running.subscribe();
        let (mut hand, mut firing) = (Hand { next: Timestamp::MIN, ..Hand::default() }, JoinSet::new());
        while !stop.is_requested() {
            let wait = if *running.borrow_and_update() {
                self.start_due(&mut hand, &mut firing).await
            } else {
                // Whoever resumes it wants those that failed to be tried anew.
                hand = Hand { firing: hand.firing, next: Timestamp::MIN, ..Hand::default() };
                self.timing.hindered(None);
                Duration::MAX
            };
            tokio::select! {
                () = stop.requested() => {}
                _ = running.changed() => {}
                () = self.timing.changed.notified() => hand.look_again(),
                Some(fired) = firing.join_next() => self.fired(&mut hand, fired),
                () = sleep(wait) => {}
            }
        }
        while firing.join_next().await.is_some() {}
    }

    /// Starts what is due as far as there is room, and answers how long nothing else can be started.
    async fn start_due(&self, hand: &mut Hand, firing: &mut JoinSet<Fired>) -> Duration {
        loop {
            while hand.firing.len() < self.settings.deadlines_at_once {
                let Some(deadline) = hand.queue.pop_front() else { break };
                hand.firing.insert(deadline.event_id);
                firing.spawn(self.clone().fire(deadline));
            }
            if hand.firing.len() >= self.settings.deadlines_at_once {
                // The end of one of them wakes the timer.
                return NAP;
            }
            let now = self.clock.now();
            if hand.next <= now || hand.delay().is_zero() {
                match self.look(hand, now).await {
                    Ok(true) => continue,
                    Ok(false) => {}
                    Err(error) => {
                        warn!(process = self.process, %error, "the deadlines cannot be read");
                        return NAP;
                    }
                }
            }
            // Where the next is in the past it is in hand already.
            let until_next = if hand.next > now { hand.next.since(now) } else { NAP };
            return until_next.min(hand.delay()).clamp(SHORTEST_NAP, NAP);
        }
    }

    /// Reads what is due, or the time of what will be; answers whether there is something to start.
    async fn look(&self, hand: &mut Hand, now: Timestamp) -> Result<bool> {
        let limit = PAGE + hand.firing.len() + hand.delayed.len();
        let due = self.deadlines.due(self.process, now, limit).await?;
        if due.len() < limit {
            // These are all: one that failed and is not there any more was moved, or is over.
            let ids: HashSet<_> = due.iter().map(|deadline| deadline.event_id).collect();
            hand.delayed.retain(|id, _| ids.contains(id));
            self.unhindered(hand);
        }
        hand.queue = due
            .into_iter()
            .filter(|deadline| {
                !hand.firing.contains(&deadline.event_id) && !hand.is_delayed(&deadline.event_id)
            })
            .collect();
        if hand.queue.is_empty() {
            hand.next = self.deadlines.next(self.process).await?.unwrap_or(Timestamp::MAX);
        }
        Ok(!hand.queue.is_empty())
    }

    fn fired(&self, hand: &mut Hand, fired: std::result::Result<Fired, tokio::task::JoinError>) {
        // Panics are caught inside; what is left is the end of the runtime.
        let Ok((deadline, outcome)) = fired else { return };
        let id = deadline.event_id;
        hand.firing.remove(&id);
        hand.look_again();
        let (failures, delays) = hand
            .delayed
            .get(&id)
            .map_or((0, 1), |delayed| (delayed.failures, delayed.delays.saturating_add(1)));
        let (failures, reason) = match outcome {
            Ok(()) => {
                hand.delayed.remove(&id);
                self.unhindered(hand);
                return;
            }
            Err(Failure::Later(reason)) => (failures, reason),
            Err(Failure::Again(reason)) => (failures + 1, reason),
            Err(Failure::Never(reason)) => (u32::MAX, reason),
            // The subscription itself learns of it by its own writes, and ends this timer.
            Err(Failure::Fenced) => (failures, "it is another owner's by now".to_owned()),
        };
        let reason = format!("the deadline of {} at {}: {reason}", deadline.aggregate_id, deadline.due_at);
        warn!(process = self.process, failures = delays, reason, "a deadline did not fire");
        self.timing.hindered(Some((delays, reason.clone())));
        if failures >= self.settings.attempts {
            self.timing.give_up(reason);
        }
        let until = Instant::now() + self.settings.backoff.wait(delays);
        hand.delayed.insert(id, Delayed { failures, delays, until });
    }

    /// Says that nothing keeps a deadline from firing, where that is so.
    fn unhindered(&self, hand: &Hand) {
        if hand.delayed.is_empty() {
            self.timing.hindered(None);
        }
    }

    async fn fire(self, deadline: Deadline) -> Fired {
        let outcome = caught(self.send(&deadline)).await;
        (deadline, outcome)
    }

    async fn send(&self, deadline: &Deadline) -> Result<(), Failure> {
        let command = (self.command)(deadline);
        // Never before its time, also where the clock was set back since it was found due.
        let now = self.clock.now().max(deadline.due_at);
        let command_id = reaction_id(deadline.event_id, self.process, 0);
        // Not kept under its id: a refusal as too early would be answered for ever. That the aggregate refuses a
        // repeat, as `is_done` knows, is what makes it happen once.
        let context = Context {
            correlation_id: deadline.correlation_id,
            causation_id: Some(deadline.event_id),
            traceparent: deadline.traceparent.clone(),
            ..Context::new(command_id, now)
        };
        match self.sender.send(command, context).await {
            Ok(_) => {}
            Err(CommandError::Refused(refusal)) if (self.is_done)(&refusal) => {}
            Err(CommandError::Refused(refusal)) => {
                return Err(Failure::Again(format!("refused with `{}`: {}", refusal.code, refusal.message)));
            }
            Err(error) => return Err(error.into()),
        }
        Ok(self.deadlines.complete(deadline).await?)
    }
}
