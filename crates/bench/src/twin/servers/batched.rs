//! One writer that takes all waiting commands into one transaction, and keeps the listings in memory: the best that a
//! single-purpose program does.

use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use portolan_kernel::Clock as _;
use portolan_runtime::SystemClock;
use tokio::sync::oneshot;

use super::group::{Group, Kept};
use super::{Done, Server};
use crate::market::Market;
use crate::run::say;
use crate::work::{Bid, Order};

/// How many commands one transaction takes at the most, and how many may wait.
const GROUP: usize = 256;
const QUEUE: usize = 4_096;

/// How long to wait for callers that were just answered and are about to ask again: a fuller group is worth it.
const GATHER: Duration = Duration::from_micros(100);

/// The twin.
pub(crate) struct Batched<S>(Arc<Handle>, PhantomData<fn() -> S>);

struct Handle {
    queue: Option<SyncSender<Job>>,
    thread: Option<JoinHandle<()>>,
}

struct Job {
    command: Command,
    answer: oneshot::Sender<bool>,
}

enum Command {
    Bid(Bid),
    Order(Order),
}

impl<S> Clone for Batched<S> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0), PhantomData)
    }
}

impl<S: Server> Batched<S> {
    /// Opens it on a store with Portolan's tables.
    ///
    /// # Errors
    /// Those of the server.
    pub(crate) fn open(url: &str) -> Done<Self> {
        let server = S::connect(url)?;
        let (queue, jobs) = sync_channel(QUEUE);
        // An error ends the writer, and every caller from then on is refused, which the results count.
        let thread = std::thread::spawn(move || {
            if let Err(error) = write(server, &jobs) {
                say(&format!("the batched twin on {} has ended: {error}", S::STORE));
            }
        });
        Ok(Self(Arc::new(Handle { queue: Some(queue), thread: Some(thread) }), PhantomData))
    }

    async fn submit(&self, command: Command) -> bool {
        let (answer, answered) = oneshot::channel();
        let sent = self.0.queue.as_ref().is_some_and(|queue| queue.try_send(Job { command, answer }).is_ok());
        sent && answered.await.unwrap_or(false)
    }
}

impl<S: Server> Market for Batched<S> {
    const NAME: &'static str = "batched";

    async fn place_bid(&self, bid: Bid) -> bool {
        self.submit(Command::Bid(bid)).await
    }

    async fn place_order(&self, order: Order) -> bool {
        self.submit(Command::Order(order)).await
    }

    async fn close(self) {
        // The last handle waits for its thread, which is no work for one of the runtime's.
        let _ = tokio::task::spawn_blocking(move || drop(self)).await;
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        drop(self.queue.take());
        if let Some(thread) = self.thread.take() {
            // A panic there has been seen by every caller since.
            let _ = thread.join();
        }
    }
}

fn write<S: Server>(mut server: S, jobs: &Receiver<Job>) -> Done<()> {
    let (mut head, mut kept) = (server.last_position()?, Kept::default());
    let mut waiting = Vec::with_capacity(GROUP);
    let mut answers = Vec::with_capacity(GROUP);
    while let Ok(first) = jobs.recv() {
        waiting.push(first);
        gather(&mut waiting, jobs, answers.len());
        answers.clear();
        let now = SystemClock.now();
        let mut group = Group::after(head, now);
        for job in waiting.drain(..) {
            let is_accepted = match &job.command {
                Command::Bid(bid) => group.place_bid(&mut server, &mut kept, bid)?.is_some(),
                Command::Order(order) => {
                    group.place_order(order, now);
                    true
                }
            };
            answers.push(Some((job.answer, is_accepted)));
        }
        server.write(&group)?;
        head = group.head;
        for (answer, is_accepted) in answers.iter_mut().filter_map(Option::take) {
            // A caller that has gone away needs no answer.
            let _ = answer.send(is_accepted);
        }
    }
    Ok(())
}

/// Takes what waits; where the last group had several, it waits a moment for as many.
fn gather(group: &mut Vec<Job>, jobs: &Receiver<Job>, last: usize) {
    let until = (last > 1).then(|| Instant::now() + GATHER);
    while group.len() < GROUP {
        if let Ok(job) = jobs.try_recv() {
            group.push(job);
            continue;
        }
        let Some(until) = until.filter(|_| group.len() < last) else { return };
        match jobs.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(job) => group.push(job),
            Err(_) => return,
        }
    }
}
