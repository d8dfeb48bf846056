//! The connections that read beside the writer. Each has a thread of its own, and while it rests, whoever asks may use it.

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
    room: Arc<Room>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

/// Where questions wait for readers, and readers for questions.
///
/// A question wakes one reader, the one that has rested for the shortest time: what it needs is most likely in its
/// caches still.
struct Room {
    /// The store's.
    name: String,
    waiting: Mutex<Waiting>,
    readers: Vec<Reader>,
}

struct Reader {
    /// What wakes it.
    bell: Condvar,
    /// Its way to the store, until its thread has ended.
    link: Mutex<Option<Link>>,
}

struct Waiting {
    questions: VecDeque<Read>,
    /// The readers that rest, the last to have come last.
    resting: Vec<usize>,
    /// Those whose connections somebody else uses; they do nothing.
    borrowed: Vec<usize>,
    is_open: bool,
}

impl Readers {
    pub(super) fn start(config: &Config) -> Result<Self, Fault> {
        let waiting =
            Waiting { questions: VecDeque::new(), resting: Vec::new(), borrowed: Vec::new(), is_open: true };
        let reader = |_| {
            let link = Link::open(engine::open_reader, config)?;
            Ok(Reader { bell: Condvar::new(), link: Mutex::new(Some(link)) })
        };
        let room = Room {
            name: config.location.to_string(),
            waiting: Mutex::new(waiting),
            readers: (0..config.readers).map(reader).collect::<Result<_, Fault>>()?,
        };
        // Made first, so that the threads end where a later one cannot be made.
        let readers = Self { room: Arc::new(room), threads: Mutex::default() };
        for number in 0..config.readers {
            let room = Arc::clone(&readers.room);
            let thread = std::thread::Builder::new().name(format!("portolan-read-{number}"));
            let thread = thread.spawn(move || room.work(number))?;
            readers.threads.lock().unwrap_or_else(PoisonError::into_inner).push(thread);
        }
        Ok(readers)
    }

    pub(super) fn ask(&self, read: Read) -> Result<()> {
        let mut waiting = self.room.enter();
        if !waiting.is_open {
            return Err(Error::Closed(self.room.name.clone()));
        }
        if waiting.questions.len() >= QUEUE {
            return Err(Error::Full(format!("the queue of readers of {}", self.room.name)));
        }
        waiting.questions.push_back(read);
        let wakes = waiting.resting.pop();
        drop(waiting);
        if let Some(reader) = wakes.and_then(|number| self.room.readers.get(number)) {
            reader.bell.notify_one();
        }
        Ok(())
    }

    /// Answers here and now, with the connection of a reader that rests. Where none does, or others wait already, gives the
    /// question back.
    pub(super) fn answer_here(&self, read: Read) -> Result<(), Read> {
        match self.room.borrow() {
            Some(number) => {
                self.room.answer(number, read);
                self.room.give_back(number);
                Ok(())
            }
            None => Err(read),
        }
    }

