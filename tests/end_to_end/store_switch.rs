//! A store moves while it is served: commands wait for a moment, and none is lost or done twice.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::http::{Answer, Client};
use crate::support::place::{Place, Ran};
use crate::support::server::Server;
use crate::support::stream::EventStream;
use crate::support::trade::{bid, draft, from_now, listing, order_of, overdue};
use crate::support::{program, wait};

/// How long commands are answered 503 at the most.
const READ_ONLY: Duration = Duration::from_secs(2);

/// How many clients bid at once, and on how many listings.
const CLIENTS: u64 = 8;
const LISTINGS: u64 = 4;

/// What a client asked, and was told for good.
struct Told {
    key: String,
    path: String,
    body: Value,
    answer: Answer,
}

/// What a client has seen.
#[derive(Default)]
struct Seen {
    told: Vec<Told>,
    longest_503: Duration,
}

/// Clients that bid on and on, each command under a key of its own, and ask again until they are told an outcome.
struct Load {
    ends: AtomicBool,
    accepted: AtomicU64,
    highest: AtomicU64,
}

impl Load {
    fn new() -> Self {
        Self { ends: AtomicBool::new(false), accepted: AtomicU64::new(0), highest: AtomicU64::new(1_000) }
    }

    fn publish(client: &Client) {
        for n in 1..=LISTINGS {
            client.post("/listings", &draft(&listing(n), from_now(3_600_000))).expect(201);
            client.post(&format!("/listings/{}/publish", listing(n)), &Value::Null).expect(200);
        }
    }

    fn bid(&self, client: &Client, number: u64) -> Seen {
        let mut seen = Seen::default();
        let mut count = 0;
        while !self.ends.load(Ordering::Relaxed) {
            count += 1;
            // Each fourth is refused, which is an outcome like any other.
            let ceiling =
                if count % 4 == 0 { 1 } else { self.highest.fetch_add(300, Ordering::Relaxed).cast_signed() };
            let bidder = format!("00000000-0000-4000-8000-b1dd{number:04x}{count:04x}");
            let path = format!("/listings/{}/bids", listing(1 + (number + count) % LISTINGS));
            let (key, body) = (format!("{number}-{count}"), bid(&bidder, ceiling));
            let answer = asked_until_told(client, &key, &path, &body, &mut seen.longest_503);
            if answer.status == 200 {
                self.accepted.fetch_add(1, Ordering::Relaxed);
            }
            seen.told.push(Told { key, path, body, answer });
        }
        seen
    }

    /// Waits until so many more bids are accepted.
    fn goes_on(&self, by: u64) {
        let before = self.accepted.load(Ordering::Relaxed);
        wait::until("bids are accepted", || {
            (self.accepted.load(Ordering::Relaxed) >= before + by).then_some(())
        });
    }

    /// Lets clients of this server bid while `meanwhile` runs.
    fn during(&self, client: &Client, meanwhile: impl FnOnce()) -> Vec<Seen> {
        std::thread::scope(|scope| {
            let clients: Vec<_> =
                (0..CLIENTS).map(|number| scope.spawn(move || self.bid(&client.clone(), number))).collect();
            let ends = EndsWhenDropped(&self.ends);
            meanwhile();
            drop(ends);
            clients.into_iter().map(|client| client.join().unwrap()).collect()
        })
    }
}

/// Also where a test fails in between, so that it ends.
struct EndsWhenDropped<'a>(&'a AtomicBool);

impl Drop for EndsWhenDropped<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn asked_until_told(
    client: &Client,
    key: &str,
    path: &str,
    body: &Value,
    longest_503: &mut Duration,
) -> Answer {
    let mut since = None;
    loop {
        let answer = client.send("POST", path, &[("idempotency-key", key)], body);
        match answer.status {
            503 => {
                assert!(answer.header("retry-after").parse::<u64>().is_ok(), "{answer:?}");
                let since = *since.get_or_insert_with(Instant::now);
                *longest_503 = (*longest_503).max(since.elapsed());
                std::thread::park_timeout(Duration::from_millis(20));
            }
            // Somebody was faster, or there was no room: no outcome either.
            409 | 429 => std::thread::park_timeout(Duration::from_millis(5)),
            _ => return answer,
        }
    }
}

