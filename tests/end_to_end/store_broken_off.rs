//! A copy and a switch that are asked to end on the way, and two switches at once: what stands afterwards, what is said,
//! and that it goes on.

use std::io::{BufRead as _, BufReader, Read as _};
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

/// Starts it, and asks it to end where it is on the way and cannot come on.
fn asked_to_end(place: &Place, verb: &str, name: &str) -> Ran {
    let copy = place.path(name);
    let child = store(place, verb, &url(place, name), &[]).spawn().unwrap();
    has_begun(&copy);
    let hold = Hold::of(&copy);
    program::signal(child.id(), "INT");
    drop(hold);
    child.wait_with_output().unwrap().into()
}

#[test]
fn a_copy_that_is_asked_to_end_is_unfinished_and_goes_on() {
    let place = part_of_the_market(LINES);
    let next = url(&place, "next.db");
    asked_to_end(&place, "copy", "next.db").fails(1, &["broken off", "the same command goes on"]);
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
    asked_to_end(&place, "switch", "next.db").fails(1, &["broken off", "takes commands as before"]);
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

#[test]
fn a_switch_that_is_asked_to_end_while_the_source_stands_still_is_finished_first() {
    let place = part_of_the_market(LINES);
    let next = url(&place, "next.db");
    let mut child = store(&place, "switch", &next, &["--at-most", "30"]).spawn().unwrap();
    has_begun(&place.path("next.db"));
    // It comes up to where the source is handed over, and no further.
    let hold = Hold::of(&place.store());
    let mut said = BufReader::new(child.stderr.take().unwrap());
    let mut lines = String::new();
    while !lines.contains("is handed over") {
        assert_ne!(said.read_line(&mut lines).unwrap(), 0, "it has ended: {lines}");
    }
    program::signal(child.id(), "INT");
    while !lines.contains("finished first") {
        assert_ne!(said.read_line(&mut lines).unwrap(), 0, "it has ended: {lines}");
    }
    drop(hold);
    said.read_to_string(&mut lines).unwrap();
    let ran: Ran = child.wait_with_output().unwrap().into();
    assert!(ran.ok().rows()[0]["read_only_seconds"].is_number(), "{lines}");
    place.run(&["serve", "--listen", "127.0.0.1:0"]).fails(3, &["has moved to", "next.db"]);
    at(&place, &next, &["store", "check"]).ok();
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
    let (next, load) = (url(&place, "next.db"), Load::new(0));
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
    load::holds_what_was_told(&program::portolan, &place, &next, &seen, &client);
    server.end();
}
