//! Ends: asked for, forced, and under load. What was acknowledged stays.

use std::collections::HashSet;
use std::process::Stdio;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::http::{Client, RawClient};
use crate::support::market::assert_matches_the_model;
use crate::support::place::Place;
use crate::support::server::Server;
use crate::support::store::Hold;
use crate::support::stream::EventStream;
use crate::support::trade::{ALICE, bid, draft, from_now, jsonl, listing, order_of, overdue};
use crate::support::{market, program, store, wait};

/// Requests in hand may take ten seconds more; then the server ends all the same.
const END: Duration = Duration::from_secs(20);

#[test]
fn sigterm_under_load_loses_nothing_that_was_acknowledged() {
    let place = Place::new();
    let mut server = Server::start(&place);
    let load = Load::default();
    let address = server.address.clone();
    let ended_after = std::thread::scope(|scope| {
        for worker in 0..8 {
            let (load, address) = (&load, &address);
            scope.spawn(move || load.run(&Client::of(address), worker));
        }
        let enough = || (load.acknowledged() >= 200).then_some(());
        wait::until("there is load", enough);
        let asked = Instant::now();
        server.signal("TERM");
        let status = server.ended();
        load.is_over.store(true, Ordering::Relaxed);
        assert_eq!(status.code(), Some(0), "{}", server.said());
        asked.elapsed()
    });
    assert!(ended_after < END, "{ended_after:?}");
    load.assert_is_kept(&place);
    place.run(&["store", "check"]).ok();
}

#[test]
fn kill_under_load_loses_nothing_that_was_acknowledged() {
    let place = Place::new();
    let server = Server::start(&place);
    let load = Load::default();
    let address = server.address.clone();
    std::thread::scope(|scope| {
        for worker in 0..8 {
            let (load, address) = (&load, &address);
            scope.spawn(move || load.run(&Client::of(address), worker));
        }
        wait::until("there is load", || (load.acknowledged() >= 200).then_some(()));
        server.kill();
        load.is_over.store(true, Ordering::Relaxed);
    });
    load.assert_is_kept(&place);
    place.run(&["store", "check"]).ok();
}

#[test]
fn an_idle_connection_and_a_stream_do_not_hold_up_the_end() {
    let place = Place::new();
    let mut server = Server::start(&place);
    let stream = EventStream::open(&server.address, None);
    let idle = RawClient::connect(&server.address);
    let client = server.client();
    client.get("/health/live").expect(200);
    let asked = Instant::now();
    server.signal("INT");
    assert_eq!(server.ended().code(), Some(0), "Ctrl-C is as good as SIGTERM");
    assert!(asked.elapsed() < END, "{:?}", asked.elapsed());
    assert!(stream.next().is_none(), "the stream ends");
    assert!(client.try_send("GET", "/health/live", &[], &Value::Null).is_err(), "no new request is taken");
    drop(idle);
}

#[test]
fn a_server_that_is_asked_twice_ends_at_once_and_keeps_what_it_acknowledged() {
    for (signal, status) in [("INT", 130), ("TERM", 143)] {
        let place = Place::new();
        let mut server = Server::start(&place);
        let client = server.client();
        client.post("/listings", &draft(&listing(1), from_now(3_600_000))).expect(201);
        // Commands in hand that cannot be finished.
        let hold = Hold::of(&place.store());
        let hang = |number| {
            let client = server.client();
            let body = draft(&listing(number), from_now(3_600_000));
            std::thread::spawn(move || client.try_send("POST", "/listings", &[], &body).is_ok())
        };
        let hanging = [2, 3, 4].map(hang);
        wait::until("they are in hand", || {
            let metrics = client.get("/metrics").expect(200).text;
            let waiting = metrics.lines().find_map(|line| line.strip_prefix("portolan_commands_waiting "));
            waiting.is_some_and(|count| count != "0").then_some(())
        });
        server.signal("INT");
        wait::until("it says that it ends", || {
            server.said().contains("ask again to end at once").then_some(())
        });
        server.signal(signal);
        let ended = server.ended();
        assert_eq!(ended.code(), Some(status), "{}", server.said());
        assert!(server.said().contains("ended at once"), "{}", server.said());
        assert!(hanging.into_iter().all(|hanging| !hanging.join().unwrap()), "none is answered");
        drop(hold);
        place.run(&["show", &listing(1)]).ok();
        place.run(&["store", "check"]).ok();
    }
}

