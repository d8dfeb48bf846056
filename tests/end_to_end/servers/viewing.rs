//! Read models on a server: the same answers as in memory, wherever the write store is and whoever fills them.

use serde_json::{Value, json};

use crate::read_models::{rows, state};
use crate::support::database::{Database, on_each_server};
use crate::support::market;
use crate::support::place::Place;
use crate::support::server::Server;
use crate::support::trade::{draft, from_now, listing, overdue, small_market_in};
use crate::support::wait;

/// A server that writes nothing by itself.
const ALONE: [&str; 2] = ["--deadlines", "off"];

/// A part of the market in the store at this URL.
fn part_of_the_market(url: String, lines: usize) -> Place {
    let place = Place::on(url);
    let text = std::fs::read_to_string(market::file()).unwrap();
    let part: String = text.lines().take(lines).map(|line| format!("{line}\n")).collect();
    place.write("market.jsonl", part);
    place.run(&["import", "market.jsonl"]).ok();
    place
}

#[test]
fn they_answer_what_memory_answers_wherever_the_write_store_is() {
    on_each_server(|database| {
        let apart = Database::new(database.engine).unwrap();
        for (write, read) in [
            ("sqlite:portolan.db".to_owned(), apart.url()),
            (database.url(), database.url()),
            (database.url(), "sqlite:views.db".to_owned()),
        ] {
            let place = part_of_the_market(write, 500);
            let read = ["--read", &read];
            let server = Server::start_with(&place, &[&ALONE[..], &read].concat());
            let client = server.client();
            // A write, and a read that asks for it.
            let id = listing(900);
            if client.get(&format!("/listings/{id}")).status == 404 {
                client.post("/listings", &draft(&id, from_now(3_600_000))).expect(201);
            }
            let touched = client.post(&format!("/listings/{id}/publish"), &Value::Null);
            if touched.status == 200 {
                let headers =
                    [("portolan-at-least", touched.header("portolan-position")), ("prefer", "wait=30")];
                let row = client.get_with(&format!("/listings/{id}"), &headers).expect(200).json();
                assert_eq!(row["status"], "published");
            }
            server.end();
            assert_eq!(rows(&place, &read), rows(&place, &[]), "{read:?}");
        }
    });
}

#[test]
fn they_are_explained_seen_and_steered_where_they_are() {
    on_each_server(|database| {
        let place = small_market_in(Place::on("sqlite:portolan.db".to_owned()));
        let url = database.url();
        let read = ["--read", &url];
        let run = |arguments: &[&str]| place.run(&[arguments, &read].concat());
        assert_eq!(state(&place, &read, "listings")["state"], "empty");
        let server = Server::start_with(&place, &read);
        let listed = state(&place, &read, "listings");
        assert_eq!((&listed["state"], &listed["lag"]), (&json!("running"), &json!(0)));
        assert!(listed["store"].as_str().unwrap().ends_with(&database.name), "{listed}");

        let explain = ["query", "listings", "--explain", "--json", "--where", "title contains \"lamp\""];
        let explained = run(&explain).ok().rows().remove(0);
        assert_eq!(explained["store"], database.engine.to_string().to_lowercase());
        assert!(explained["query"].as_str().unwrap().starts_with("select "), "{explained}");

        run(&["subscriptions", "pause", "listings"]).ok();
        let part = |name: &str| {
            let ready = server.client().get("/health/ready").expect(200).json();
            ready["parts"].as_array().unwrap().iter().find(|part| part["name"] == name).unwrap()["state"]
                .clone()
        };
        wait::until("the server has heard of it", || (part("listings") == "paused").then_some(()));
        place.import_with(&overdue(&listing(3)), &["--processes", "off"]);
        run(&["query", "listings"]).fails(1, &["`listings` is paused at position"]);
        run(&["subscriptions", "resume", "listings"]).ok();
        assert_eq!(run(&["query", "listings", "--json"]).ok().rows().len(), 3);
        server.end();

        database.connect().run("delete from view_listings");
        assert_ne!(rows(&place, &read), rows(&place, &[]));
        run(&["subscriptions", "reset", "listings", "--reason", "x"]).fails(1, &["rebuild listings"]);
        run(&["subscriptions", "rebuild", "listings"]).ok();
        assert_eq!(rows(&place, &read), rows(&place, &[]));
    });
}

#[test]
fn two_servers_share_one_and_one_takes_over_from_the_other() {
    on_each_server(|database| {
        let place = small_market_in(Place::on("sqlite:portolan.db".to_owned()));
        let url = format!("{}?lease_ms=1500", database.url());
        let read = ["--read", &url];
        let servers = [Server::start_with(&place, &read), Server::start_with(&place, &read)];
        let state = |server: &Server| {
            let ready = server.client().get("/health/ready").expect(200).json();
            let parts = ready["parts"].as_array().unwrap().iter();
            parts.filter(|part| part["name"] == "listings").map(|part| part["state"].clone()).next().unwrap()
        };
        assert_eq!((state(&servers[0]), state(&servers[1])), (json!("running"), json!("elsewhere")));
        let make_and_ask = |server: &Server, n: u64| {
            let made =
                server.client().post("/listings", &draft(&listing(n), from_now(3_600_000))).expect(201);
            let headers = [("portolan-at-least", made.header("portolan-position")), ("prefer", "wait=30")];
            server.client().get_with(&format!("/listings/{}", listing(n)), &headers).expect(200).json()
        };
        assert_eq!(make_and_ask(&servers[1], 20)["title"], "A lamp");
        let [first, second] = servers;
        first.kill();
        // After the lease has ended by the server's clock.
        assert_eq!(make_and_ask(&second, 21)["title"], "A lamp");
        wait::until("it has taken over", || (state(&second) == "running").then_some(()));
        second.end();
        assert_eq!(rows(&place, &read), rows(&place, &[]));
    });
}
