//! A server as its users meet it: ready when it says so, every route, pages, metrics.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::http::Client;
use crate::support::market;
use crate::support::place::Place;
use crate::support::server::Server;
use crate::support::trade::{ALICE, BOB, bid, draft, eur, from_now, listing, order, placement};
use crate::support::{store, wait};

/// What a view answers once it has come to this position.
fn seen(client: &Client, path: &str, position: &Value) -> Value {
    let headers = [("portolan-at-least", &*position.to_string()), ("prefer", "wait=30")];
    client.get_with(path, &headers).expect(200).json()
}

#[test]
fn it_listens_when_every_view_has_come_to_the_head() {
    let place = Place::new();
    place.run(&["import", market::file().to_str().unwrap()]).ok();
    let head = place.run(&["store", "info", "--json"]).ok().rows()[0]["events"].as_u64().unwrap();
    let server = Server::start_with(&place, &["--deadlines", "off"]);
    let client = server.client();
    // The first request sees it all, without asking for a position.
    let ready = client.get("/health/ready").expect(200).json();
    assert_eq!((&ready["status"], &ready["head"]), (&json!("ready"), &json!(head)));
    let parts: BTreeSet<_> =
        ready["parts"].as_array().unwrap().iter().map(|part| part["name"].as_str().unwrap()).collect();
    let expected = ["journal", "listings", "orders", "customers", "totals", "order_for_sale"];
    assert!(expected.iter().all(|name| parts.contains(name)), "{parts:?}");
    for view in ["listings", "orders"] {
        let rows = market::rows(&place, view);
        let page = client.get(&format!("/{view}?limit=200&count=true&sort=id")).expect(200).json();
        assert_eq!((&page["count"], &page["position"]), (&json!(rows.len()), &json!(head)));
        let printed: Vec<_> =
            place.run(&["query", view, "--sort", "id", "--limit", "200", "--json"]).ok().rows();
        assert_eq!(page["items"], Value::from(printed), "the command line prints the same rows");
    }
    let totals = market::rows(&place, "totals");
    assert_eq!(client.get("/totals").expect(200).json()["items"].as_array().unwrap().len(), totals.len());
}

#[test]
fn a_walk_through_pages_gives_each_row_once_also_over_a_restart() {
    let place = Place::new();
    place.run(&["import", market::file().to_str().unwrap()]).ok();
    let mut server = Server::start_with(&place, &["--deadlines", "off"]);
    let mut path = "/listings?limit=100&sort=-price.amount,title".to_owned();
    let mut walked: Vec<String> = Vec::new();
    loop {
        let answer = server.client().get(&path).expect(200);
        let page = answer.json();
        walked.extend(
            page["items"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()),
        );
        if page["next"].is_null() {
            assert_eq!(answer.find_header("link"), None);
            break;
        }
        let link = answer.header("link");
        path = link[1..link.find('>').unwrap()].to_owned();
        server = Server::start_with(&place, &["--deadlines", "off"]);
    }
    let printed = place.run(&["query", "listings", "--sort=-price.amount,title", "--json"]).ok().rows();
    let printed: Vec<_> = printed.iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(walked, printed);
}

#[test]
fn every_command_has_its_route() {
    let place = Place::new();
    let server = Server::start(&place);
    let client = server.client();
    let far = from_now(100 * 3_600_000);
    for n in 1..=3 {
        client.post("/listings", &draft(&listing(n), far)).expect(201);
    }
    let path = format!("/listings/{}", listing(1));
    client.send("PATCH", &path, &[], &json!({ "title": "A brass lamp" })).expect(200);
    client.post(&format!("{path}/publish"), &Value::Null).expect(200);
    client.post(&format!("{path}/bids"), &bid(ALICE, 3_000)).expect(200);
    client.post(&format!("{path}/bids"), &bid(BOB, 2_000)).expect(200);
    client.send("DELETE", &format!("{path}/bids/{BOB}"), &[], &Value::Null).expect(200);
    client.post(&format!("{path}/close"), &json!({})).problem(422, "not_ended");
    let withdrawn =
        client.post(&format!("/listings/{}/withdraw", listing(2)), &Value::Null).expect(200).json();
    let row = seen(&client, &path, &withdrawn["position"]);
    assert_eq!(
        (&row["title"], &row["bids"], &row["price"]),
        (&json!("A brass lamp"), &json!(1), &eur(1_000))
    );
    assert_eq!(
        seen(&client, &format!("/listings/{}", listing(2)), &withdrawn["position"])["status"],
        "withdrawn"
    );

    client.post("/orders", &placement(&order(1))).expect(201);
    let path = format!("/orders/{}", order(1));
    client.send("PATCH", &format!("{path}/lines/A%2F1"), &[], &json!({ "quantity": 3 })).expect(200);
    client.send("DELETE", &format!("{path}/lines/B"), &[], &Value::Null).expect(200);
    let address = json!({ "name": "Alice", "street": "Rua 1", "city": "Porto", "country": "PT" });
    client.send("PUT", &format!("{path}/address"), &[], &address).expect(200);
    client.post(&format!("{path}/pay"), &Value::Null).expect(200);
    client.post(&format!("{path}/ship"), &json!({ "tracking": "T1" })).expect(200);
    let delivered = client.post(&format!("{path}/deliver"), &Value::Null).expect(200).json();
    client.post(&format!("{path}/cancel"), &Value::Null).problem(422, "not_cancellable");
    let row = seen(&client, &path, &delivered["position"]);
    assert_eq!(
        (&row["status"], &row["total"], &row["address"]),
        (&json!("delivered"), &eur(3_000), &address)
    );
    let customer = seen(&client, &format!("/customers/{ALICE}"), &delivered["position"]);
    assert_eq!((&customer["orders"]["delivered"], &customer["spent"]), (&json!(1), &json!([eur(3_000)])));
    let history = client.get(&format!("{path}/events?limit=3")).expect(200).json();
    assert_eq!((history["items"].as_array().unwrap().len(), &history["next"]), (3, &json!(3)));
    let rest = client.get(&format!("{path}/events?after=3")).expect(200).json();
    assert_eq!((rest["items"].as_array().unwrap().len(), &rest["next"]), (4, &Value::Null));
}