fn at(place: &Place, url: &str, arguments: &[&str]) -> Ran {
    let mut command = program::portolan();
    command.current_dir(place.path("")).args(["--write", url]).args(arguments);
    command.output().unwrap().into()
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

/// A switch that is killed as soon as it lets the source stand still.
fn killed_when_it_stands_still(place: &Place, to: &str) {
    let mut switching = switch(place, to, &[]).stderr(Stdio::piped()).spawn().unwrap();
    let said = BufReader::new(switching.stderr.take().unwrap());
    // It says nothing where it finds itself done.
    let _ = said.lines().map_while(Result::ok).any(|line| line.contains("takes no commands"));
    kill(switching);
}

fn kill(mut child: Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

/// Every command that was acknowledged is in this store exactly once, and nothing else is.
fn holds_what_was_told(place: &Place, url: &str, seen: &[Seen], client: &Client) {
    let events = at(place, url, &["events", "--json"]).ok().rows();
    let told: Vec<&Told> = seen.iter().flat_map(|seen| &seen.told).collect();
    let mut positions = BTreeSet::new();
    for told in &told {
        match told.answer.status {
            200 => {
                let receipt = told.answer.json();
                let position = receipt["position"].as_u64().unwrap();
                assert!(positions.insert(position), "position {position} was given twice");
                let event = &events[usize::try_from(position).unwrap() - 1];
                assert_eq!(
                    (&event["position"], &event["id"], &event["version"]),
                    (&receipt["position"], &receipt["id"], &receipt["version"])
                );
            }
            422 => {}
            other => panic!("{other}: {}", told.answer.text),
        }
    }
    let placed = events.iter().filter(|event| event["type"] == "BidPlaced").count();
    assert_eq!(placed, positions.len(), "each bid that was accepted, once");
    // A repeat of each is told the same, also a refusal, and nothing happens.
    for told in &told {
        let again = asked_until_told(client, &told.key, &told.path, &told.body, &mut Duration::default());
        assert_eq!((again.status, &again.text), (told.answer.status, &told.answer.text));
    }
    assert_eq!(at(place, url, &["events", "--json"]).ok().rows().len(), events.len());
    at(place, url, &["store", "check"]).ok();
}

#[test]
fn a_store_moves_while_it_is_served_and_no_command_is_lost_or_done_twice() {
    let place = Place::new();
    let server = Server::start(&place);
    let client = server.client();
    Load::publish(&client);
    let next = format!("sqlite:{}?storage=document", place.path("next.db").display());
    let (load, stalls) = (Load::new(), wait::Stalls::watch());
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
    assert!(longest <= READ_ONLY + 4 * stalls.longest(), "{longest:?}");
    holds_what_was_told(&place, &next, &seen, &client);
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
    client.post(&format!("/listings/{id}/bids"), &bid(crate::support::trade::ALICE, 3_000)).expect(200);
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
    let load = Load::new();
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
            killed_when_it_stands_still(&place, &next);
            let info = at(&place, &place.url(), &["store", "info", "--json"]).ok().rows().remove(0);
            if info["moved"] == true {
                // The kill came too late.
                break;
            }
            let undone: Ran = switch(&place, &next, &["--undo"]).output().unwrap().into();
            assert!(undone.ok().stdout.contains("the source takes commands"));
            load.goes_on(20);
        }
        killed_when_it_stands_still(&place, &next);
        switched(&place, &next);
        load.goes_on(20);
        // Commands were taken there: it is too late to undo it.
        let undone: Ran = switch(&place, &next, &["--undo"]).output().unwrap().into();
        undone.fails(1, &["cannot be undone"]);
        load.goes_on(20);
    });
    holds_what_was_told(&place, &next, &seen, &client);
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
    let bid = bid(crate::support::trade::BOB, 2_000);
    asked_until_told(&client, "after", &path, &bid, &mut waited).expect(200);
    assert_eq!(place.events().last().unwrap()["type"], "BidPlaced", "where it was before");
    let send =
        ["send", r#"{"command": "publish_listing", "listing": "00000000-0000-4000-8000-111100000001"}"#];
    at(&place, &next, &send).fails(3, &["has moved to", "portolan.db"]);
    server.end();
    place.run(&["store", "check"]).ok();
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
    let load = Load::new();
    let seen = load.during(&client, || {
        load.goes_on(50);
        at(&place, &next, &["events"]).fails(1, &["unfinished copy", "store switch"]);
        switched(&place, &next);
        load.goes_on(20);
    });
    let ended: Ran = following.wait_with_output().unwrap().into();
    assert!(ended.ok().stderr.contains("the copy is whole"));
    holds_what_was_told(&place, &next, &seen, &client);
    server.end();
}
