//! Runs one clause against one harness: on both kinds of runtime, under a deadline, whatever it does.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};

use crate::{Breach, Capabilities, Clause, Effort, Subject, Verdict, WriteHarness, child};

/// How long one clause may take on one runtime. It is only ever waited out by an adapter that hangs.
pub const LIMIT: Duration = Duration::from_secs(120);

/// The kinds of Tokio runtime that every clause runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flavour {
    /// Several threads.
    MultiThread,
    /// One thread: an adapter that blocks it, or waits for itself, hangs here.
    CurrentThread,
}

impl Flavour {
    /// Both.
    pub const ALL: [Self; 2] = [Self::MultiThread, Self::CurrentThread];

    fn runtime(self) -> std::io::Result<Runtime> {
        match self {
            Self::MultiThread => Builder::new_multi_thread().worker_threads(2).enable_all().build(),
            Self::CurrentThread => Builder::new_current_thread().enable_all().build(),
        }
    }
}

/// What became of a clause.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// It was kept.
    Kept,
    /// It was not tried, for this reason of the adapter's.
    Skipped(&'static str),
    /// It was broken.
    Broken(Breach),
}

/// Tries a clause of a write store's contract on one runtime. `test` is what the test runner calls the test.
pub fn write_clause(
    clause: &Clause<Subject>,
    harness: Arc<dyn WriteHarness>,
    test: &str,
    flavour: Flavour,
    effort: Effort,
) -> Outcome {
    if let Some((_, reason)) = harness.capabilities().first_lacking(clause.needs) {
        return Outcome::Skipped(reason);
    }
    let (check, test) = (clause.check, test.to_owned());
    let verdict = on_a_runtime(flavour, move || async move {
        let mut subject = Subject::new(harness, test, effort).await?;
        check(&mut subject).await
    });
    match verdict {
        Ok(()) => Outcome::Kept,
        Err(breach) => Outcome::Broken(breach),
    }
}

/// What the test of a clause does: tries it on both runtimes. In a child process it does the child's work instead.
///
/// # Panics
/// Where the clause is broken: it is a test.
pub fn write_test(clause: &Clause<Subject>, harness: impl WriteHarness, module: &str) {
    let harness: Arc<dyn WriteHarness> = Arc::new(harness);
    let test = test_name(module, clause.name);
    if let Some(child) = child::from_environment(&test) {
        let worked = on_a_runtime(Flavour::MultiThread, move || async move {
            child.work(harness, child::tell_parent()).await
        });
        assert!(worked.is_ok(), "the child process could not work: {worked:?}");
        return;
    }
    for flavour in Flavour::ALL {
        let outcome = write_clause(clause, Arc::clone(&harness), &test, flavour, Effort::Full);
        judge(clause.code, clause.name, flavour, &outcome);
    }
}

/// Fails the test of a clause that was broken, and says why one was skipped.
pub(crate) fn judge(code: &str, name: &str, flavour: Flavour, outcome: &Outcome) {
    if let Outcome::Skipped(reason) = outcome {
        crate::report::say(&format!("{code} skipped: {reason}"));
    }
    let broken = match outcome {
        Outcome::Broken(breach) => Some(breach),
        _ => None,
    };
    let told = broken.map(ToString::to_string).unwrap_or_default();
    assert!(broken.is_none(), "{code} {name} on {flavour:?}:\n{told}");
}

/// The clause of this name.
///
/// # Panics
/// Where there is none: the macro and the table do not fit.
#[must_use]
pub fn named<S>(clauses: &'static [Clause<S>], name: &str) -> &'static Clause<S> {
    let found = clauses.iter().find(|clause| clause.name == name);
    #[expect(clippy::expect_used, reason = "the macro that lists the names stands beside the table")]
    found.expect("a clause of the contract")
}

/// Whether an adapter's skips are the reviewed ones: `skips` has a line `CODE name: reason` for each.
///
/// # Panics
/// Where a clause is skipped that is not listed, or listed and not skipped.
pub fn skips_are_reviewed<S>(clauses: &[Clause<S>], capabilities: &Capabilities, skips: &str) {
    let listed: Vec<&str> = skips.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    let ours: Vec<&str> =
        listed.iter().copied().filter(|line| clauses.iter().any(|clause| is_about(line, clause))).collect();
    let skipped: Vec<String> = clauses
        .iter()
        .filter_map(|clause| {
            let (_, reason) = capabilities.first_lacking(clause.needs)?;
            Some(format!("{} {}: {reason}", clause.code, clause.name))
        })
        .collect();
    assert_eq!(skipped, ours, "the skipped clauses are not the reviewed ones");
}

fn is_about<S>(line: &str, clause: &Clause<S>) -> bool {
    line.split_once(' ')
        .and_then(|(_, rest)| rest.split_once(':'))
        .is_some_and(|(name, _)| name == clause.name)
}

/// The name that the test runner has for a test: the path of its module without the crate.
fn test_name(module: &str, name: &str) -> String {
    module.split_once("::").map_or_else(|| name.to_owned(), |(_, path)| format!("{path}::{name}"))
}

/// Runs it on a thread of its own, so that one that blocks its runtime for ever is a breach and not a hang.
pub(crate) fn on_a_runtime<F>(flavour: Flavour, make: impl FnOnce() -> F + Send + 'static) -> Verdict
where
    F: Future<Output = Verdict>,
{
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let run = || match flavour.runtime() {
            Ok(runtime) => runtime.block_on(make()),
            Err(error) => Err(Breach::new(format!("no runtime: {error}"))),
        };
        let panicked = |_| Err(Breach::new("it panicked; the message stands above"));
        drop(sender.send(catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(panicked)));
    });
    receiver
        .recv_timeout(LIMIT)
        .unwrap_or_else(|_| Err(Breach::new(format!("it hangs: not done in {LIMIT:?}"))))
}
