//! Each saboteur breaks its own clauses and no other, and each clause has one.

use std::collections::BTreeSet;
use std::sync::Arc;

use portolan_testkit::contracts::sample::Of;
use portolan_testkit::contracts::{CHECKPOINT, JOURNAL, READ, WRITE};
use portolan_testkit::counter::CounterSample;
use portolan_testkit::reference::{ReferenceHarness, ReferenceReadHarness};
use portolan_testkit::run::{Flavour, Outcome, write_clause};
use portolan_testkit::saboteurs::{READERS, SabotagedHarness, all, trial};
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
fn a_saboteur_that_breaks_more_than_one_clause_says_why() {
    let writers = all().map(|saboteur| (saboteur.name, saboteur.breaks, saboteur.also, saboteur.because));
    let readers =
        READERS.iter().map(|saboteur| (saboteur.name, saboteur.breaks, saboteur.also, saboteur.because));
    for (name, breaks, also, because) in writers.chain(readers) {
        assert_eq!(!because.is_empty(), breaks.len() + also.len() > 1, "`{name}`: {because:?}");
    }
}

#[test]
fn each_saboteur_breaks_its_own_clauses_and_no_other() {
    trial::stores(ReferenceHarness::default);
}

#[test]
fn each_saboteur_of_read_models_breaks_its_own_clauses_and_no_other() {
    trial::models(|| ReferenceReadHarness);
}

/// Who breaks each clause about samples, by its name.
const OF_SAMPLES: &[(&str, &str)] = &[
    ("w01_a_missing_id_is_none", "answers a missing aggregate"),
    ("w02_a_life_comes_back_after_each_commit", "keeps times in milliseconds"),
    ("w03_adding_what_exists_leaves_the_first_intact", "overwrites what an add finds"),
    ("w05_a_stale_commit_conflicts_and_writes_nothing", "lets the last writer win"),
    (
        "w05_what_builds_on_a_change_that_never_was_conflicts",
        "compares the version and not the event that made it",
    ),
    ("w06_a_change_to_what_is_gone_is_never_an_insert", "inserts what a change does not find"),
    ("w07_of_workers_in_a_race_each_step_is_written_once", "checks versions before it has the lock"),
    ("w09_a_failed_unit_writes_nothing_and_a_refusal_only_its_record", "forgets refusals"),
    (
        "w10_a_reader_never_sees_state_without_event_nor_event_without_state",
        "shows an event before its state",
    ),
    ("w11_a_dropped_commit_leaves_all_or_nothing", "keeps its lock when its caller goes"),
    ("w12_two_gets_in_one_unit_are_one_aggregate", "takes every currency for euros"),
    ("w13_what_was_removed_is_gone_and_lives_again", "forgets the versions of what was removed"),
    ("w14_a_stale_removal_conflicts", "removes whatever the version"),
    ("w18_a_commit_without_changes_writes_only_its_record", "forgets commands that changed nothing"),
    ("w19_what_was_acknowledged_survives_reopening", "keeps nothing that was closed"),
    ("w20_two_commit_together_or_not_at_all", "commits one aggregate after the other"),
    ("w21_a_repeated_command_answers_its_first_outcome", "forgets every command"),
    ("w21_a_repeat_in_a_race_is_written_once", "records a command in a second transaction"),
    ("w21_another_payload_under_one_id_is_refused", "looks at no fingerprint"),
    ("w21_failures_are_never_recorded", "records a command before it is sure"),
    ("w21_an_outcome_is_kept_until_its_time", "keeps records for ever"),
    ("w22_what_is_not_committed_never_shows", "shows what was never committed"),
    ("w23_replay_of_the_journal_equals_the_stored_state", "takes every currency for euros"),
    ("j01_each_commit_of_a_life_is_on_neighbouring_positions", "takes every event for a commit"),
    (
        "j02_a_wrong_expected_version_conflicts_and_writes_no_rows",
        "leaves the rows of a conflict in the journal",
    ),
    ("j03_of_two_writers_with_one_expectation_one_succeeds", "checks versions before it has the lock"),
    ("j06_an_event_comes_back_as_it_was_written", "drops what it does not know of metadata"),
    ("j07_an_event_id_is_never_written_twice", "writes an event id twice"),
    ("j15_each_version_of_the_past_is_what_it_was", "knows only the whole history"),
];

#[test]
fn each_clause_about_samples_has_a_saboteur() {
    let clauses = Of::<CounterSample>::CLAUSES;
    let named: Vec<&str> = OF_SAMPLES.iter().map(|(clause, _)| *clause).collect();
    assert_eq!(named, clauses.iter().map(|clause| clause.name).collect::<Vec<_>>());
    for (clause, (_, name)) in clauses.iter().zip(OF_SAMPLES) {
        let saboteur = all().find(|saboteur| saboteur.name == *name);
        let harness =
            Arc::new(SabotagedHarness::new(saboteur.unwrap_or_else(|| panic!("no saboteur `{name}`"))));
        let outcome = write_clause(clause, harness, clause.name, Flavour::MultiThread, Effort::Small);
        assert!(matches!(outcome, Outcome::Broken(_)), "`{name}` does not break {}", clause.name);
    }
}
