//! A store moves while it is served: commands wait for a moment, and none is lost or done twice.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::support::load::{Load, asked_until_told};
use crate::support::place::{Place, Ran};
use crate::support::server::Server;
use crate::support::stream::EventStream;
use crate::support::trade::{ALICE, BOB, bid, draft, from_now, listing, order_of, overdue, small_market};
use crate::support::{load, program, wait};

fn at(place: &Place, url: &str, arguments: &[&str]) -> Ran {
    load::at(program::portolan(), place, url, arguments)
}

fn switch(place: &Place, to: &str, more: &[&str]) -> Command {
    let mut command = program::portolan();
    command.current_dir(place.path("")).args([
        "store",
        "switch",
        "--from",
        &place.url(),
        "--to",
        to,
        "--json",
    ]);
    command.args(more);
    command
}

fn switched(place: &Place, to: &str) -> Value {
    let ran: Ran = switch(place, to, &[]).output().unwrap().into();
    ran.ok().rows().remove(0)
}

/// Runs this switch and kills it as soon as it lets the source stand still.
pub(crate) fn killed_when_it_stands_still(mut switch: Command) {
    let mut switching = switch.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let said = BufReader::new(switching.stderr.take().unwrap());
    // It says nothing where it finds itself done.
    let _ = said.lines().map_while(Result::ok).any(|line| line.contains("takes no commands"));
    kill(switching);
}

