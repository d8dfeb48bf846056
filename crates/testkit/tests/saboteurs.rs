//! Each saboteur breaks its own clauses and no other, and each clause has one.

use std::collections::BTreeSet;
use std::sync::Arc;

use portolan_testkit::contracts::{CHECKPOINT, JOURNAL, READ, WRITE};
use portolan_testkit::run::{Flavour, Outcome, read_clause, write_clause};
use portolan_testkit::saboteurs::{
    READERS, ReadSaboteur, SabotagedHarness, SabotagedReadHarness, Saboteur, all,
};
use portolan_testkit::{Clause, Effort, Subject};

fn clauses() -> impl Iterator<Item = &'static Clause<Subject>> {
    [WRITE, JOURNAL, CHECKPOINT].into_iter().flatten()
}

#[test]
fn each_clause_has_a_saboteur() {
    let writers = all().flat_map(|saboteur| saboteur.breaks);
    let readers = READERS.iter().flat_map(|saboteur| saboteur.breaks);
    let broken: BTreeSet<&str> = writers.chain(readers).copied().collect();
    let known: BTreeSet<&str> =
        clauses().map(|clause| clause.name).chain(READ.iter().map(|clause| clause.name)).collect();
    assert_eq!(broken, known, "the clauses that a saboteur breaks, and those that there are");
}

#[test]
fn each_saboteur_breaks_its_own_clauses_and_no_other() {
    // Side by side, because each waits for deadlines more than it works.
    let saboteurs: Vec<_> = all().map(|saboteur| std::thread::spawn(move || of_store(saboteur))).collect();
    let complaints: Vec<String> =
        saboteurs.into_iter().flat_map(|saboteur| saboteur.join().expect("a saboteur's thread")).collect();
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

#[test]
fn each_saboteur_of_read_models_breaks_its_own_clauses_and_no_other() {
    let saboteurs: Vec<_> =
        READERS.iter().map(|saboteur| std::thread::spawn(move || of_model(saboteur))).collect();
    let complaints: Vec<String> =
        saboteurs.into_iter().flat_map(|saboteur| saboteur.join().expect("a saboteur's thread")).collect();
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

fn of_store(saboteur: &'static Saboteur) -> Vec<String> {
    let says = Says { name: saboteur.name, breaks: saboteur.breaks, also: saboteur.also };
    clauses()
        .filter_map(|clause| {
            let harness = Arc::new(SabotagedHarness::new(saboteur));
            let flavour = Flavour::MultiThread;
            says.complaint(clause.name, &write_clause(clause, harness, clause.name, flavour, Effort::Small))
        })
        .collect()
}

fn of_model(saboteur: &'static ReadSaboteur) -> Vec<String> {
    let says = Says { name: saboteur.name, breaks: saboteur.breaks, also: saboteur.also };
    READ.iter()
        .filter_map(|clause| {
            let harness = Arc::new(SabotagedReadHarness(saboteur));
            says.complaint(clause.name, &read_clause(clause, harness, Flavour::MultiThread, Effort::Small))
        })
        .collect()
}

/// What a saboteur says of itself.
struct Says {
    name: &'static str,
    breaks: &'static [&'static str],
    also: &'static [&'static str],
}

impl Says {
    /// What is wrong with it, by what became of a clause.
    fn complaint(&self, clause: &str, outcome: &Outcome) -> Option<String> {
        let is_broken = matches!(outcome, Outcome::Broken(_));
        let (own, suffers) = (self.breaks.contains(&clause), self.also.contains(&clause));
        if is_broken && !own && !suffers {
            return Some(format!("`{}` breaks {clause} too: {outcome:?}", self.name));
        }
        (own && !is_broken).then(|| format!("`{}` does not break {clause}", self.name))
    }
}
