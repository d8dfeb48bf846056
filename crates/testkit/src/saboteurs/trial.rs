//! Tries saboteurs over an adapter's stores: each breaks its own clauses and no other there, too.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use super::{READERS, ReadSaboteur, SabotagedHarness, SabotagedReadHarness, Saboteur, all};
use crate::contracts::{CHECKPOINT, JOURNAL, READ, WRITE};
use crate::run::{Flavour, Outcome, read_clause, write_clause};
use crate::{Clause, Effort, ReadHarness, Subject, WriteHarness};

/// How many saboteurs are at work at once: each waits more than it works.
const AT_ONCE: usize = 24;

/// Tries every saboteur over stores of new harnesses of this kind.
///
/// # Panics
/// Where one breaks a clause that it does not say, or does not break one that it says and the stores promise: it is a
/// test.
pub fn stores<H: WriteHarness>(harness: impl Fn() -> H + Send + Sync) {
    at_once(all().collect(), |saboteur| of_store(saboteur, &|| Arc::new(harness())));
}

/// Tries every saboteur of read models over models of new harnesses of this kind.
///
/// # Panics
/// As [`stores`].
pub fn models<H: ReadHarness>(harness: impl Fn() -> H + Send + Sync) {
    at_once(READERS.iter().collect(), |saboteur| of_model(saboteur, &|| Arc::new(harness())));
}

/// What is wrong with each of these.
fn at_once<S: Sync>(saboteurs: VecDeque<&'static S>, trial: impl Fn(&'static S) -> Vec<String> + Sync) {
    let (waiting, complaints) = (Mutex::new(saboteurs), Mutex::new(Vec::new()));
    let next = || waiting.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(saboteur) = next() {
                    let found = trial(saboteur);
                    complaints.lock().unwrap_or_else(PoisonError::into_inner).extend(found);
                }
            });
        }
    });
    let complaints = complaints.into_inner().unwrap_or_else(PoisonError::into_inner);
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

fn of_store(saboteur: &'static Saboteur, harness: &dyn Fn() -> Arc<dyn WriteHarness>) -> Vec<String> {
    let says = Says { name: saboteur.name, breaks: saboteur.breaks, also: saboteur.also };
    let clauses = [WRITE, JOURNAL, CHECKPOINT].into_iter().flatten();
    let complaint = |clause: &'static Clause<Subject>| {
        let harness = Arc::new(SabotagedHarness::over(harness(), saboteur));
        let flavour = Flavour::MultiThread;
        says.complaint(clause.name, &write_clause(clause, harness, clause.name, flavour, Effort::Small))
    };
    clauses.filter_map(complaint).collect()
}

fn of_model(saboteur: &'static ReadSaboteur, harness: &dyn Fn() -> Arc<dyn ReadHarness>) -> Vec<String> {
    let says = Says { name: saboteur.name, breaks: saboteur.breaks, also: saboteur.also };
    let complaint = |clause: &'static Clause<crate::ReadSubject>| {
        let harness = Arc::new(SabotagedReadHarness::over(harness(), saboteur));
        says.complaint(clause.name, &read_clause(clause, harness, Flavour::MultiThread, Effort::Small))
    };
    READ.iter().filter_map(complaint).collect()
}

/// What a saboteur says of itself.
struct Says {
    name: &'static str,
    breaks: &'static [&'static str],
    also: &'static [&'static str],
}

impl Says {
    /// What is wrong with it, by what became of a clause. What the stores do not promise cannot be broken.
    fn complaint(&self, clause: &str, outcome: &Outcome) -> Option<String> {
        let (own, suffers) = (self.breaks.contains(&clause), self.also.contains(&clause));
        match outcome {
            Outcome::Broken(_) if !own && !suffers => {
                Some(format!("`{}` breaks {clause} too: {outcome:?}", self.name))
            }
            Outcome::Kept if own => Some(format!("`{}` does not break {clause}", self.name)),
            _ => None,
        }
    }
}
