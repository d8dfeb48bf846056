//! Lets SQLite fail at the statement that a test names: the n-th that a thread runs, be it a begin, a query, a write or
//! a commit. It fails as an interrupted statement does, after it has begun.
//!
//! For test programs alone, and one test at a time: what is set here holds for every connection of the process.

use std::cell::Cell;
use std::ffi::{c_char, c_int, c_void};
use std::sync::{Mutex, Once, PoisonError};

use diesel::connection::{Instrumentation, InstrumentationEvent, set_default_instrumentation};

/// The fault that is put, where there is one.
static PUT: Mutex<Option<Put>> = Mutex::new(None);

#[derive(Clone)]
struct Put {
    /// How the names of the threads begin whose statements are counted.
    thread: String,
    /// How many of their statements pass before the one that fails.
    passing: usize,
    /// The statement that failed.
    failed: Option<String>,
}

thread_local! {
    /// Whether the statement that this thread runs is to fail.
    static FAILS: Cell<bool> = const { Cell::new(false) };
}

/// To be called before the first connection is opened.
pub fn install() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        // SAFETY: `watch` has the signature that SQLite asks for, and touches nothing but the connection it is given.
        unsafe { libsqlite3_sys::sqlite3_auto_extension(Some(watch)) };
        // It fails where another thread has panicked while it was set: nobody else does.
        drop(set_default_instrumentation(|| Some(Box::new(Counter))));
    });
}

/// Lets the statement behind so many others fail that threads run whose name begins with this. It fails once.
pub fn put(thread: &str, passing: usize) {
    *locked() = Some(Put { thread: thread.to_owned(), passing, failed: None });
}

/// Takes the fault away; which statement it has met, if it has met one.
pub fn take() -> Option<String> {
    locked().take().and_then(|put| put.failed)
}

fn locked() -> std::sync::MutexGuard<'static, Option<Put>> {
    PUT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Counts statements before they run.
struct Counter;

impl Instrumentation for Counter {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        match event {
            InstrumentationEvent::StartQuery { query, .. } => FAILS.set(is_met(&query.to_string())),
            InstrumentationEvent::FinishQuery { .. } => FAILS.set(false),
            _ => {}
        }
    }
}

/// Whether the fault meets this statement.
fn is_met(statement: &str) -> bool {
    let mut locked = locked();
    let Some(put) = locked.as_mut().filter(|put| put.failed.is_none()) else { return false };
    if !std::thread::current().name().is_some_and(|name| name.starts_with(&put.thread)) {
        return false;
    }
    if put.passing > 0 {
        put.passing -= 1;
        return false;
    }
    put.failed = Some(statement.to_owned());
    true
}

/// SQLite calls this for each connection that is opened.
unsafe extern "C" fn watch(
    connection: *mut libsqlite3_sys::sqlite3,
    _message: *mut *mut c_char,
    _api: *const libsqlite3_sys::sqlite3_api_routines,
) -> c_int {
    // SAFETY: the connection is open, and `progress` needs no argument.
    unsafe { libsqlite3_sys::sqlite3_progress_handler(connection, 1, Some(progress), std::ptr::null_mut()) };
    libsqlite3_sys::SQLITE_OK
}

/// SQLite calls this after each step of a statement, on the thread that runs it. Other than 0 interrupts it.
unsafe extern "C" fn progress(_: *mut c_void) -> c_int {
    c_int::from(FAILS.get())
}
