//! Read models in SQLite: the same answers as in memory, wherever they are kept and whoever fills them.

use std::process::Stdio;

use serde_json::{Value, json};

use crate::support::http::Client;
use crate::support::place::Place;
use crate::support::server::Server;
use crate::support::trade::{draft, from_now, listing, overdue, small_market};
use crate::support::{market, store, wait};

const VIEWS: [&str; 4] = ["listings", "orders", "customers", "totals"];

/// In a file of its own, and in the write store's.
const APART: [&str; 2] = ["--read", "sqlite:views.db"];
const TOGETHER: [&str; 2] = ["--read", "sqlite:portolan.db"];

/// A server that writes nothing by itself.
const ALONE: [&str; 2] = ["--deadlines", "off"];

/// Every row of every view, as `query` prints it with these arguments.
pub(crate) fn rows(place: &Place, arguments: &[&str]) -> Vec<Vec<Value>> {
    let query = |view| place.run(&[&["query", view, "--json"], arguments].concat()).ok().rows();
    VIEWS.map(query).to_vec()
}

/// A part of the market, imported.
pub(crate) fn part_of_the_market(lines: usize) -> Place {
    let place = Place::new();
    let text = std::fs::read_to_string(market::file()).unwrap();
    let part: String = text.lines().take(lines).map(|line| format!("{line}\n")).collect();
    place.write("market.jsonl", part);
    place.run(&["import", "market.jsonl"]).ok();
    place
}

pub(crate) fn state(place: &Place, arguments: &[&str], name: &str) -> Value {
    let listed = place.run(&[&["subscriptions", "list", "--json"], arguments].concat()).ok().rows();
    let mut named = listed.into_iter().filter(|row| row["name"] == name);
    let found = named.next().unwrap_or_else(|| panic!("{name} is not listed"));
    assert_eq!(named.next(), None, "{name} is listed once");
    found
}

/// What the server answers about its listings: a filtered and sorted walk by cursor, a count, one row.
fn answers(client: &Client) -> Value {
    let first = "/listings?filter=bids%20%3E%200&sort=-price.amount,title&limit=7&count=true";
    let mut page = client.get(first).expect(200).json();
    let count = page["count"].clone();
    let mut ids = Vec::new();
    loop {
        ids.extend(page["items"].as_array().unwrap().iter().map(|row| row["id"].clone()));
        let Some(next) = page["next"].as_str() else { break };
        page = client.get(&format!("{first}&after={next}")).expect(200).json();
    }
    assert_eq!(count, ids.len());
    let row = client.get(&format!("/listings/{}", ids[0].as_str().unwrap())).expect(200).json();
    json!({ "ids": ids, "row": row, "totals": client.get("/totals").expect(200).json()["items"] })
}

#[test]
fn a_server_answers_the_same_wherever_its_read_models_are() {
    let place = part_of_the_market(900);
    let expected = {
        let server = Server::start_with(&place, &ALONE);
        let expected = answers(&server.client());
        server.end();
        expected
    };
    assert!(expected["ids"].as_array().unwrap().len() > 14, "several pages");
    let mut new = 900..;
    for read in [&APART[..], &TOGETHER, &["--read.listings", "sqlite:listings.db"]] {
        // The second start goes on where the first one ended.
        for _ in 0..2 {
            let server = Server::start_with(&place, &[&ALONE[..], read].concat());
            let client = server.client();
            assert_eq!(answers(&client), expected, "{read:?}");
            let ready = client.get("/health/ready").expect(200).json();
            let parts = ready["parts"].as_array().unwrap();
            for view in VIEWS {
                let part = parts.iter().find(|part| part["name"] == view).unwrap();
                assert_eq!(part["state"], "running", "{read:?}: {part}");
            }
            // A write, and a read that asks for it.
            let id = listing(new.next().unwrap());
            let made = client.post("/listings", &draft(&id, from_now(3_600_000))).expect(201);
            let headers = [("portolan-at-least", made.header("portolan-position")), ("prefer", "wait=30")];
            let row = client.get_with(&format!("/listings/{id}"), &headers).expect(200).json();
            assert_eq!(row["title"], "A lamp");
            server.end();
        }
        assert_eq!(rows(&place, read), rows(&place, &[]), "{read:?}");
    }
    // Closed in order, so that nothing is left in the logs.
    for file in ["views.db-wal", "listings.db-wal", "portolan.db-wal"] {
        assert!(std::fs::metadata(place.path(file)).map_or(0, |log| log.len()) == 0, "{file}");
    }
    place.run(&["store", "check"]).ok();
}

