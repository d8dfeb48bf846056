//! Several programs on one store at once: all take commands, and what follows the journal runs once.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::database::on_each_server;
use crate::support::place::Place;
use crate::support::server::Server;
use crate::support::trade::{ALICE, bid, draft, from_now, listing, order_of};
use crate::support::wait;

/// How long a lease lasts that its owner does not extend, unless told otherwise.
const LEASE: Duration = Duration::from_secs(5);

/// The state of a part of a server.
fn state(server: &Server, part: &str) -> String {
    let ready = server.client().get("/health/ready").json();
    let parts = ready["parts"].as_array().expect("parts");
    let found = parts.iter().find(|one| one["name"] == part).unwrap_or_else(|| panic!("no {part}: {ready}"));
    found["state"].as_str().expect("a state").to_owned()
}

#[test]
fn two_take_commands_at_once_and_each_sale_becomes_one_order() {
    on_each_server(|database| {
        let place = Place::on(database.url());
        let servers = [Server::start(&place), Server::start(&place)];
        let (is_over, bids) = (AtomicBool::new(false), AtomicU64::new(0));
        let sales: Vec<_> = (1..=10).map(listing).collect();
        std::thread::scope(|scope| {
            for worker in 0..4 {
                let client = servers[worker % 2].client();
                let (is_over, bids) = (&is_over, &bids);
                scope.spawn(move || {
                    let id = listing(1_000 + worker as u64);
                    client.post("/listings", &draft(&id, from_now(3_600_000))).expect(201);
                    client.post(&format!("/listings/{id}/publish"), &Value::Null).expect(200);
                    for raise in 1.. {
                        if is_over.load(Ordering::Relaxed) {
                            break;
                        }
                        client.post(&format!("/listings/{id}/bids"), &bid(ALICE, 2_000 + raise)).expect(200);
                        bids.fetch_add(1, Ordering::Relaxed);
                    }
                });
            }
            for (number, id) in sales.iter().enumerate() {
                let client = servers[number % 2].client();
                client.post("/listings", &draft(id, from_now(2_000))).expect(201);
                client.post(&format!("/listings/{id}/publish"), &Value::Null).expect(200);
                client.post(&format!("/listings/{id}/bids"), &bid(ALICE, 3_000)).expect(200);
            }
            wait::until("every sale is an order, and both know of it", || {
                let known = |server: &Server, id: &String| {
                    server.client().get(&format!("/orders/{}", order_of(id))).status == 200
                };
                servers.iter().all(|server| sales.iter().all(|id| known(server, id))).then_some(())
            });
            is_over.store(true, Ordering::Relaxed);
        });
        let mut owners: Vec<_> = servers.iter().map(|server| state(server, "order_for_sale")).collect();
        owners.sort();
        assert_eq!(owners, ["elsewhere", "running"], "one of them runs it");
        servers.into_iter().for_each(Server::end);
        let events = place.events();
        let count = |name: &str| events.iter().filter(|event| event["type"] == name).count() as u64;
        assert_eq!((count("ListingSold"), count("OrderPlaced")), (10, 10));
        let positions: Vec<_> = events.iter().map(|event| event["position"].as_u64()).collect();
        assert_eq!(positions, (1..=events.len() as u64).map(Some).collect::<Vec<_>>(), "they are dense");
        assert_eq!(count("BidPlaced"), 10 + bids.load(Ordering::Relaxed), "every bid is there once");
        place.run(&["store", "check"]).ok();
    });
}

#[test]
fn the_other_takes_over_within_the_lease_when_one_is_killed() {
    on_each_server(|database| {
        let place = Place::on(database.url());
        let owner = Server::start(&place);
        wait::until("it runs the process", || (state(&owner, "order_for_sale") == "running").then_some(()));
        let other = Server::start(&place);
        wait::until("the other does not", || (state(&other, "order_for_sale") == "elsewhere").then_some(()));
        let client = other.client();
        let id = listing(1);
        client.post("/listings", &draft(&id, from_now(1_000))).expect(201);
        client.post(&format!("/listings/{id}/publish"), &Value::Null).expect(200);
        client.post(&format!("/listings/{id}/bids"), &bid(ALICE, 3_000)).expect(200);
        owner.kill();
        let killed = Instant::now();
        let ordered = format!("/orders/{}", order_of(&id));
        // What it was about to do is done by the other, once.
        wait::until("the sale becomes an order", || (client.get(&ordered).status == 200).then_some(()));
        println!("taken over after {:?}", killed.elapsed());
        // The end of the lease, a claim that comes at most a second later, and a busy machine.
        assert!(killed.elapsed() < LEASE + Duration::from_secs(5), "{:?}", killed.elapsed());
        assert_eq!(state(&other, "order_for_sale"), "running");
        other.end();
        let placed = place.events().iter().filter(|event| event["type"] == "OrderPlaced").count();
        assert_eq!(json!(placed), json!(1));
        place.run(&["store", "check"]).ok();
    });
}
