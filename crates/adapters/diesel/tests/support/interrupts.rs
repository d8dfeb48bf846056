//! Lets something happen in front of the statement that a test names: the n-th that a thread runs, be it a begin, a query,
//! a write or a commit.
//!
//! For one test at a time: what is set here holds for every connection of the process that was opened after
//! [`install`].

use std::sync::{Arc, Mutex, MutexGuard, Once, PoisonError};

use portolan_diesel::diesel::connection::{
    Instrumentation, InstrumentationEvent, set_default_instrumentation,
};

/// What is to happen.
type Fault = Arc<dyn Fn() + Send + Sync>;

/// The fault that is put, where there is one.
static PUT: Mutex<Option<Put>> = Mutex::new(None);

struct Put {
    /// How the names of the threads begin whose statements are counted.
    thread: String,
    /// How many of their statements pass before.
    passing: usize,
    fault: Fault,
    /// The statement that met it.
    met: Option<String>,
}

/// To be called before the first connection is opened.
pub fn install() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        // It fails where another thread has panicked while it was set: nobody else does.
        drop(set_default_instrumentation(|| Some(Box::new(Watcher))));
    });
}

/// Lets this happen, once, in front of the statement behind so many others that threads run whose name begins like this.
pub fn put(thread: &str, passing: usize, fault: Fault) {
    *locked() = Some(Put { thread: thread.to_owned(), passing, fault, met: None });
}

/// Takes the fault away; which statement met it, if one did.
pub fn take() -> Option<String> {
    locked().take().and_then(|put| put.met)
}

fn locked() -> MutexGuard<'static, Option<Put>> {
    PUT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Counts statements before they run.
struct Watcher;

impl Instrumentation for Watcher {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        if let InstrumentationEvent::StartQuery { query, .. } = event
            && let Some(fault) = due(&query.to_string())
        {
            // Not under the lock: it has connections of its own.
            fault();
        }
    }
}

/// What is to happen in front of this statement.
fn due(statement: &str) -> Option<Fault> {
    let mut locked = locked();
    let put = locked.as_mut().filter(|put| put.met.is_none())?;
    if !std::thread::current().name().is_some_and(|name| name.starts_with(&put.thread)) {
        return None;
    }
    if put.passing > 0 {
        put.passing -= 1;
        return None;
    }
    put.met = Some(statement.to_owned());
    Some(Arc::clone(&put.fault))
}
