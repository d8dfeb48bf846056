//! `kill -9` in the middle of an import, again and again: the same import goes on, and ends as if nothing had been.

use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::Instant;

use rusqlite::{Connection, OpenFlags};
use serde_json::Value;

use crate::support::market::assert_matches_the_model;
use crate::support::place::Place;
use crate::support::{market, store, wait};

/// How often it is killed.
const ROUNDS: usize = 50;

/// In how many rounds the kill must have hit the middle.
const IN_THE_MIDDLE: usize = 40;

/// Every so many rounds take the whole file and compare with the model; the others take a part of it and compare
/// with an import that nobody disturbed.
const WHOLE_EVERY: usize = 10;

/// How many lines the part has.
const PART_LINES: usize = 800;

/// Sets where the kills hit, to see a run again.
const SEED: &str = "PORTOLAN_TEST_SEED";

#[test]
fn an_import_that_is_killed_anywhere_goes_on_to_the_same_end() {
    let seed =
        std::env::var(SEED).ok().and_then(|seed| seed.parse().ok()).unwrap_or_else(|| fastrand::u64(..));
    println!("{SEED}={seed} shows these kills again, as far as the machine lets it");
    let mut random = fastrand::Rng::with_seed(seed);
    let whole = Undisturbed::import(&std::fs::read_to_string(market::file()).unwrap());
    assert_matches_the_model(&whole.place, "report.json");
    let part = Undisturbed::import(&first_lines(PART_LINES));
    let mut in_the_middle = 0;
    for round in 0..ROUNDS {
        let undisturbed = if round % WHOLE_EVERY == 0 { &whole } else { &part };
        let target = random.u64(1..undisturbed.outcomes);
        let hit = kill_and_go_on(undisturbed, target);
        println!(
            "kill {:>2}: after {hit} of {} outcomes (aimed at {target})",
            round + 1,
            undisturbed.outcomes
        );
        in_the_middle += usize::from(hit > 0 && hit < undisturbed.outcomes);
    }
    println!("{in_the_middle} of {ROUNDS} kills hit the middle");
    assert!(in_the_middle >= IN_THE_MIDDLE, "only {in_the_middle} of {ROUNDS} kills hit the middle");
}

/// What an import that nobody disturbed leaves.
struct Undisturbed {
    place: Place,
    file: PathBuf,
    outcomes: u64,
    state: State,
}

/// All that an import leaves to see, times and ids of its own aside.
#[derive(Debug, PartialEq)]
struct State {
    report: Value,
    listings: Vec<Value>,
    orders: Vec<Value>,
    events: i64,
    outcomes: i64,
}

impl Undisturbed {
    fn import(text: &str) -> Self {
        let place = Place::new();
        let file = place.write("commands.jsonl", text);
        place.run(&["import", "commands.jsonl", "--report", "report.json"]).ok();
        let outcomes = store::outcomes(&place.store()).expect("the store is there");
        let state = State::of(&place);
        Self { place, file, outcomes, state }
    }
}

impl State {
    fn of(place: &Place) -> Self {
        Self {
            report: market::report(place, "report.json"),
            listings: market::rows(place, "listings"),
            orders: market::rows(place, "orders"),
            events: store::number(&place.store(), "select count(*) from journal"),
            outcomes: store::number(&place.store(), "select count(*) from commands"),
        }
    }
}

/// Kills an import once so many outcomes are kept, runs it again, and compares. Gives how many outcomes the kill
/// left.
fn kill_and_go_on(undisturbed: &Undisturbed, target: u64) -> u64 {
    let place = Place::new();
    let file = undisturbed.file.to_str().unwrap();
    let mut killed = place.command(&["import", file, "--report", "report.json"]);
    let killed = killed.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    kill_after(killed, &place.store(), target);
    let hit = outcomes_of_a_copy(&place);

    place.run(&["import", file, "--report", "report.json"]).ok();
    let state = State::of(&place);
    assert_eq!(state, undisturbed.state, "killed after {hit} outcomes");
    place.run(&["store", "check"]).ok();
    hit
}

/// Kills the program as soon as its store keeps so many outcomes, or when it has ended.
fn kill_after(mut program: Child, path: &Path, target: u64) {
    let deadline = Instant::now() + wait::LONG;
    let mut watching: Option<Connection> = None;
    while program.try_wait().unwrap().is_none() {
        assert!(Instant::now() < deadline, "{target} outcomes within {:?}", wait::LONG);
        if watching.is_none() && path.exists() {
            watching = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).ok();
        }
        // The tables are made a moment after the file.
        if watching.as_ref().and_then(store::count).is_some_and(|count| count >= target) {
            break;
        }
        std::thread::yield_now();
    }
    program.kill().unwrap();
    program.wait().unwrap();
}

/// How many outcomes are kept, counted in a copy: the next import is to find the store as the kill left it, its
/// log not yet recovered by anybody.
fn outcomes_of_a_copy(place: &Place) -> u64 {
    let copy = tempfile::tempdir().unwrap();
    for name in ["portolan.db", "portolan.db-wal"] {
        if place.path(name).exists() {
            std::fs::copy(place.path(name), copy.path().join(name)).unwrap();
        }
    }
    store::outcomes(&copy.path().join("portolan.db")).unwrap_or(0)
}

fn first_lines(count: usize) -> String {
    let text = std::fs::read_to_string(market::file()).unwrap();
    text.lines().take(count).map(|line| format!("{line}\n")).collect()
}