#[test]
fn its_document_lists_every_route_and_its_metrics_count_them() {
    let place = Place::new();
    let server = Server::start(&place);
    let client = server.client();
    let document = client.get("/openapi.json").expect(200).json();
    for (path, methods) in [
        ("/listings", &["get", "post"][..]),
        ("/listings/{id}", &["get", "patch"]),
        ("/listings/{id}/publish", &["post"]),
        ("/listings/{id}/close", &["post"]),
        ("/listings/{id}/withdraw", &["post"]),
        ("/listings/{id}/bids", &["post"]),
        ("/listings/{id}/bids/{bidder}", &["delete"]),
        ("/listings/{id}/events", &["get"]),
        ("/orders", &["get", "post"]),
        ("/orders/{id}", &["get"]),
        ("/orders/{id}/lines/{sku}", &["patch", "delete"]),
        ("/orders/{id}/address", &["put"]),
        ("/orders/{id}/pay", &["post"]),
        ("/orders/{id}/ship", &["post"]),
        ("/orders/{id}/deliver", &["post"]),
        ("/orders/{id}/cancel", &["post"]),
        ("/orders/{id}/events", &["get"]),
        ("/customers/{id}", &["get"]),
        ("/totals", &["get"]),
        ("/events", &["get"]),
        ("/health/live", &["get"]),
        ("/health/ready", &["get"]),
        ("/metrics", &["get"]),
    ] {
        for method in methods {
            assert!(document["paths"][path][method].is_object(), "{method} {path}");
        }
    }
    let page = client.get("/docs").expect(200);
    assert!(page.header("content-type").starts_with("text/html"));
    client.post("/listings", &draft(&listing(1), from_now(3_600_000))).expect(201);
    let metrics = client.get("/metrics").expect(200).text;
    assert!(metrics.contains("# TYPE") && metrics.trim_end().ends_with("# EOF"), "{metrics}");
    let counted = metrics.lines().any(|line| {
        line.contains("POST") && line.contains("/listings") && line.contains("201") && line.ends_with(" 1")
    });
    assert!(counted, "{metrics}");
}

#[test]
fn a_server_says_that_nobody_is_asked_who_they_are() {
    let place = Place::new();
    let server = Server::spawn(place.command(&["serve", "--listen", "0.0.0.0:0"]));
    assert!(server.said().contains("no authentication"), "{}", server.said());
}

#[test]
fn metrics_say_how_many_commands_wait_for_the_store() {
    let place = Place::new();
    let server = Server::start(&place);
    let client = server.client();
    let waiting = |count: usize| {
        let line = format!("portolan_commands_waiting {count}");
        client.get("/metrics").expect(200).text.lines().any(|shown| shown == line).then_some(())
    };
    assert!(waiting(0).is_some());
    let hold = store::Hold::of(&place.store());
    let posting: Vec<_> = (1..=2)
        .map(|number| {
            let (client, id) = (server.client(), order(number));
            std::thread::spawn(move || client.post("/orders", &placement(&id)).expect(201))
        })
        .collect();
    wait::until("both wait", || waiting(2));
    drop(hold);
    for posted in posting {
        posted.join().unwrap();
    }
    wait::until("nobody waits", || waiting(0));
}