#[test]
fn an_import_that_is_interrupted_goes_on_with_the_same_import() {
    let place = Place::new();
    let file = market::file();
    let import = ["import", file.to_str().unwrap(), "--report", "report.json"];
    let mut running = place
        .command(&import)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    wait::until("a part is done", || (store::outcomes(&place.store())? > 300).then_some(()));
    program::signal(running.id(), "INT");
    let status = wait::until("it ends", || running.try_wait().expect("it can be asked"));
    assert_eq!(status.code(), Some(1), "an import that was interrupted is not done");
    assert!(!place.path("report.json").exists());
    let done = store::outcomes(&place.store()).unwrap();
    assert!(done < 5_000, "it was in the middle: {done}");
    place.run(&["store", "check"]).ok();

    place.run(&import).ok();
    assert_matches_the_model(&place, "report.json");
}

#[test]
fn an_import_that_waits_for_anothers_process_can_be_interrupted() {
    let place = Place::new();
    // It runs the process, and hangs: the import waits for the order that its sale is to become.
    let server = Server::start(&place);
    server.signal("STOP");
    let mut lines = overdue(&listing(1));
    lines.push(json!({ "command": "close_listing", "listing": listing(1) }));
    place.write("sale.jsonl", jsonl(&lines));
    let mut import = place.command(&["import", "sale.jsonl"]);
    let mut import = import.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("the program starts");
    wait::until("the listing is sold", || {
        place.events().into_iter().find(|event| event["type"] == "ListingSold")
    });
    program::signal(import.id(), "INT");
    let status = wait::until("it ends", || import.try_wait().expect("it can be asked"));
    assert_eq!(status.code(), Some(1), "its report would not be whole");
    server.signal("CONT");
    wait::until("the sale becomes an order", || {
        (server.client().get(&format!("/orders/{}", order_of(&listing(1)))).status == 200).then_some(())
    });
    place.run(&["import", "sale.jsonl"]).ok();
    server.end();
}

#[test]
fn what_a_killed_server_had_taken_on_is_done_by_the_next() {
    let place = Place::new();
    let server = Server::start(&place);
    let client = server.client();
    let id = listing(1);
    client.post("/listings", &draft(&id, from_now(1_000))).expect(201);
    client.post(&format!("/listings/{id}/publish"), &Value::Null).expect(200);
    client.post(&format!("/listings/{id}/bids"), &bid(ALICE, 3_000)).expect(200);
    server.kill();
    let server = Server::start(&place);
    let order = format!("/orders/{}", order_of(&id));
    wait::until("the listing closes and its order is placed", || {
        (server.client().get(&order).status == 200).then_some(())
    });
    server.end();
    let placed = place.events().iter().filter(|event| event["type"] == "OrderPlaced").count();
    assert_eq!(placed, 1);
}

/// Clients that draft listings as fast as they are answered, and remember what they were told.
#[derive(Default)]
struct Load {
    is_over: AtomicBool,
    count: AtomicU64,
    receipts: Mutex<Vec<Value>>,
}

impl Load {
    fn acknowledged(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    fn run(&self, client: &Client, worker: u64) {
        for number in 0.. {
            if self.is_over.load(Ordering::Relaxed) {
                return;
            }
            let id = listing(worker * 1_000_000 + number);
            let key = format!("{worker}-{number}");
            let body = draft(&id, from_now(3_600_000));
            match client.try_send("POST", "/listings", &[("idempotency-key", &key)], &body) {
                Ok(answer) if answer.status == 201 => {
                    self.receipts.lock().unwrap().push(answer.json());
                    self.count.fetch_add(1, Ordering::Relaxed);
                }
                // A server that ends says so, or hangs up.
                Ok(answer) => assert_eq!(answer.status, 503, "{}", answer.text),
                Err(_) => return,
            }
        }
    }

    /// Every receipt is an event of the journal, and every event of it whole.
    fn assert_is_kept(&self, place: &Place) {
        let events = place.events();
        let kept: HashSet<_> = events
            .iter()
            .map(|event| json!({ "id": event["id"], "version": event["version"], "position": event["position"] }))
            .map(|event| event.to_string())
            .collect();
        let receipts = self.receipts.lock().unwrap();
        assert!(receipts.len() >= 200);
        for receipt in receipts.iter() {
            assert!(kept.contains(&receipt.to_string()), "{receipt} was acknowledged and is lost");
        }
        println!("{} acknowledged, {} kept", receipts.len(), events.len());
    }
}
