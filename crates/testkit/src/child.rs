//! Child processes that are killed: how a clause sees that what was acknowledged survives.
//!
//! The running test is started once more with variables in its environment that say where the store is and what to
//! do. The child works until it is killed and tells its parent of every result that the store has acknowledged.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::sync::Arc;

use portolan_kernel::{Clock as _, Timestamp};

use crate::{Breach, ManualClock, Subject, Verdict, WriteHarness, contracts};

const WORK: &str = "PORTOLAN_TESTKIT_WORK";
const ADDRESS: &str = "PORTOLAN_TESTKIT_ADDRESS";
const TIME: &str = "PORTOLAN_TESTKIT_TIME";
const SERIES: &str = "PORTOLAN_TESTKIT_SERIES";
const TOLD: &str = "acknowledged ";

/// What another process is to do.
#[derive(Debug, Clone)]
pub struct Child {
    /// The test to start once more, as the test runner calls it.
    pub test: String,
    /// Which work: a name that its clause knows.
    pub work: String,
    /// Where the store is.
    pub address: String,
    /// The time there.
    pub clock: ManualClock,
    /// The series of its ids, which no other process of this store has.
    pub series: u16,
}

/// To whom a child tells what the store has acknowledged; `false` says that nobody listens any more.
pub type Tell = Arc<dyn Fn(u64) -> bool + Send + Sync>;

impl Child {
    /// Does the work in this process, until it ends or is dropped.
    ///
    /// # Errors
    /// A breach where the store refuses it.
    pub async fn work(&self, harness: Arc<dyn WriteHarness>, tell: Tell) -> Verdict {
        let subject = Subject::in_child(harness, &self.address, self.series).await?;
        subject.clock().set(self.clock.now());
        contracts::work(&self.work, &subject, tell).await
    }
}

/// What this process is to do, where it is a child.
pub(crate) fn from_environment(test: &str) -> Option<Child> {
    let variable = |name| std::env::var(name).ok();
    let time = variable(TIME)?.parse().ok().map_or(Timestamp::default(), Timestamp::from_micros);
    Some(Child {
        test: test.to_owned(),
        work: variable(WORK)?,
        address: variable(ADDRESS)?,
        clock: ManualClock::at(time),
        series: variable(SERIES)?.parse().ok()?,
    })
}

/// Writes a result where the parent reads it, past the test runner's capture.
pub(crate) fn tell_parent() -> Tell {
    Arc::new(|result| {
        let mut out = std::io::stdout().lock();
        writeln!(out, "{TOLD}{result}").and_then(|()| out.flush()).is_ok()
    })
}

/// Starts the child, reads what it tells, kills it when that is enough, and reads the rest that it told before.
pub(crate) async fn run_and_kill(child: &Child, enough: usize) -> Verdict<Vec<u64>> {
    let child = child.clone();
    let (sender, receiver) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || drop(sender.send(blocking(&child, enough))));
    receiver.await.map_err(|_| Breach::new("the thread that reads from the child is gone"))?
}

fn blocking(child: &Child, enough: usize) -> Verdict<Vec<u64>> {
    let failed = |what: &str, error: std::io::Error| Breach::new(format!("{what} a child process: {error}"));
    let program = std::env::current_exe().map_err(|error| failed("finding the program of", error))?;
    let mut process = Command::new(program)
        .args([&child.test, "--exact", "--nocapture", "--test-threads=1"])
        .env(WORK, &child.work)
        .env(ADDRESS, &child.address)
        .env(SERIES, child.series.to_string())
        .env(TIME, child.clock.now().as_micros().to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| failed("starting", error))?;
    let mut told = Vec::new();
    let mut other = String::new();
    if let Some(out) = process.stdout.take() {
        for line in BufReader::new(out).lines().map_while(Result::ok) {
            // The test runner prints the test's name without a line end before the child's first word.
            match line.split_once(TOLD).and_then(|(_, result)| result.trim().parse().ok()) {
                Some(result) => told.push(result),
                None => other.push_str(&(line + "\n")),
            }
            if told.len() == enough {
                process.kill().map_err(|error| failed("killing", error))?;
            }
        }
    }
    let output = process.wait_with_output().map_err(|error| failed("waiting for", error))?;
    if told.len() < enough {
        let complaint = String::from_utf8_lossy(&output.stderr);
        return Err(Breach::new(format!(
            "the child ended by itself after {} of {enough} results:\n{other}{complaint}",
            told.len()
        )));
    }
    Ok(told)
}
