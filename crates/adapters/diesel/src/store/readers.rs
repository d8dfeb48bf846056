//! The connections that read beside the writer, each on a thread of its own.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use portolan_kernel::{Error, Result};

use super::link::Link;
use super::{Config, Conn, Fault, engine};

/// A question to a reader, which gets a connection or the reason why there is none, and says what became of it.
pub(super) type Read = Box<dyn FnOnce(Result<&mut Conn>) -> Condition + Send>;

/// What became of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Condition {
    /// It can be used on.
    Good,
    /// It cannot.
    Lost,
}

/// How many questions may wait; one more is answered [`Error::Full`].
const QUEUE: usize = 8_192;

/// Some threads that read, behind one bounded queue.
pub(super) struct Readers {
    name: String,
    room: Arc<Room>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

/// Where questions wait for readers, and readers for questions.
///
/// A question wakes one reader, the one that has rested for the shortest time: what it needs is most likely in its
/// caches still.
struct Room {
    waiting: Mutex<Waiting>,
    /// What wakes each reader.
    bells: Vec<Condvar>,
}

struct Waiting {
    questions: VecDeque<Read>,
    /// The readers that rest, the last to have come last.
    resting: Vec<usize>,
    is_open: bool,
}

impl Readers {
    pub(super) fn start(config: &Config) -> Result<Self, Fault> {
        let waiting = Waiting { questions: VecDeque::new(), resting: Vec::new(), is_open: true };
        let bells = (0..config.readers).map(|_| Condvar::new()).collect();
        let room = Arc::new(Room { waiting: Mutex::new(waiting), bells });
        // Made first, so that the threads end where a later one cannot be made.
        let readers =
            Self { name: config.location.to_string(), room: Arc::clone(&room), threads: Mutex::default() };
        for number in 0..config.readers {
            let link = Link::open(engine::open_reader, config)?;
            let room = Arc::clone(&room);
            let thread = std::thread::Builder::new().name(format!("portolan-read-{number}"));
            let thread = thread.spawn(move || answer(link, &room, number))?;
            readers.threads.lock().unwrap_or_else(PoisonError::into_inner).push(thread);
        }
        Ok(readers)
    }

    pub(super) fn ask(&self, read: Read) -> Result<()> {
        let mut waiting = self.room.enter();
        if !waiting.is_open {
            return Err(Error::Closed(self.name.clone()));
        }
        if waiting.questions.len() >= QUEUE {
            return Err(Error::Full(format!("the queue of readers of {}", self.name)));
        }
        waiting.questions.push_back(read);
        let wakes = waiting.resting.pop();
        drop(waiting);
        if let Some(bell) = wakes.and_then(|number| self.room.bells.get(number)) {
            bell.notify_one();
        }
        Ok(())
    }

    /// Answers what waits, and ends the threads. Blocks.
    pub(super) fn close(&self) {
        self.room.close();
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        // The last handle may have gone with a reader's own question; that one ends by itself.
        let own = std::thread::current().id();
        for thread in threads.into_iter().filter(|thread| thread.thread().id() != own) {
            if thread.join().is_err() {
                tracing::error!(store = self.name, "a reader has panicked");
            }
        }
    }
}

impl Drop for Readers {
    fn drop(&mut self) {
        self.room.close();
    }
}

impl Room {
    fn enter(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes no more questions; readers go when none waits.
    fn close(&self) {
        self.enter().is_open = false;
        self.bells.iter().for_each(Condvar::notify_all);
    }

    /// The next question for this reader; `None` when there will be no more.
    fn next(&self, number: usize) -> Option<Read> {
        let mut waiting = self.enter();
        loop {
            if let Some(question) = waiting.questions.pop_front() {
                return Some(question);
            }
            let bell = self.bells.get(number).filter(|_| waiting.is_open)?;
            waiting.resting.push(number);
            waiting = bell.wait(waiting).unwrap_or_else(PoisonError::into_inner);
            // It may have woken by itself.
            waiting.resting.retain(|resting| *resting != number);
        }
    }
}

/// Answers questions until there can be no more.
fn answer(mut link: Link, room: &Room, number: usize) {
    while let Some(read) = room.next(number) {
        // A panic leaves a connection in nobody knows what state.
        let condition = catch_unwind(AssertUnwindSafe(|| read(link.get())));
        if condition.unwrap_or(Condition::Lost) == Condition::Lost {
            drop(link.lose());
        }
    }
}