pub(crate) fn kill(mut child: Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_store_moves_while_it_is_served_and_no_command_is_lost_or_done_twice() {
    let place = Place::new();
    let server = Server::start(&place);
    let client = server.client();
    Load::publish(&client);
    let next = format!("sqlite:{}?storage=document", place.path("next.db").display());
    let (load, stalls) = (Load::new(0), wait::Stalls::watch());
    let stream = EventStream::open(&server.address, Some(0));
    let mut done = Value::Null;
    let seen = load.during(&client, || {
        load.goes_on(100);
        done = switched(&place, &next);
        load.goes_on(100);
    });
    let longest = seen.iter().map(|seen| seen.longest_503).max().unwrap();
    println!("longest run of 503: {longest:?}; {done}");
    assert!(done["read_only_seconds"].as_f64().is_some_and(|seconds| seconds < 2.0), "{done}");
    assert!(longest <= load::READ_ONLY + 4 * stalls.longest(), "{longest:?}");
    load::holds_what_was_told(&program::portolan, &place, &next, &seen, &client);
    // The stream went on as if nothing had happened.
    let head = at(&place, &next, &["events", "--json"]).ok().rows().len() as u64;
    let ids: Vec<u64> = (0..head).map(|_| stream.next().unwrap().id).collect();
    assert_eq!(ids, (1..=head).collect::<Vec<_>>());
    // Nothing was written where it came from after the switch, and nobody can.
    assert!(place.events().len() < usize::try_from(head).unwrap());
    let arguments =
        ["send", r#"{"command": "publish_listing", "listing": "00000000-0000-4000-8000-111100000001"}"#];
    place.run(&arguments).fails(3, &["has moved to", "next.db"]);
    place.run(&["serve", "--listen", "127.0.0.1:0"]).fails(3, &["has moved to", "next.db"]);
    // Once more is no harm.
    assert_eq!(switched(&place, &next)["read_only_seconds"], Value::Null);
    server.end();
}

#[test]
fn what_is_due_later_happens_in_the_next_store_once() {
    let place = Place::new();
    let server = Server::start(&place);
    let client = server.client();
    let id = listing(1);
    client.post("/listings", &draft(&id, from_now(4_000))).expect(201);
    client.post(&format!("/listings/{id}/publish"), &Value::Null).expect(200);
    client.post(&format!("/listings/{id}/bids"), &bid(ALICE, 3_000)).expect(200);
    let next = format!("sqlite:{}?storage=events", place.path("next.db").display());
    switched(&place, &next);
    let order = order_of(&id);
    wait::until("the sale is an order", || {
        (client.get(&format!("/orders/{order}")).status == 200).then_some(())
    });
    // Another sale, of which the process learns in the next store alone.
    let lines: String = overdue(&listing(2)).iter().map(|line| format!("{line}\n")).collect();
    place.write("lines.jsonl", lines);
    at(&place, &next, &["import", "lines.jsonl"]).ok();
    wait::until("so is the next one", || {
        (client.get(&format!("/orders/{}", order_of(&listing(2)))).status == 200).then_some(())
    });
    let events = at(&place, &next, &["events", "--json"]).ok().rows();
    for id in [&id, &listing(2)] {
        let of = |id: &str, kind: &str| {
            events.iter().filter(|event| event["id"] == id && event["type"] == kind).count()
        };
        assert_eq!((of(id, "ListingSold"), of(&order_of(id), "OrderPlaced")), (1, 1), "{id}");
    }
    server.end();
    at(&place, &next, &["store", "check"]).ok();
}

#[test]
fn a_switch_that_is_killed_is_undone_or_run_again() {
    let place = Place::new();
    let server = Server::start(&place);
    let client = server.client();
    Load::publish(&client);
    let next = format!("sqlite:{}?storage=document", place.path("next.db").display());
    let load = Load::new(0);
    let seen = load.during(&client, || {
        load.goes_on(20);
        // On the way: the source takes commands all the time.
        for after_ms in [10, 60, 150] {
            let switching = switch(&place, &next, &[]).stderr(Stdio::null()).spawn().unwrap();
            std::thread::park_timeout(Duration::from_millis(after_ms));
            kill(switching);
            at(&place, &place.url(), &["store", "info"]).ok();
        }
        // Where the source stands still: it does so until somebody undoes that, or runs the switch again.
        for _ in 0..3 {
            killed_when_it_stands_still(switch(&place, &next, &[]));
            let info = at(&place, &place.url(), &["store", "info", "--json"]).ok().rows().remove(0);
            if info["moved"] == true {
                // The kill came too late.
                break;
            }
            let undone: Ran = switch(&place, &next, &["--undo"]).output().unwrap().into();
            assert!(undone.ok().stdout.contains("the source takes commands"));
            load.goes_on(20);
        }
        killed_when_it_stands_still(switch(&place, &next, &[]));
        switched(&place, &next);
        load.goes_on(20);
        // Commands were taken there: it is too late to undo it.
        let undone: Ran = switch(&place, &next, &["--undo"]).output().unwrap().into();
        undone.fails(1, &["cannot be undone"]);
        load.goes_on(20);
    });
    load::holds_what_was_told(&program::portolan, &place, &next, &seen, &client);
    server.end();
}

#[test]
fn a_switch_is_undone_as_long_as_the_next_store_took_no_command() {
    let place = Place::new();
    let server = Server::start(&place);
    let client = server.client();
    Load::publish(&client);
    let next = format!("sqlite:{}?storage=document", place.path("next.db").display());
    switched(&place, &next);
    let undone: Ran = switch(&place, &next, &["--undo"]).output().unwrap().into();
    assert!(undone.ok().stdout.contains("handed over to it"));
    let mut waited = Duration::default();
    let path = format!("/listings/{}/bids", listing(1));
    let bid = bid(BOB, 2_000);
    asked_until_told(&client, "after", &path, &bid, &mut waited).expect(200);
    assert_eq!(place.events().last().unwrap()["type"], "BidPlaced", "where it was before");
    let send =
        ["send", r#"{"command": "publish_listing", "listing": "00000000-0000-4000-8000-111100000001"}"#];
    at(&place, &next, &send).fails(3, &["has moved to", "portolan.db"]);
    server.end();
    place.run(&["store", "check"]).ok();
}

#[test]
fn to_undo_what_was_not_begun_makes_no_target() {
    let place = small_market();
    let next = format!("sqlite:{}", place.path("next.db").display());
    let undone: Ran = switch(&place, &next, &["--undo"]).output().unwrap().into();
    assert!(undone.ok().stdout.contains("nothing: the source takes commands"));
    assert!(!place.path("next.db").exists());
}

#[test]
fn of_a_wrong_target_of_a_source_that_is_handed_over_nothing_is_made() {
    let place = small_market();
    let [next, wrong] = ["next.db", "wrong.db"].map(|name| format!("sqlite:{}", place.path(name).display()));
    switched(&place, &next);
    for undo in [&[][..], &["--undo"]] {
        let refused: Ran = switch(&place, &wrong, undo).output().unwrap().into();
        refused.fails(1, &["handed over", "next.db", "wrong.db"]);
        assert!(!place.path("wrong.db").exists(), "{undo:?} made a store");
    }
    // Nor of a file that is there and empty, as a database on a server is.
    place.write("wrong.db", "");
    let refused: Ran = switch(&place, &wrong, &[]).output().unwrap().into();
    refused.fails(1, &["handed over", "next.db", "wrong.db"]);
    assert_eq!(std::fs::read(place.path("wrong.db")).unwrap(), b"");
    // A store of somebody else's is refused as before.
    let other = small_market();
    let refused: Ran = switch(&place, &other.url(), &[]).output().unwrap().into();
    refused.fails_at_last(1, &["another store", "next.db"]);
    assert_eq!(switched(&place, &next)["read_only_seconds"], Value::Null, "the right one goes on being it");
}

#[test]
fn a_copy_that_follows_is_ended_by_the_switch() {
    let place = Place::new();
    let server = Server::start(&place);
    let client = server.client();
    Load::publish(&client);
    let next = format!("sqlite:{}?storage=events", place.path("next.db").display());
    let mut following = program::portolan();
    following.current_dir(place.path("")).args([
        "store",
        "copy",
        "--follow",
        "--from",
        &place.url(),
        "--to",
        &next,
    ]);
    let following = following.stderr(Stdio::piped()).spawn().unwrap();
    let load = Load::new(0);
    let seen = load.during(&client, || {
        load.goes_on(50);
        at(&place, &next, &["events"]).fails(1, &["unfinished copy", "store switch"]);
        switched(&place, &next);
        load.goes_on(20);
    });
    let ended: Ran = following.wait_with_output().unwrap().into();
    assert!(ended.ok().stderr.contains("the copy is whole"));
    load::holds_what_was_told(&program::portolan, &place, &next, &seen, &client);
    server.end();
}
