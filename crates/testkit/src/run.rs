//! Runs one clause against one harness: on both kinds of runtime, under a deadline, whatever it does.

use std::sync::{Arc, mpsc};
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};

use crate::{
    Breach, Capabilities, Capability, Clause, Effort, ReadHarness, ReadSubject, Subject, Verdict,
    WriteHarness, child, contracts, report,
};

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
    let (capabilities, test) = (harness.capabilities(), test.to_owned());
    try_clause(clause, &capabilities, flavour, move || Subject::new(harness, test, effort))
}

/// Tries a clause of a read model's contract on one runtime.
pub fn read_clause(
    clause: &Clause<ReadSubject>,
    harness: Arc<dyn ReadHarness>,
    flavour: Flavour,
    effort: Effort,
) -> Outcome {
    let capabilities = harness.capabilities();
    try_clause(
        clause,
        &capabilities,
        flavour,
        move || async move { ReadSubject::new(&*harness, effort).await },
    )
}

fn try_clause<S, F>(
    clause: &Clause<S>,
    capabilities: &Capabilities,
    flavour: Flavour,
    subject: impl FnOnce() -> F + Send + 'static,
) -> Outcome
where
    S: Send + 'static,
    F: Future<Output = Verdict<S>> + Send,
{
    if let Some((_, reason)) = capabilities.obstacle(clause.needs) {
        return Outcome::Skipped(reason);
    }
    let check = clause.check;
    let verdict = on_a_runtime(flavour, move || async move {
        let mut subject = subject().await?;
        check(&mut subject).await
    });
    match verdict {
        Ok(()) => Outcome::Kept,
        Err(breach) => Outcome::Broken(breach),
    }
}

/// The tests of one contract of one adapter, as the macros make them.
#[derive(Debug)]
pub struct Suite<S: 'static> {
    /// The package of the adapter.
    pub package: &'static str,
    /// The path of the module with the tests.
    pub module: &'static str,
    /// The clauses of the contract.
    pub clauses: &'static [Clause<S>],
}

impl<S> Suite<S> {
    fn title(&self) -> String {
        format!("{}, {}", self.package, self.module)
    }

    /// Tries a clause on both runtimes, on the second where the first has nothing against it.
    ///
    /// # Panics
    /// Where it is broken.
    fn judge(&self, clause: &Clause<S>, capabilities: &Capabilities, run: impl Fn(Flavour) -> Outcome) {
        let mut tried = (Flavour::MultiThread, Outcome::Kept);
        for flavour in Flavour::ALL {
            tried = (flavour, run(flavour));
            if !matches!(tried.1, Outcome::Kept) {
                break;
            }
        }
        report::record(&self.title(), self.clauses, capabilities, clause.name, &tried.1);
        judge(clause.code, clause.name, tried.0, &tried.1);
    }
}

/// What the test of a clause does: tries it on both runtimes. In a child process it does the child's work instead.
///
/// # Panics
/// Where the clause is broken: it is a test.
pub fn write_test(suite: &Suite<Subject>, name: &str, harness: impl WriteHarness) {
    let (clause, harness) = (named(suite.clauses, name), Arc::new(harness) as Arc<dyn WriteHarness>);
    let test = test_name(suite.module, clause.name);
    if let Some(child) = child::from_environment(&test) {
        let worked = on_a_runtime(Flavour::MultiThread, move || async move {
            child.work(harness, child::tell_parent()).await
        });
        assert!(worked.is_ok(), "the child process could not work: {worked:?}");
        return;
    }
    suite.judge(clause, &harness.capabilities(), |flavour| {
        write_clause(clause, Arc::clone(&harness), &test, flavour, Effort::Full)
    });
}

/// What the test of a clause of a read model does: tries it on both runtimes.
///
/// # Panics
/// Where the clause is broken: it is a test.
pub fn read_test(suite: &Suite<ReadSubject>, name: &str, harness: impl ReadHarness) {
    let (clause, harness) = (named(suite.clauses, name), Arc::new(harness) as Arc<dyn ReadHarness>);
    suite.judge(clause, &harness.capabilities(), |flavour| {
        read_clause(clause, Arc::clone(&harness), flavour, Effort::Full)
    });
}

/// Runs this many copies of the contracts of a write store at once, against one harness: stores in one place, as they
/// are when several programs and several tests share a machine or a server. Each copy begins with another clause. What
/// takes a process of its own is left to the tests of the clauses.
///
/// # Panics
/// Where a clause is broken: it is a test.
pub fn stress(harness: impl WriteHarness, copies: usize) {
    let harness: Arc<dyn WriteHarness> = Arc::new(harness);
    let clauses: Vec<&'static Clause<Subject>> =
        [contracts::WRITE, contracts::JOURNAL, contracts::CHECKPOINT]
            .into_iter()
            .flatten()
            .filter(|clause| !clause.needs.contains(&Capability::Kill))
            .collect();
    let copy = |number: usize| {
        let (mut clauses, harness) = (clauses.clone(), Arc::clone(&harness));
        let first = number * clauses.len() / copies.max(1);
        clauses.rotate_left(first);
        std::thread::spawn(move || {
            for clause in clauses {
                let flavour = Flavour::MultiThread;
                let outcome = write_clause(clause, Arc::clone(&harness), clause.name, flavour, Effort::Small);
                judge(clause.code, clause.name, flavour, &outcome);
            }
        })
    };
    let running: Vec<_> = (0..copies).map(copy).collect();
    let broken = running.into_iter().filter_map(|copy| copy.join().err()).count();
    assert_eq!(
        broken, 0,
        "copies of the contracts that were broken by the others; what was said stands above"
    );
}

