//! Commands about one aggregate, one after another: no conflicts with oneself.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};
use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use portolan_kernel::{AggregateKey, CommandError, Error, Receipt, Result};
use tokio::sync::oneshot;

use super::{CommandCall, CommandMiddleware, NextCommand};

/// Maps that aggregates are spread over, so that commands seldom wait for each other's lock.
const SHARDS: usize = 16;

/// Lets commands with the same target be decided one after another inside this process, in the order of their arrival.
///
/// The next one's turn comes when a load answers what this one leaves behind: once it is durable, or, where the store
/// tells what it is just writing, as soon as the store has it. So those that wait for one aggregate are decided in order
/// on one copy and committed together. One that is decided again comes before those that wait.
///
/// An aggregate that no command is about takes no memory. At most a given number of commands wait for one
/// aggregate; further ones are answered [`Error::Full`]. A command without a target does not wait.
#[derive(Debug)]
pub struct OneAtATime {
    waiting_limit: usize,
    queues: Arc<Queues>,
}

impl OneAtATime {
    /// At most this many commands wait for one aggregate, beside the one that runs.
    #[must_use]
    pub fn new(waiting_limit: usize) -> Self {
        Self { waiting_limit, queues: Arc::default() }
    }

    /// Waits for the turn, before all others or behind them; it lasts until it is dropped.
    async fn turn(&self, key: AggregateKey, is_first: bool) -> Result<Turn> {
        let waiting = match self.queues.lock(&key).entry(key) {
            Entry::Vacant(idle) => {
                idle.insert(VecDeque::new());
                return Ok(Turn::new(key, &self.queues));
            }
            Entry::Occupied(mut busy) => {
                let queue = busy.get_mut();
                if queue.len() >= self.waiting_limit {
                    // Those whose callers went away keep no place.
                    queue.retain(|waiting| !waiting.is_closed());
                }
                if queue.len() >= self.waiting_limit && !is_first {
                    return Err(Error::Full(format!("the queue of commands for {key}")));
                }
                let (called, waiting) = oneshot::channel();
                if is_first {
                    queue.push_front(called);
                } else {
                    queue.push_back(called);
                }
                waiting
            }
        };
        // The one who runs passes its turn on by dropping it, so nobody is forgotten.
        waiting.await.map_err(|_| Error::Closed(format!("the queue of commands for {key}")))
    }
}

#[async_trait]
impl CommandMiddleware for OneAtATime {
    async fn command(&self, call: CommandCall<'_>, next: NextCommand<'_>) -> Result<Receipt, CommandError> {
        let Some(key) = call.target else { return next.run(call).await };
        let mut turn = Some(self.turn(key, call.attempts > 0).await?);
        let mut running = pin!(next.run(call));
        poll_fn(|context| {
            let polled = running.as_mut().poll(context);
            if turn.is_some() && next.may_be_followed() {
                turn = None;
            }
            polled
        })
        .await
    }
}

/// Those who wait for one aggregate, the first to come first.
type Queue = VecDeque<oneshot::Sender<Turn>>;

/// The aggregates that a command is about now; each is there as long as one runs.
#[derive(Debug, Default)]
struct Queues {
    shards: [Mutex<HashMap<AggregateKey, Queue>>; SHARDS],
}

impl Queues {
    fn lock(&self, key: &AggregateKey) -> MutexGuard<'_, HashMap<AggregateKey, Queue>> {
        let shard = usize::from(key.id.as_bytes()[15]) % SHARDS;
        self.shards[shard].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next in the queue; where there is none, the aggregate is idle from now on.
    fn next(&self, key: &AggregateKey) -> Option<oneshot::Sender<Turn>> {
        let mut queues = self.lock(key);
        let next = queues.get_mut(key).and_then(VecDeque::pop_front);
        if next.is_none() {
            queues.remove(key);
        }
        next
    }
}

/// The right to run for one aggregate. It travels to the next in the queue; where it is dropped on the way,
/// because that one's caller went away, the one after gets it.
#[derive(Debug)]
struct Turn {
    key: AggregateKey,
    /// Gone once the turn is passed on.
    queues: Option<Arc<Queues>>,
}

impl Turn {
    fn new(key: AggregateKey, queues: &Arc<Queues>) -> Self {
        Self { key, queues: Some(Arc::clone(queues)) }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let Some(queues) = self.queues.take() else { return };
        while let Some(next) = queues.next(&self.key) {
            match next.send(Self::new(self.key, &queues)) {
                Ok(()) => return,
                Err(mut unwanted) => unwanted.queues = None,
            }
        }
    }
}
