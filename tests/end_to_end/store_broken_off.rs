//! A copy and a switch that are asked to end on the way, and two switches at once: what stands afterwards, what is said,
//! and that it goes on.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::read_models::part_of_the_market;
use crate::support::load::{self, Load};
use crate::support::place::{Place, Ran};
use crate::support::server::Server;
use crate::support::store::{Hold, find_number};
use crate::support::trade::{draft_line, from_now, listing};
use crate::support::{program, wait};

/// A market that takes long enough to be copied for somebody to come in between.
const LINES: usize = 1_500;

fn at(place: &Place, url: &str, arguments: &[&str]) -> Ran {
    load::at(program::portolan(), place, url, arguments)
}

/// `store copy` or `store switch` from the place's store to the one of this name.
fn store(place: &Place, verb: &str, to: &str, more: &[&str]) -> Command {
    let mut command = program::portolan();
    command.current_dir(place.path("")).args(["store", verb, "--json", "--from", &place.url(), "--to", to]);
    command.args(more).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn url(place: &Place, name: &str) -> String {
    format!("sqlite:{}", place.path(name).display())
}

/// Waits until the copy in this file has events: then it is begun, and its source was looked at.
fn has_begun(copy: &Path) {
    wait::until("the copy has begun", || {
        find_number(copy, "select count(*) from journal").filter(|count| *count > 0)
    });
}

/// How often it is tried again where a signal came too late.
const TRIES: usize = 20;

/// A copy that was asked to end where it was on the way and could not come on: its name, and what it said.
fn copy_asked_to_end(place: &Place) -> (String, Ran) {
    for number in 0..TRIES {
        let name = format!("next{number}.db");
        let copy = place.path(&name);
        let child = store(place, "copy", &url(place, &name), &[]).spawn().unwrap();
        has_begun(&copy);
        let hold = Hold::of(&copy);
        program::signal(child.id(), "INT");
        drop(hold);
        let ran = Ran::from(child.wait_with_output().unwrap());
        if ran.status != 0 {
            return (name, ran);
        }
    }
    panic!("the signal came too late each time");
}

#[test]
fn a_copy_that_is_asked_to_end_is_unfinished_and_goes_on() {
    let place = part_of_the_market(LINES);
    let (name, ran) = copy_asked_to_end(&place);
    ran.fails(1, &["broken off", "the same command goes on"]);
    let next = url(&place, &name);
    at(&place, &next, &["store", "info"]).fails(1, &["unfinished copy", "store copy"]);
    place.run(&["store", "check"]).ok();
    let copied: Ran = store(&place, "copy", &next, &[]).output().unwrap().into();
    let events = place.events();
    assert_eq!(copied.ok().rows()[0]["events"], events.len());
    assert_eq!(at(&place, &next, &["events", "--json"]).ok().rows(), events);
    at(&place, &next, &["store", "check"]).ok();
}

#[test]
fn a_switch_that_is_asked_to_end_leaves_the_source_as_it_was_and_goes_on() {
    let place = part_of_the_market(LINES);
    let next = url(&place, "next.db");
    // It takes the copy into its hands, and waits for its turn at the source.
    let hold = Hold::of(&place.store());
    let child = store(&place, "switch", &next, &[]).spawn().unwrap();
    wait::until("the copy is in its hands", || {
        let held = "select count(*) from store_info where name = 'copy_in_hands'";
        find_number(&place.path("next.db"), held).filter(|count| *count > 0)
    });
    program::signal(child.id(), "INT");
    drop(hold);
    let ran = Ran::from(child.wait_with_output().unwrap());
    ran.fails(1, &["broken off", "takes commands as before"]);
    at(&place, &next, &["store", "info"]).fails(1, &["unfinished copy", "store switch"]);
    let info = place.run(&["store", "info", "--json"]).ok().rows().remove(0);
    assert_eq!((&info["moved"], &info["moved_to"]), (&false.into(), &Value::Null), "{info}");
    let mut line = draft_line(&listing(9), from_now(3_600_000));
    line["description"] = "Written after the first try.".into();
    place.import(&[line]);
    let switched: Ran = store(&place, "switch", &next, &[]).output().unwrap().into();
    assert_eq!(switched.ok().rows()[0]["events"], place.events().len());
    at(&place, &next, &["show", &listing(9)]).ok();
    at(&place, &next, &["store", "check"]).ok();
}

/// Asks a switch to end where the source stands still. Answers whether it heard of that in time.
fn switch_asked_to_end_at_last(place: &Place, next: &str) -> bool {
    let mut child = store(place, "switch", next, &["--at-most", "30"]).spawn().unwrap();
    has_begun(&place.path("next.db"));
    // It comes up to where the source is handed over, and no further.
    let hold = Hold::of(&place.store());
    let mut said = BufReader::new(child.stderr.take().unwrap());
    let mut lines = String::new();
    let mut says = |words: &str| {
        while !lines.contains(words) {
            if said.read_line(&mut lines).unwrap() == 0 {
                return false;
            }
        }
        true
    };
    assert!(says("is handed over"), "it says so");
    program::signal(child.id(), "INT");
    let is_heard = says("finished first");
    drop(hold);
    // The rest is read, so that it can be written.
    let _ = says("nothing that it says");
    let ran: Ran = child.wait_with_output().unwrap().into();
    assert!(ran.ok().rows()[0]["read_only_seconds"].is_number(), "{lines}");
    is_heard
}

#[test]
fn a_switch_that_is_asked_to_end_while_the_source_stands_still_is_finished_first() {
    let is_heard = (0..TRIES).any(|_| {
        let place = part_of_the_market(LINES);
        let next = url(&place, "next.db");
        let is_heard = switch_asked_to_end_at_last(&place, &next);
        // Whether it has heard of it or had just ended, it is done.
        place.run(&["serve", "--listen", "127.0.0.1:0"]).fails(3, &["has moved to", "next.db"]);
        at(&place, &next, &["store", "check"]).ok();
        is_heard
    });
    assert!(is_heard, "the signal came too late each time");
}

/// Lets both run, and answers what they said: the first of those that were done, then the other.
fn both(children: [Child; 2]) -> [(usize, Ran); 2] {
    let mut ran = children.map(|child| Ran::from(child.wait_with_output().unwrap()));
    let first = usize::from(ran[0].status != 0);
    ran.rotate_left(first);
    let [done, other] = ran;
    [(first, done), (1 - first, other)]
}

#[test]
fn of_two_switches_at_once_to_two_stores_one_is_done_and_the_other_says_so() {
    let place = Place::new();
    let server = Server::start(&place);
    let client = server.client();
    Load::publish(&client);
    let (mut urls, load) = (Vec::new(), Load::new(0));
    let seen = load.during(&client, || {
        load.goes_on(50);
        urls = vec![url(&place, "first.db"), url(&place, "second.db")];
        let start = |to: &String| store(&place, "switch", to, &[]).spawn().unwrap();
        let [(done, ran), (late, other)] = both([start(&urls[0]), start(&urls[1])]);
        ran.ok();
        other.fails_at_last(1, &["a move of this s", "already"]);
        // The other one is unfinished, and takes nothing.
        at(&place, &urls[late], &["store", "info"]).fails(1, &["unfinished copy"]);
        urls.swap(0, done);
        load.goes_on(50);
    });
    load::holds_what_was_told(&program::portolan, &place, &urls[0], &seen, &client);
    server.end();
}

#[test]
fn of_two_switches_at_once_to_one_store_one_is_done_and_nothing_is_lost() {
    let place = Place::new();
    let server = Server::start(&place);
    let client = server.client();
    Load::publish(&client);
    let (next, load, stalls) = (url(&place, "next.db"), Load::new(0), wait::Stalls::watch());
    let seen = load.during(&client, || {
        load.goes_on(50);
        let start = || store(&place, "switch", &next, &[]).spawn().unwrap();
        let [(_, done), (_, other)] = both([start(), start()]);
        done.ok();
        // Or it came when all was done.
        if other.status != 0 {
            other.fails_at_last(1, &["another `store switch`"]);
        }
        load.goes_on(50);
    });
    // Neither lets the source stand still while the other one is on its way.
    let longest = seen.iter().map(|seen| seen.longest_503).max().unwrap();
    assert!(longest <= load::READ_ONLY + 4 * stalls.longest(), "{longest:?}");
    load::holds_what_was_told(&program::portolan, &place, &next, &seen, &client);
    server.end();
}
