//! Servers that go away while the program works: connections cut in the middle of a commit, a server that is down for a
//! while, and one that is killed again and again.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use serde_json::Value;

use super::proxy::{Cut, Proxy};
use crate::support::database::{Database, alone_on_each_server, on_each_server};
use crate::support::http::{Answer, Client};
use crate::support::place::Place;
use crate::support::server::Server;
use crate::support::trade::{ALICE, bid, draft, from_now, listing};
use crate::support::wait;

/// How often a server is killed.
const ROUNDS: u64 = 20;

/// Clients that bid at the same time, each on a listing of its own.
const WORKERS: u64 = 4;

/// A market that is served through a proxy, with a listing that takes bids.
fn served_through(database: &Database) -> (Proxy, Place, Server) {
    let proxy = Proxy::before(database.engine, database.address());
    let (_, user) = database.server.split_once("://").expect("a URL");
    let (user, _) = user.split_once('@').expect("a URL with a user");
    let url = database.url_for(user, &proxy.address);
    let server = Server::start(&Place::on(url));
    publish(&server.client(), 1);
    (proxy, Place::on(database.url()), server)
}

fn publish(client: &Client, number: u64) {
    let id = listing(number);
    client.post("/listings", &draft(&id, from_now(3_600_000))).expect(201);
    client.post(&format!("/listings/{id}/publish"), &Value::Null).expect(200);
}

/// Bids on a listing, under a key of its own.
fn raise(client: &Client, number: u64, raise: i64) -> Answer {
    let path = format!("/listings/{}/bids", listing(number));
    client.send(
        "POST",
        &path,
        &[("idempotency-key", &format!("{number}-{raise}"))],
        &bid(ALICE, 2_000 + raise),
    )
}

/// Whether it was accepted; else it is to be tried again.
fn is_accepted(answer: &Answer) -> bool {
    if answer.status == 200 {
        return true;
    }
    answer.problem(503, "unavailable");
    assert!(answer.header("retry-after").parse::<u64>().is_ok(), "{answer:?}");
    false
}

/// The same command until it is accepted.
fn raise_until_accepted(client: &Client, number: u64, amount: i64) -> Answer {
    wait::until("the bid is accepted", || {
        let answer = raise(client, number, amount);
        is_accepted(&answer).then_some(answer)
    })
}

/// Every bid from the first to this one is in the journal, once and in order, and the store is sound.
fn assert_each_is_there_once(place: &Place, number: u64, last: i64) {
    let placed = place.run(&["events", "--aggregate", &listing(number), "--json"]).ok().rows();
    let placed = placed.iter().filter(|event| event["type"] == "BidPlaced");
    let ceilings: Vec<_> = placed.map(|event| event["data"]["ceiling"]["amount"].as_i64()).collect();
    assert_eq!(ceilings, (1..=last).map(|amount| Some(2_000 + amount)).collect::<Vec<_>>());
}

#[test]
fn a_commit_that_is_cut_off_is_looked_up_and_never_guessed() {
    on_each_server(|database| {
        let (proxy, place, server) = served_through(database);
        let client = server.client();
        let mut last = 0;
        for round in 1..=3 {
            last += 1;
            proxy.cut_next(Cut::BehindTheServer, false);
            // It was done, which is found out.
            let answer = raise(&client, 1, last).expect(200);
            assert_eq!(answer.json()["version"], 2 + last, "the receipt is that of the commit");
            last += 1;
            proxy.cut_next(Cut::BeforeTheServer, false);
            // It was not done, which is found out too: nobody is told that it was.
            is_accepted(&raise(&client, 1, last));
            raise_until_accepted(&client, 1, last);
            assert_eq!(proxy.cuts(), 2 * round, "each was cut in the middle of its commit");
        }
        server.end();
        assert_each_is_there_once(&place, 1, last);
        place.run(&["store", "check"]).ok();
    });
}

#[test]
fn a_commit_whose_outcome_cannot_be_looked_up_is_unknown_and_can_be_repeated() {
    on_each_server(|database| {
        let (proxy, place, server) = served_through(database);
        let client = server.client();
        raise(&client, 1, 1).expect(200);
        proxy.cut_next(Cut::BehindTheServer, true);
        let unknown = raise(&client, 1, 2);
        assert!(!is_accepted(&unknown), "nobody knows: {unknown:?}");
        assert_eq!(proxy.cuts(), 1);
        proxy.up();
        let known = raise_until_accepted(&client, 1, 2);
        assert_eq!(known.json()["version"], 4, "it is the receipt of the first time");
        server.end();
        assert_each_is_there_once(&place, 1, 2);
    });
}

#[test]
fn while_the_server_is_down_commands_are_503_and_readiness_says_so_and_it_comes_back_by_itself() {
    on_each_server(|database| {
        let (proxy, place, server) = served_through(database);
        let client = server.client();
        wait::until("it is ready", || (client.get("/health/ready").status == 200).then_some(()));
        proxy.down();
        assert!(!is_accepted(&raise(&client, 1, 1)));
        let parts = wait::until("readiness says so", || {
            let ready = client.get("/health/ready");
            let parts = ready.json()["parts"].as_array().expect("parts").clone();
            let is_bad =
                |name: &str| parts.iter().any(|part| part["name"] == name && part["state"] == "unavailable");
            (ready.status == 503 && is_bad("write_store") && is_bad("journal")).then_some(parts)
        });
        println!("{parts:?}");
        client.get("/health/live").expect(200);
        client.get("/listings").expect(200);
        client.get("/metrics").expect(200);
        assert!(!is_accepted(&raise(&client, 1, 1)));
        proxy.up();
        // Nobody sends anything: it finds out by itself.
        wait::until("it is ready again", || (client.get("/health/ready").status == 200).then_some(()));
        raise(&client, 1, 1).expect(200);
        server.end();
        assert_each_is_there_once(&place, 1, 1);
    });
}

#[test]
fn a_server_that_is_killed_again_and_again_loses_nothing_and_nothing_is_there_twice() {
    alone_on_each_server(|database| {
        let place = Place::on(database.url());
        let server = Server::start(&place);
        let (is_over, accepted) = (AtomicBool::new(false), AtomicU64::new(0));
        (1..=WORKERS).for_each(|number| publish(&server.client(), number));
        let bids: Vec<i64> = std::thread::scope(|scope| {
            let bidders: Vec<_> = (1..=WORKERS)
                .map(|number| {
                    let (client, is_over, accepted) = (server.client(), &is_over, &accepted);
                    scope.spawn(move || {
                        let mut last = 0;
                        while !is_over.load(Ordering::Relaxed) {
                            last += 1;
                            raise_until_accepted(&client, number, last);
                            accepted.fetch_add(1, Ordering::Relaxed);
                        }
                        last
                    })
                })
                .collect();
            for round in 0..ROUNDS {
                let before = accepted.load(Ordering::Relaxed);
                let goes_on = || (accepted.load(Ordering::Relaxed) > before + 2 * WORKERS).then_some(());
                wait::until(&format!("there is load before round {round}"), goes_on);
                database.engine.restart();
            }
            let client = server.client();
            wait::until("it is ready again", || (client.get("/health/ready").status == 200).then_some(()));
            is_over.store(true, Ordering::Relaxed);
            bidders.into_iter().map(|bidder| bidder.join().expect("every bid was accepted")).collect()
        });
        println!("{bids:?} bids in {ROUNDS} rounds");
        server.end();
        for (number, last) in (1..).zip(bids) {
            assert_each_is_there_once(&place, number, last);
        }
        place.run(&["store", "check"]).ok();
    });
}