/// Fails the test of a clause that was broken.
pub(crate) fn judge(code: &str, name: &str, flavour: Flavour, outcome: &Outcome) {
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

/// Whether an adapter's skips are the reviewed ones: beside the tests of `module` stands a file
/// `tests/<test target>.skips` with a line `CODE name: reason` for each. No file, no skips.
///
/// # Panics
/// Where a clause is skipped that is not listed, or listed and not skipped.
pub fn skips_are_reviewed<S>(
    clauses: &[Clause<S>],
    capabilities: &Capabilities,
    manifest: &str,
    module: &str,
) {
    let target = module.split("::").next().unwrap_or(module);
    let file = std::path::Path::new(manifest).join("tests").join(target).with_extension("skips");
    let skips = std::fs::read_to_string(file).unwrap_or_default();
    same_skips(clauses, capabilities, &skips);
}

fn same_skips<S>(clauses: &[Clause<S>], capabilities: &Capabilities, skips: &str) {
    if capabilities.is_out_of_reach() {
        return;
    }
    let listed: Vec<&str> = skips.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    let ours: Vec<&str> =
        listed.iter().copied().filter(|line| clauses.iter().any(|clause| is_about(line, clause))).collect();
    let skipped: Vec<String> = clauses
        .iter()
        .filter_map(|clause| {
            let (_, reason) = capabilities.obstacle(clause.needs)?;
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
    F: Future<Output = Verdict> + Send + 'static,
{
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let panicked = |_| Err(Breach::new("it panicked; the message stands above"));
        let run = || match flavour.runtime() {
            // As a task among the others: what it starts takes turns with it, on every runtime.
            Ok(runtime) => runtime.block_on(async { tokio::spawn(make()).await.unwrap_or_else(panicked) }),
            Err(error) => Err(Breach::new(format!("no runtime: {error}"))),
        };
        drop(sender.send(run()));
    });
    receiver
        .recv_timeout(LIMIT)
        .unwrap_or_else(|_| Err(Breach::new(format!("it hangs: not done in {LIMIT:?}"))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Capability;
    use crate::contracts::{CHECKPOINT, JOURNAL, READ, WRITE};

    const SKIPS: &str = "# Why.\n\nJ4 j04_of_another_contract: whatever\n\
        C15 c15_what_was_saved_survives_a_kill: it is in memory\n";

    #[test]
    fn a_skip_that_was_reviewed_is_as_good_as_none() {
        same_skips(CHECKPOINT, &Capabilities::all().without(Capability::Kill, "it is in memory"), SKIPS);
        same_skips(CHECKPOINT, &Capabilities::all(), "");
    }

    #[test]
    #[should_panic(expected = "not the reviewed ones")]
    fn a_new_skip_fails() {
        let capabilities = Capabilities::all()
            .without(Capability::Kill, "it is in memory")
            .without(Capability::Reopen, "it is in memory");
        same_skips(CHECKPOINT, &capabilities, SKIPS);
    }

    #[test]
    #[should_panic(expected = "not the reviewed ones")]
    fn a_skip_that_is_needed_no_more_fails() {
        same_skips(CHECKPOINT, &Capabilities::all(), SKIPS);
    }

    #[test]
    fn a_name_begins_with_its_code() {
        let codes =
            [WRITE, JOURNAL, CHECKPOINT].into_iter().flatten().map(|clause| (clause.code, clause.name));
        for (code, name) in codes.chain(READ.iter().map(|clause| (clause.code, clause.name))) {
            let (letter, number) = code.split_at(1);
            let number: u8 = number.parse().unwrap();
            assert!(name.starts_with(&format!("{}{number:02}_", letter.to_lowercase())), "{code} {name}");
        }
    }

    #[test]
    fn a_clause_that_panics_is_broken() {
        let verdict = on_a_runtime(Flavour::CurrentThread, || async {
            assert_eq!(1, 2, "this is the panic that the test is about");
            Ok(())
        });
        assert!(verdict.is_err_and(|breach| breach.message().contains("panicked")));
    }

    #[test]
    fn the_runner_knows_a_test_by_its_path_in_the_crate() {
        assert_eq!(test_name("contract::write_contract", "w01"), "write_contract::w01");
        assert_eq!(test_name("contract", "w01"), "w01");
    }
}
