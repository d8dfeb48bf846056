//! Each saboteur breaks its own clauses and no other, and each clause has one.

use std::collections::BTreeSet;
use std::sync::Arc;

use portolan_testkit::contracts::{CHECKPOINT, JOURNAL, WRITE};
use portolan_testkit::run::{Flavour, Outcome, write_clause};
use portolan_testkit::saboteurs::{SabotagedHarness, Saboteur, all};
use portolan_testkit::{Clause, Effort, Subject};

fn clauses() -> impl Iterator<Item = &'static Clause<Subject>> {
    [WRITE, JOURNAL, CHECKPOINT].into_iter().flatten()
}

#[test]
fn each_clause_has_a_saboteur() {
    let broken: BTreeSet<&str> = all().flat_map(|saboteur| saboteur.breaks).copied().collect();
    let known: BTreeSet<&str> = clauses().map(|clause| clause.name).collect();
    assert_eq!(broken, known, "the clauses that a saboteur breaks, and those that there are");
}

#[test]
fn each_saboteur_breaks_its_own_clauses_and_no_other() {
    // Side by side, because each waits for deadlines more than it works.
    let saboteurs: Vec<_> = all().map(|saboteur| std::thread::spawn(move || complaints(saboteur))).collect();
    let complaints: Vec<String> =
        saboteurs.into_iter().flat_map(|saboteur| saboteur.join().expect("a saboteur's thread")).collect();
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

/// What is wrong with what a saboteur says of itself.
fn complaints(saboteur: &'static Saboteur) -> Vec<String> {
    let mut complaints = Vec::new();
    for clause in clauses() {
        let harness = Arc::new(SabotagedHarness::new(saboteur));
        let outcome = write_clause(clause, harness, clause.name, Flavour::MultiThread, Effort::Small);
        let is_broken = matches!(outcome, Outcome::Broken(_));
        let (own, suffers) = (saboteur.breaks.contains(&clause.name), saboteur.also.contains(&clause.name));
        if is_broken && !own && !suffers {
            complaints.push(format!("`{}` breaks {} too: {outcome:?}", saboteur.name, clause.name));
        }
        if own && !is_broken {
            complaints.push(format!("`{}` does not break {}", saboteur.name, clause.name));
        }
    }
    complaints
}
