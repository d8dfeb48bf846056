//! The connections that read beside the writer, each on a thread of its own.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
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
    state: Mutex<State>,
}

struct State {
    sender: Option<SyncSender<Read>>,
    threads: Vec<JoinHandle<()>>,
}

impl Readers {
    pub(super) fn start(config: &Config) -> Result<Self, Fault> {
        let (sender, queue) = sync_channel(QUEUE);
        let queue = Arc::new(Mutex::new(queue));
        let mut threads = Vec::with_capacity(config.readers);
        for number in 0..config.readers {
            let link = Link::open(engine::open_reader, config)?;
            let queue = Arc::clone(&queue);
            let thread = std::thread::Builder::new().name(format!("portolan-read-{number}"));
            threads.push(thread.spawn(move || answer(link, &queue))?);
        }
        let state = Mutex::new(State { sender: Some(sender), threads });
        Ok(Self { name: config.location.to_string(), state })
    }

    pub(super) fn ask(&self, read: Read) -> Result<()> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(sender) = &state.sender else { return Err(Error::Closed(self.name.clone())) };
        sender.try_send(read).map_err(|refused| match refused {
            TrySendError::Full(_) => Error::Full(format!("the queue of readers of {}", self.name)),
            TrySendError::Disconnected(_) => Error::Closed(self.name.clone()),
        })
    }

    /// Answers what waits, and ends the threads. Blocks.
    pub(super) fn close(&self) {
        let (sender, threads) = {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            (state.sender.take(), std::mem::take(&mut state.threads))
        };
        drop(sender);
        // The last handle may have gone with a reader's own question; that one ends by itself.
        let own = std::thread::current().id();
        for thread in threads.into_iter().filter(|thread| thread.thread().id() != own) {
            if thread.join().is_err() {
                tracing::error!(store = self.name, "a reader has panicked");
            }
        }
    }
}

/// Answers questions until there can be no more.
fn answer(mut link: Link, queue: &Mutex<Receiver<Read>>) {
    loop {
        let next = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(read) = next else { return };
        // A panic leaves a connection in nobody knows what state.
        let condition = catch_unwind(AssertUnwindSafe(|| read(link.get())));
        if condition.unwrap_or(Condition::Lost) == Condition::Lost {
            drop(link.lose());
        }
    }
}
