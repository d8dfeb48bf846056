//! Tries saboteurs over an adapter's stores: each breaks its own clauses and no other there, too.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use super::{READERS, ReadSaboteur, SabotagedHarness, SabotagedReadHarness, Saboteur, all};
use crate::contracts::{CHECKPOINT, JOURNAL, READ, WRITE};
use crate::run::{Flavour, Outcome, read_clause, write_clause};
use crate::{Clause, Effort, ReadHarness, Subject, WriteHarness};

/// How many saboteurs are at work at once: each waits more than it works.
const AT_ONCE: usize = 24;

/// How often a saboteur may keep what it breaks before it is found not to break it. Some of their mistakes show only where
/// two meet, which on a busy machine they may not.
const TRIES: usize = 8;

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
        says.complaint(clause.name, || {
            let harness = Arc::new(SabotagedHarness::over(harness(), saboteur));
            write_clause(clause, harness, clause.name, Flavour::MultiThread, Effort::Small)
        })
    };
    clauses.filter_map(complaint).collect()
}

fn of_model(saboteur: &'static ReadSaboteur, harness: &dyn Fn() -> Arc<dyn ReadHarness>) -> Vec<String> {
    let says = Says { name: saboteur.name, breaks: saboteur.breaks, also: saboteur.also };
    let complaint = |clause: &'static Clause<crate::ReadSubject>| {
        says.complaint(clause.name, || {
            let harness = Arc::new(SabotagedReadHarness::over(harness(), saboteur));
            read_clause(clause, harness, Flavour::MultiThread, Effort::Small)
        })
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
    /// What is wrong with it, by what becomes of a clause. What the stores do not promise cannot be broken.
    fn complaint(&self, clause: &str, run: impl Fn() -> Outcome) -> Option<String> {
        let (own, suffers) = (self.breaks.contains(&clause), self.also.contains(&clause));
        let tries = if own { TRIES } else { 1 };
        for _ in 0..tries {
            match run() {
                Outcome::Kept if own => {}
                outcome @ Outcome::Broken(_) if !own && !suffers => {
                    return Some(format!("`{}` breaks {clause} too: {outcome:?}", self.name));
                }
                _ => return None,
            }
        }
        Some(format!("`{}` does not break {clause}", self.name))
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::Breach;

    const SAYS: Says = Says { name: "it", breaks: &["own"], also: &["suffers"] };

    #[test]
    fn a_race_may_be_missed_and_a_mistake_that_never_shows_is_told() {
        let runs = Cell::new(0);
        let broken_at = |number: usize| {
            let runs = &runs;
            runs.set(0);
            move || {
                runs.set(runs.get() + 1);
                if runs.get() < number { Outcome::Kept } else { Outcome::Broken(Breach::new("so")) }
            }
        };
        assert_eq!(SAYS.complaint("own", broken_at(TRIES)), None);
        assert_eq!(runs.get(), TRIES);
        assert_eq!(SAYS.complaint("own", broken_at(TRIES + 1)).unwrap(), "`it` does not break own");
        assert_eq!(SAYS.complaint("suffers", broken_at(1)), None);
        assert!(SAYS.complaint("another", broken_at(1)).unwrap().starts_with("`it` breaks another too"));
        assert_eq!(SAYS.complaint("another", broken_at(2)), None);
        assert_eq!(runs.get(), 1, "once is enough where nothing is to be broken");
    }
}