    /// Answers what waits, and ends the threads. Blocks.
    pub(super) fn close(&self) {
        self.room.close();
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        // The last handle may have gone with a reader's own question; that one ends by itself.
        let own = std::thread::current().id();
        for thread in threads.into_iter().filter(|thread| thread.thread().id() != own) {
            if thread.join().is_err() {
                tracing::error!(store = self.room.name, "a reader has panicked");
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
        self.readers.iter().for_each(|reader| reader.bell.notify_all());
    }

    /// The next question for this reader; `None` when there will be no more.
    fn next(&self, number: usize) -> Option<Read> {
        let mut waiting = self.enter();
        loop {
            // It may have woken by itself.
            let is_borrowed = waiting.borrowed.contains(&number);
            if !is_borrowed && let Some(question) = waiting.questions.pop_front() {
                return Some(question);
            }
            let reader = self.readers.get(number).filter(|_| waiting.is_open)?;
            if !is_borrowed {
                waiting.resting.push(number);
            }
            waiting = reader.bell.wait(waiting).unwrap_or_else(PoisonError::into_inner);
            waiting.resting.retain(|resting| *resting != number);
        }
    }

    /// A reader that rests, and is asked by nobody else until it is given back.
    fn borrow(&self) -> Option<usize> {
        let mut waiting = self.enter();
        if !waiting.is_open || !waiting.questions.is_empty() {
            return None;
        }
        let number = waiting.resting.pop()?;
        waiting.borrowed.push(number);
        Some(number)
    }

    /// Lets it rest on, or work where somebody has asked meanwhile.
    fn give_back(&self, number: usize) {
        let mut waiting = self.enter();
        waiting.borrowed.retain(|borrowed| *borrowed != number);
        if waiting.questions.is_empty() {
            waiting.resting.push(number);
            return;
        }
        drop(waiting);
        if let Some(reader) = self.readers.get(number) {
            reader.bell.notify_one();
        }
    }

    /// Answers questions until there can be no more, and lets the connection go.
    fn work(&self, number: usize) {
        while let Some(read) = self.next(number) {
            self.answer(number, read);
        }
        if let Some(reader) = self.readers.get(number) {
            drop(reader.link.lock().unwrap_or_else(PoisonError::into_inner).take());
        }
    }

    fn answer(&self, number: usize, read: Read) {
        let Some(reader) = self.readers.get(number) else { return };
        let mut link = reader.link.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(link) = link.as_mut() else {
            read(Err(Error::Closed(self.name.clone())));
            return;
        };
        // A panic leaves a connection in nobody knows what state.
        let condition = catch_unwind(AssertUnwindSafe(|| read(link.get())));
        if condition.unwrap_or(Condition::Lost) == Condition::Lost {
            drop(link.lose());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, Sender, channel};
    use std::thread::{self, ThreadId};
    use std::time::Duration;

    use super::super::super::trial;
    use super::*;

    /// Longer than anything here takes.
    const SOON: Duration = Duration::from_secs(30);

    /// One reader of an empty store, which rests.
    fn one_reader() -> Option<(trial::Place, Readers)> {
        let mut place = trial::shared_place()?;
        place.config.readers = 1;
        drop(engine::open_writer(&place.config).unwrap());
        let readers = Readers::start(&place.config).unwrap();
        let (answered, is_answered) = channel();
        readers.ask(who(answered)).unwrap();
        is_answered.recv_timeout(SOON).unwrap();
        Some((place, readers))
    }

    /// Asks who answers, and whether there is a connection.
    fn who(answered: Sender<(ThreadId, bool)>) -> Read {
        Box::new(move |conn| {
            let _ = answered.send((thread::current().id(), conn.is_ok()));
            Condition::Good
        })
    }

    /// As soon as a reader rests.
    fn answered_here(readers: &Readers, mut read: Read) {
        let begun = std::time::Instant::now();
        while let Err(back) = readers.answer_here(read) {
            assert!(begun.elapsed() < SOON, "no reader rests");
            read = back;
            thread::yield_now();
        }
    }

    fn answer(is_answered: &Receiver<(ThreadId, bool)>) -> (ThreadId, bool) {
        is_answered.recv_timeout(SOON).unwrap()
    }

    #[test]
    fn whoever_asks_answers_with_a_resting_readers_connection_and_gives_it_back() {
        let Some((_place, readers)) = one_reader() else { return };
        let (answered, is_answered) = channel();
        for _ in 0..3 {
            answered_here(&readers, who(answered.clone()));
            assert_eq!(answer(&is_answered), (thread::current().id(), true));
        }
        readers.ask(who(answered)).unwrap();
        let (thread, has_connection) = answer(&is_answered);
        assert!(thread != thread::current().id() && has_connection, "the reader reads on");
        readers.close();
        assert!(readers.answer_here(Box::new(|_| Condition::Good)).is_err(), "closed");
    }

    #[test]
    fn who_asks_while_the_reader_is_borrowed_is_answered_by_it_afterwards() {
        let Some((_place, readers)) = one_reader() else { return };
        let (answered, is_answered) = channel();
        thread::scope(|scope| {
            let (borrowed, is_borrowed) = channel();
            let (go, wait) = channel();
            let readers = &readers;
            let here = answered.clone();
            let borrower = scope.spawn(move || {
                let read = Box::new(move |_: Result<&mut Conn>| {
                    borrowed.send(()).unwrap();
                    wait.recv_timeout(SOON).unwrap();
                    Condition::Good
                });
                answered_here(readers, read);
            });
            is_borrowed.recv_timeout(SOON).unwrap();
            assert!(readers.answer_here(who(here)).is_err(), "no reader rests");
            readers.ask(who(answered)).unwrap();
            assert!(readers.answer_here(Box::new(|_| Condition::Good)).is_err(), "another waits already");
            go.send(()).unwrap();
            let (thread, has_connection) = answer(&is_answered);
            assert!(has_connection && thread != borrower.thread().id(), "by the reader itself");
        });
    }

    #[test]
    fn what_panics_costs_its_connection_alone() {
        let Some((_place, readers)) = one_reader() else { return };
        let (answered, is_answered) = channel();
        answered_here(&readers, Box::new(|_| panic!("on purpose")));
        answered_here(&readers, who(answered.clone()));
        assert_eq!(answer(&is_answered), (thread::current().id(), true), "another was opened");
        readers.ask(Box::new(|_| panic!("on purpose"))).unwrap();
        readers.ask(who(answered)).unwrap();
        assert!(answer(&is_answered).1);
        // It ends with both of them answered.
        readers.close();
    }
}
