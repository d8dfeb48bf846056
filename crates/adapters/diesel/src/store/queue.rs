//! The bounded queue in front of the writer.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError};
use std::sync::{Mutex, PoisonError};
use std::thread::JoinHandle;

use portolan_kernel::{ChangeSet, Committed, Error, Result};
use tokio::sync::oneshot;

use super::readers::Read;
use super::{Conn, Fault};

/// From how many bytes on no further change set is taken, whatever the number of places: with 1 MiB a command, which
/// is the most, the queue holds 64 of them.
const WAITING_BYTES: usize = 64 * 1024 * 1024;

/// What the writer is asked to do.
pub(super) enum Work {
    /// To write a change set.
    Commit(Box<Pending>),
    /// To write something else, in the same transaction as its neighbours.
    Write(Box<dyn WriteTask>),
    /// To read, where the store has one connection for everybody.
    Read(Read),
    /// To finish what waits, and end.
    Close,
}

/// A change set whose caller waits, or has gone away.
pub(super) struct Pending {
    pub(super) change_set: ChangeSet,
    answer: oneshot::Sender<Result<Committed>>,
    place: Place,
}

impl Pending {
    /// Gives its place back and tells the caller, who may have gone away.
    pub(super) fn answer(self, answer: Result<Committed>) {
        drop(self.place);
        drop(self.answer.send(answer));
    }
}

/// How many change sets have not been answered, and how many bytes of memory they take.
#[derive(Debug, Default)]
struct Waiting {
    change_sets: AtomicUsize,
    bytes: AtomicUsize,
}

impl Waiting {
    /// A place for so many bytes; none where those who have one fill the memory that there is for it. Whoever comes
    /// alone gets one, however large.
    fn enter(self: &Arc<Self>, bytes: usize) -> Option<Place> {
        let before = self.bytes.fetch_add(bytes, Ordering::Relaxed);
        if before > 0 && before.saturating_add(bytes) > WAITING_BYTES {
            self.bytes.fetch_sub(bytes, Ordering::Relaxed);
            return None;
        }
        self.change_sets.fetch_add(1, Ordering::Relaxed);
        Some(Place { waiting: Arc::clone(self), bytes })
    }
}

/// A place among those that wait.
struct Place {
    waiting: Arc<Waiting>,
    bytes: usize,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.waiting.bytes.fetch_sub(self.bytes, Ordering::Relaxed);
        self.waiting.change_sets.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Something beside change sets that is written in a group's transaction.
///
/// It may be run several times, each time in a new transaction. An [answer](Fault::answer) says that it refused and
/// wrote nothing; any other fault ends the transaction.
pub(super) trait WriteTask: Send {
    fn run(&mut self, conn: &mut Conn) -> Result<(), Fault>;

    /// Whether it writes events of its own, so that the journal ends elsewhere than the writer knows.
    fn writes_events(&self) -> bool;

    /// Tells the caller: what `run` answered, or why it was not to be.
    fn answer(self: Box<Self>, failed: Option<Error>);
}

struct Task<T, F> {
    run: F,
    writes_events: bool,
    done: Option<Result<T, Fault>>,
    answer: oneshot::Sender<Result<T>>,
}

impl<T: Send, F: FnMut(&mut Conn) -> Result<T, Fault> + Send> WriteTask for Task<T, F> {
    fn run(&mut self, conn: &mut Conn) -> Result<(), Fault> {
        match (self.run)(conn) {
            Err(fault) if !fault.is_answer() => Err(fault),
            done => {
                self.done = Some(done);
                Ok(())
            }
        }
    }

    fn writes_events(&self) -> bool {
        self.writes_events
    }

