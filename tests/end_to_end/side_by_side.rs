//! Programs that write one store at the same time: none waits for another for long.

use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::place::Place;
use crate::support::server::Server;
use crate::support::store;
use crate::support::trade::{ALICE, bid, draft, draft_line, from_now, listing, publish_line};
use crate::support::wait::{self, Stalls};

/// How long one of several that write may see nothing of its own committed.
const PAUSE: Duration = Duration::from_millis(500);

/// How long a `send` may take beside a server that is never idle, the program's own start included: it takes a few
/// turns at the store, each of which waits for the one group that the server is writing.
const SENT: Duration = Duration::from_secs(2);

#[test]
fn a_command_that_is_sent_beside_a_busy_server_waits_a_moment() {
    let place = Place::new();
    let server = Server::start(&place);
    let stalls = Stalls::watch();
    let client = server.client();
    let listings: Vec<_> = (1..=8).map(listing).collect();
    for id in &listings {
        client.post("/listings", &draft(id, from_now(3_600_000))).expect(201);
        client.post(&format!("/listings/{id}/publish"), &Value::Null).expect(200);
    }
    let (is_done, bids) = (AtomicBool::new(false), AtomicU64::new(0));
    let send = |number: u64| {
        let draft = draft_line(&listing(number), from_now(3_600_000)).to_string();
        let began = Instant::now();
        place.run(&["send", &draft]).ok();
        began.elapsed()
    };
    let busy = std::thread::scope(|scope| {
        for id in &listings {
            let (client, path) = (server.client(), format!("/listings/{id}/bids"));
            let (is_done, bids) = (&is_done, &bids);
            scope.spawn(move || {
                for raise in 1.. {
                    if is_done.load(Ordering::Relaxed) {
                        break;
                    }
                    client.post(&path, &bid(ALICE, 2_000 + raise)).expect(200);
                    bids.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        wait::until("the server is busy", || (bids.load(Ordering::Relaxed) > 100).then_some(()));
        let took = (101..=112).map(|number| {
            let before = bids.load(Ordering::Relaxed);
            let took = send(number);
            assert!(bids.load(Ordering::Relaxed) > before, "the server was busy");
            took
        });
        let took: Vec<_> = took.collect();
        is_done.store(true, Ordering::Relaxed);
        took
    });
    println!("{busy:?}, stalls of {:?}", stalls.longest());
    assert!(busy.iter().all(|took| *took <= SENT + 4 * stalls.longest()), "{busy:?}");
    server.end();
    place.run(&["store", "check"]).ok();
}

#[test]
fn of_four_that_write_at_once_none_is_left_behind() {
    const WRITERS: u64 = 4;
    const LISTINGS: u64 = 1_000;
    let place = Place::new();
    // The store is there before they begin, so that they begin alike.
    place.import(&[draft_line(&listing(0), from_now(3_600_000))]);
    let mut importing: Vec<Child> = (1..=WRITERS)
        .map(|writer| {
            let lines = (1..=LISTINGS).flat_map(|number| {
                let id = listing(writer * 0x1_0000 + number);
                [draft_line(&id, from_now(3_600_000)), publish_line(&id)]
            });
            let name = format!("{writer}.jsonl");
            place.write(&name, lines.map(|line| format!("{line}\n")).collect::<String>());
            place.command(&["import", &name]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
        })
        .collect();
    let done = |writer: u64| {
        let id = |number: u64| listing(writer * 0x1_0000 + number).replace('-', "");
        let (first, last) = (id(0), id(0xffff));
        let of_writer = format!("aggregate_id between x'{first}' and x'{last}'");
        store::number(&place.store(), &format!("select count(*) from journal where {of_writer}"))
    };
    let stalls = Stalls::watch();
    let all = 2 * LISTINGS as i64;
    let mut seen = [(Instant::now(), 0); WRITERS as usize];
    let mut longest = [Duration::ZERO; WRITERS as usize];
    wait::until("all of it is written", || {
        for (writer, (seen, longest)) in (1..).zip(seen.iter_mut().zip(&mut longest)) {
            let (now, events) = (Instant::now(), done(writer));
            // Its time begins with its first event: a program takes a while to start.
            if seen.1 == 0 && events == 0 {
                seen.0 = now;
            }
            if seen.1 < all {
                *longest = now.duration_since(seen.0).max(*longest);
            }
            if events > seen.1 {
                *seen = (now, events);
            }
        }
        seen.iter().all(|(_, events)| *events == all).then_some(())
    });
    println!("longest pauses: {longest:?}, stalls of {:?}", stalls.longest());
    for import in &mut importing {
        let status = wait::until("it ends", || import.try_wait().unwrap());
        assert!(status.success());
    }
    assert!(longest.iter().all(|pause| *pause <= PAUSE + 4 * stalls.longest()), "{longest:?}");
    place.run(&["store", "check"]).ok();
}
