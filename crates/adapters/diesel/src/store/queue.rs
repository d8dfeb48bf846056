//! The bounded queue in front of the writer.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError};
use std::sync::{Mutex, PoisonError};
use std::thread::JoinHandle;

use portolan_kernel::{ChangeSet, Committed, Error, Result};
use tokio::sync::oneshot;

use super::readers::Read;
use super::{Conn, Fault};

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
    pub(super) answer: oneshot::Sender<Result<Committed>>,
}

/// Something beside change sets that is written in a group's transaction.
///
/// It may be run several times, each time in a new transaction. [`Fault::is_answer`] says that it refused and wrote
/// nothing; any other fault ends the transaction.
pub(super) trait WriteTask: Send {
    fn run(&mut self, conn: &mut Conn) -> Result<(), Fault>;

    /// Tells the caller: what `run` answered, or why it was not to be.
    fn answer(self: Box<Self>, failed: Option<Error>);
}

struct Task<T, F> {
    run: F,
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
pub(super) struct Queue {
    name: String,
    sender: SyncSender<Work>,
    closed: AtomicBool,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Queue {
    pub(super) fn new(name: String, sender: SyncSender<Work>, thread: JoinHandle<()>) -> Self {
        Self { name, sender, closed: AtomicBool::new(false), thread: Mutex::new(Some(thread)) }
    }

    pub(super) async fn commit(&self, change_set: ChangeSet) -> Result<Committed> {
        let (answer, answered) = oneshot::channel();
        self.send(Work::Commit(Box::new(Pending { change_set, answer })))?;
        answered.await.unwrap_or_else(|_| Err(self.unanswered()))
    }

    pub(super) async fn write<T, F>(&self, run: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnMut(&mut Conn) -> Result<T, Fault> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        self.send(Work::Write(Box::new(Task { run, done: None, answer })))?;
        answered.await.unwrap_or_else(|_| Err(self.unanswered()))
    }

    /// Hands the writer something to read.
    pub(super) fn read(&self, read: Read) -> Result<()> {
        self.send(Work::Read(read))
    }

    /// Lets the writer finish what waits, and waits for its end. Blocks.
    pub(super) fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
        let Some(thread) = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take() else { return };
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
            TrySendError::Full(_) => Error::Full(format!("the queue of {}", self.name)),
            TrySendError::Disconnected(_) => Error::Closed(self.name.clone()),
        })
    }

    /// Why the writer dropped a question. What it has not begun when it ends is certainly not written.
    fn unanswered(&self) -> Error {
        if self.closed.load(Ordering::Relaxed) {
            return Error::Closed(self.name.clone());
        }
        Error::outcome_unknown(format!("{}: the writer has ended", self.name))
    }
}
