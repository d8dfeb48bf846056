//! Two servers on one store: both work, and each sees what the other did.

use serde_json::{Value, json};

use crate::support::place::Place;
use crate::support::server::Server;
use crate::support::stream::EventStream;
use crate::support::trade::{ALICE, BOB, bid, draft, from_now, listing, order_of, overdue};
use crate::support::{market, wait};

#[test]
fn both_take_commands_and_the_views_of_both_follow() {
    let place = Place::new();
    let servers = [Server::start(&place), Server::start(&place)];
    let clients = servers.each_ref().map(Server::client);
    let streams = servers.each_ref().map(|server| EventStream::open(&server.address, None));
    let path = format!("/listings/{}", listing(1));
    clients[0].post("/listings", &draft(&listing(1), from_now(3_600_000))).expect(201);
    clients[1].post(&format!("{path}/publish"), &Value::Null).expect(200);
    // Each loads what the other has just written, in turns.
    let mut position = String::new();
    for (raise, bidder) in (0..20).zip([ALICE, BOB].into_iter().cycle()) {
        let client = &clients[raise % 2];
        let placed =
            client.post(&format!("{path}/bids"), &bid(bidder, 2_000 + 200 * raise as i64)).expect(200);
        position = placed.header("portolan-position").to_owned();
    }
    let headers = [("portolan-at-least", position.as_str()), ("prefer", "wait=30")];
    let rows = clients.each_ref().map(|client| client.get_with(&path, &headers).expect(200).json());
    assert_eq!(rows[0], rows[1]);
    assert_eq!((&rows[0]["bids"], &rows[0]["leader"]), (&json!(2), &json!(BOB)));
    let seen = streams.map(|stream| {
        let until_last = |event: &u64| *event < position.parse().unwrap();
        let mut ids: Vec<_> =
            std::iter::from_fn(|| stream.next().map(|event| event.id)).take_while(until_last).collect();
        ids.push(position.parse().unwrap());
        ids
    });
    let all: Vec<u64> = (1..=position.parse().unwrap()).collect();
    assert_eq!(seen, [all.clone(), all], "each stream has every event once, in order");
    servers.into_iter().for_each(Server::end);
    place.run(&["store", "check"]).ok();
}

#[test]
fn a_race_for_one_listing_is_won_by_one_bid_at_a_time() {
    let place = Place::new();
    let servers = [Server::start(&place), Server::start(&place)];
    let path = format!("/listings/{}", listing(1));
    let client = servers[0].client();
    client.post("/listings", &draft(&listing(1), from_now(3_600_000))).expect(201);
    client.post(&format!("{path}/publish"), &Value::Null).expect(200);
    let accepted: usize = std::thread::scope(|scope| {
        let bidders = (0..8).map(|n| {
            let client = servers[n % 2].client();
            let bids = format!("{path}/bids");
            scope.spawn(move || {
                let bidder = format!("00000000-0000-4000-8000-b1dd{n:08x}");
                let bid = |raise: i64| client.post(&bids, &bid(&bidder, 1_000 + 10_000 * raise + n as i64));
                (0..25)
                    .map(bid)
                    .filter(|answer| match answer.status {
                        200 => true,
                        // Somebody was faster, or had more to give.
                        409 => false,
                        _ => answer.problem(422, answer.json()["code"].as_str().unwrap()).is_null(),
                    })
                    .count()
            })
        });
        bidders.collect::<Vec<_>>().into_iter().map(|bidder| bidder.join().unwrap()).sum()
    });
    let placed = place.events().iter().filter(|event| event["type"] == "BidPlaced").count();
    assert_eq!(placed, accepted, "every bid that was accepted is in the journal, once");
    assert!(accepted > 8, "{accepted}");
    servers.into_iter().for_each(Server::end);
    place.run(&["store", "check"]).ok();
}

#[test]
fn each_sale_becomes_one_order_whoever_runs_the_process() {
    let place = Place::new();
    let servers = [Server::start(&place), Server::start(&place)];
    let ids: Vec<_> = (1..=10).map(listing).collect();
    let lines: Vec<_> = ids.iter().flat_map(|id| overdue(id)).collect();
    place.import(&lines);
    wait::until("every sale is an order", || {
        (market::rows(&place, "orders").len() == ids.len()).then_some(())
    });
    // The one that runs the processes is gone at once; the other goes on.
    let [first, second] = servers;
    first.kill();
    place.import(&overdue(&listing(11)));
    wait::until("the next one is too", || {
        (market::rows(&place, "orders").len() == ids.len() + 1).then_some(())
    });
    second.end();
    let events = place.events();
    for id in ids.iter().chain([&listing(11)]) {
        let of = |id: &str, kind: &str| {
            events.iter().filter(|event| event["id"] == id && event["type"] == kind).count()
        };
        assert_eq!((of(id, "ListingSold"), of(&order_of(id), "OrderPlaced")), (1, 1));
    }
}