    fn answer(self: Box<Self>, failed: Option<Error>) {
        let answer = match (failed, self.done) {
            (Some(error), _) => Err(error),
            (None, Some(done)) => done.map_err(|fault| fault.at(&"")),
            (None, None) => Err(Error::unavailable("the write was not tried")),
        };
        // A caller that has gone away needs no answer.
        drop(self.answer.send(answer));
    }
}

/// The way to the writer's thread.
pub(in super::super) struct Queue {
    name: String,
    sender: SyncSender<Work>,
    waiting: Arc<Waiting>,
    closed: AtomicBool,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Queue {
    pub(super) fn new(name: String, sender: SyncSender<Work>, thread: JoinHandle<()>) -> Self {
        let (waiting, closed) = (Arc::default(), AtomicBool::new(false));
        Self { name, sender, waiting, closed, thread: Mutex::new(Some(thread)) }
    }

    pub(super) async fn commit(&self, change_set: ChangeSet) -> Result<Committed> {
        let (answer, answered) = oneshot::channel();
        let place = self.waiting.enter(change_set.bytes()).ok_or_else(|| self.full())?;
        self.send(Work::Commit(Box::new(Pending { change_set, answer, place })))?;
        answered.await.unwrap_or_else(|_| Err(self.unanswered()))
    }

    pub(in super::super) async fn write<T, F>(&self, run: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnMut(&mut Conn) -> Result<T, Fault> + Send + 'static,
    {
        self.task(run, false).await
    }

    /// As [`write`](Self::write), for what writes events of its own.
    pub(super) async fn write_events<T, F>(&self, run: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnMut(&mut Conn) -> Result<T, Fault> + Send + 'static,
    {
        self.task(run, true).await
    }

    async fn task<T, F>(&self, run: F, writes_events: bool) -> Result<T>
    where
        T: Send + 'static,
        F: FnMut(&mut Conn) -> Result<T, Fault> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        self.send(Work::Write(Box::new(Task { run, writes_events, done: None, answer })))?;
        answered.await.unwrap_or_else(|_| Err(self.unanswered()))
    }

    /// How many change sets wait for the writer or are being written.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.change_sets.load(Ordering::Relaxed)
    }

    /// Hands the writer something to read.
    pub(super) fn read(&self, read: Read) -> Result<()> {
        self.send(Work::Read(read))
    }

    /// Lets the writer finish what waits, and waits for its end. Blocks.
    pub(super) fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
        let Some(thread) = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take() else { return };
        // The last handle may have gone with work of the writer's own, which ends when nobody can send any more.
        if thread.thread().id() == std::thread::current().id() {
            return;
        }
        // A writer that has ended needs no word.
        drop(self.sender.send(Work::Close));
        if thread.join().is_err() {
            tracing::error!(store = self.name, "the writer has panicked");
        }
    }

    fn send(&self, work: Work) -> Result<()> {
        if self.closed.load(Ordering::Relaxed) {
            return Err(Error::Closed(self.name.clone()));
        }
        self.sender.try_send(work).map_err(|refused| match refused {
            TrySendError::Full(_) => self.full(),
            TrySendError::Disconnected(_) => Error::Closed(self.name.clone()),
        })
    }

    fn full(&self) -> Error {
        Error::Full(format!("the queue of {}", self.name))
    }

    /// Why the writer dropped a question. What it has not begun when it ends is certainly not written.
    fn unanswered(&self) -> Error {
        if self.closed.load(Ordering::Relaxed) {
            return Error::Closed(self.name.clone());
        }
        Error::outcome_unknown(format!("{}: the writer has ended", self.name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_given_by_bytes_and_given_back() {
        let waiting = Arc::<Waiting>::default();
        let half = WAITING_BYTES / 2;
        let (first, second) = (waiting.enter(half).unwrap(), waiting.enter(half).unwrap());
        assert!(waiting.enter(1).is_none(), "there is no room for one more byte");
        assert_eq!(waiting.change_sets.load(Ordering::Relaxed), 2);
        drop(first);
        assert!(waiting.enter(half + 1).is_none());
        let third = waiting.enter(half).unwrap();
        drop((second, third));
        assert!(waiting.enter(2 * WAITING_BYTES).is_some(), "what is larger than all room passes alone");
        assert_eq!(
            (waiting.bytes.load(Ordering::Relaxed), waiting.change_sets.load(Ordering::Relaxed)),
            (0, 0)
        );
    }
}