#[test]
fn a_server_that_is_killed_goes_on_filling_where_it_was() {
    let place = Place::new();
    let mut server = Server::start_with(&place, &[&ALONE[..], &APART].concat());
    let mut import = place.command(&["import", market::file().to_str().unwrap(), "--deadlines", "off"]);
    let mut import = import.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let views = place.path("views.db");
    let position = || store::number(&views, "select position from subscriptions where name = 'listings'");
    for part in 1..=4 {
        wait::until("the view comes on", || (position() > part * 300).then_some(()));
        server.kill();
        // What it had is whole: the rows of every event up to its position, and of none behind it.
        let before = position();
        assert!(before > part * 300);
        server = Server::start_with(&place, &[&ALONE[..], &APART].concat());
        assert!(position() >= before, "it goes on, and does not begin anew");
    }
    assert!(import.wait().unwrap().success());
    server.kill();
    assert_eq!(rows(&place, &APART), rows(&place, &[]));
    assert_eq!(rows(&place, &TOGETHER), rows(&place, &[]));
}

#[test]
fn two_servers_share_one_view_and_one_takes_over_from_the_other() {
    let place = small_market();
    let servers = [Server::start_with(&place, &APART), Server::start_with(&place, &APART)];
    let states = |server: &Server| {
        let ready = server.client().get("/health/ready").expect(200).json();
        let parts = ready["parts"].as_array().unwrap().iter();
        parts.filter(|part| part["name"] == "listings").map(|part| part["state"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(states(&servers[0]), ["running"]);
    assert_eq!(states(&servers[1]), ["elsewhere"]);
    let ask = |server: &Server, n: u64, position: &str| {
        let headers = [("portolan-at-least", position), ("prefer", "wait=30")];
        server.client().get_with(&format!("/listings/{}", listing(n)), &headers).expect(200).json()
    };
    let make = |server: &Server, n: u64| {
        let made = server.client().post("/listings", &draft(&listing(n), from_now(3_600_000))).expect(201);
        made.header("portolan-position").to_owned()
    };
    let position = make(&servers[1], 20);
    assert_eq!(ask(&servers[0], 20, &position), ask(&servers[1], 20, &position));
    // Beside both a third reader, who writes nothing to the write store.
    assert_eq!(rows(&place, &APART), rows(&place, &[]));
    let [first, second] = servers;
    first.kill();
    let position = make(&second, 21);
    assert_eq!(ask(&second, 21, &position)["title"], "A lamp");
    assert_eq!(states(&second), ["running"]);
    second.end();
}

#[test]
fn a_query_says_when_the_process_that_fills_its_view_does_not_come_on() {
    let place = small_market();
    let server = Server::start_with(&place, &APART);
    // Stopped where it holds neither file.
    wait::until("the server is at rest", || {
        let rested = ["order_for_sale", "close_at_end", "listings"]
            .iter()
            .all(|name| state(&place, &APART, name)["lag"] == 0);
        server.signal("STOP");
        let is_free =
            rested && [place.store(), place.path("views.db")].iter().all(|file| store::is_free(file));
        if !is_free {
            server.signal("CONT");
        }
        is_free.then_some(())
    });
    place.import_with(&overdue(&listing(3)), &["--processes", "off"]);
    let query = ["query", "listings", "--json", "--read", "sqlite:views.db"];
    place.run(&query).fails(1, &["`listings` is filled by another process", "has not come on"]);
    server.signal("CONT");
    assert_eq!(place.run(&query).ok().rows().len(), 3);
    server.end();
}

#[test]
fn a_view_in_sqlite_is_asked_and_explained_on_the_command_line() {
    let place = part_of_the_market(300);
    // The same question of both: what an operator is for is tested case by case elsewhere.
    let questions = [
        ("listings", r#"status = "published" and price < "50.00 EUR""#),
        ("listings", r#"not (leader is null) or title contains "lamp""#),
        ("listings", r#"title search "lamp""#),
        ("listings", r#"title ~ "^[A-M]""#),
        ("listings", "bids in [0, 2]"),
        ("orders", "lines any (quantity > 1)"),
        ("orders", "lines all (quantity > 1)"),
        ("orders", "not (total >= \"20.00 EUR\")"),
    ];
    let mut found = 0;
    for (view, criteria) in questions {
        let ask = |read: &[&str]| {
            let query = ["query", view, "--json", "--sort=-id", "--where", criteria];
            place.run(&[&query, read].concat()).ok().rows()
        };
        let expected = ask(&[]);
        found += expected.len();
        assert_eq!(ask(&APART), expected, "{criteria}");
        assert_eq!(ask(&TOGETHER), expected, "{criteria}");
    }
    assert!(found > 20, "{found}");
    let seller = rows(&place, &[])[0][0]["seller"].as_str().unwrap().to_owned();
    let criteria = format!("seller = \"{seller}\" and title ~ \"a\"");
    let explain = ["query", "listings", "--explain", "--json", "--where", &criteria];
    let explained = place.run(&[&explain, &APART[..]].concat()).ok().rows().remove(0);
    assert_eq!(explained["store"], "sqlite");
    assert!(explained["query"].as_str().unwrap().starts_with("select "), "{explained}");
    assert_eq!(explained["indexes"], json!(["hash index on seller"]));
    assert!(explained["residual"].as_str().unwrap().contains("title ~ "), "{explained}");
    // For people too the whole of it: nobody can do anything with half a statement.
    let explain = ["query", "listings", "--explain", "--where", &criteria];
    let sheet = place.run(&[&explain, &APART[..]].concat()).ok().stdout;
    let query = sheet.lines().find_map(|line| line.strip_prefix("QUERY")).unwrap();
    assert_eq!(query.trim(), explained["query"].as_str().unwrap());
    let described = place.run(&[&["describe"], &APART[..]].concat()).ok().stdout;
    assert!(described.contains("kept in sqlite:views.db, filled by one process at a time"), "{described}");
    place.run(&["store", "check"]).ok();
}

#[test]
fn subscriptions_of_views_are_seen_and_steered_where_they_are_kept() {
    for read in [APART, TOGETHER] {
        let place = small_market();
        let events = place.events().len();
        let run = |arguments: &[&str]| place.run(&[arguments, &read].concat());
        let kept_in = if read == APART { "sqlite:views.db" } else { "write" };
        assert_eq!(state(&place, &read, "listings")["state"], "empty");
        assert!(!place.path("views.db").exists(), "who lists makes nothing");
        let server = Server::start_with(&place, &read);
        let listed = state(&place, &read, "listings");
        assert_eq!((&listed["state"], &listed["lag"]), (&json!("running"), &json!(0)));
        assert_eq!((&listed["kind"], &listed["store"]), (&json!("shared"), &json!(kept_in)));

        run(&["subscriptions", "pause", "listings"]).ok();
        let part = |name: &str| {
            let ready = server.client().get("/health/ready").expect(200).json();
            ready["parts"].as_array().unwrap().iter().find(|part| part["name"] == name).unwrap()["state"]
                .clone()
        };
        wait::until("the server has heard of it", || (part("listings") == "paused").then_some(()));
        place.import_with(&overdue(&listing(3)), &["--processes", "off"]);
        assert!(state(&place, &read, "listings")["lag"].as_u64().unwrap() > 0);
        run(&["query", "listings"]).fails(1, &["`listings` is paused at position", "resume listings"]);
        run(&["subscriptions", "rebuild", "listings"]).fails(1, &["`listings` is paused"]);
        run(&["subscriptions", "resume", "listings"]).ok();
        assert_eq!(run(&["query", "listings", "--json"]).ok().rows().len(), 3);

        // Harm that no event does is gone when the view is filled anew, beside a server and without one.
        let file = if read == APART { place.path("views.db") } else { place.store() };
        let harm = || assert!(store::alter(&file, "delete from view_listings") > 0);
        harm();
        run(&["subscriptions", "rebuild", "listings"]).ok();
        wait::until("the server fills it", || (part("listings") == "running").then_some(()));
        assert_eq!(rows(&place, &read), rows(&place, &[]));
        server.end();
        harm();
        assert_ne!(rows(&place, &read), rows(&place, &[]));
        run(&["subscriptions", "rebuild", "listings"]).ok();
        assert_eq!(rows(&place, &read), rows(&place, &[]));

        run(&["subscriptions", "reset", "listings", "--reason", "x"]).fails(1, &["rebuild listings"]);
        place.run(&["subscriptions", "rebuild", "listings"]).fails(1, &["`listings` is in memory"]);
        run(&["subscriptions", "rebuild", "close_at_end"]).fails(1, &["close_at_end", "totals"]);
        assert_eq!(
            state(&place, &[], "listings")["state"],
            "local",
            "what was in the write store is nobody's"
        );
        assert!(place.events().len() > events);
        place.run(&["store", "check"]).ok();
    }
}

#[test]
fn the_read_models_of_another_market_are_refused_until_they_are_filled_anew() {
    let (ours, theirs) = (small_market(), part_of_the_market(60));
    let expected = rows(&ours, &APART);
    let moved = theirs.path("views.db");
    std::fs::copy(ours.path("views.db"), &moved).unwrap();
    let query = ["query", "listings", "--json", "--read", "sqlite:views.db"];
    let says = ["`listings` was filled from another store", "portolan subscriptions rebuild listings"];
    theirs.run(&query).fails(2, &says);
    theirs.run(&["serve", "--read", "sqlite:views.db"]).fails(2, &["was filled from another store"]);
    for view in VIEWS {
        theirs.run(&[&["subscriptions", "rebuild", view], &APART[..]].concat()).ok();
    }
    assert_eq!(rows(&theirs, &APART), rows(&theirs, &[]));
    // A copy of a store has its journal, so that its read models go on.
    ours.run(&["store", "copy", "--from", "sqlite:portolan.db", "--to", "sqlite:copy.db"]).ok();
    assert_eq!(rows(&ours, &[&APART[..], &["--write", "sqlite:copy.db"]].concat()), expected);
    // One that was brought back from before what they show has lost it.
    ours.import_with(&overdue(&listing(3)), &[]);
    assert_ne!(rows(&ours, &APART), expected);
    ours.run(&[&query[..], &["--write", "sqlite:copy.db"]].concat()).fails(2, &says);
}
