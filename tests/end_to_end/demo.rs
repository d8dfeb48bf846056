//! `demo`: a market to try at once.

use std::process::Stdio;

use serde_json::json;

use crate::support::place::Place;
use crate::support::server::Server;
use crate::support::trade::ALICE;
use crate::support::{program, store, wait};

#[test]
fn demo_is_a_market_to_try_at_once() {
    let place = Place::new();
    let mut command = program::portolan();
    command.current_dir(place.path("")).args(["demo", "--listen", "127.0.0.1:0"]);
    let server = Server::spawn(command);
    let client = server.client();
    let sold = client.get("/listings?limit=200&count=true").expect(200).json();
    let statuses: Vec<_> =
        sold["items"].as_array().unwrap().iter().map(|row| row["status"].clone()).collect();
    assert!(statuses.contains(&json!("sold")) && statuses.contains(&json!("published")), "{statuses:?}");
    let published =
        sold["items"].as_array().unwrap().iter().find(|row| row["status"] == "published").unwrap();
    let mut ceiling = published["next_minimum"].clone();
    ceiling["amount"] = json!(ceiling["amount"].as_i64().unwrap() * 10);
    let path = format!("/listings/{}/bids", published["id"].as_str().unwrap());
    client.post(&path, &json!({ "bidder": ALICE, "ceiling": ceiling })).expect(200);
    client.get("/docs").expect(200);
    server.end();
    assert_eq!(std::fs::read_dir(place.path("")).unwrap().count(), 0, "it leaves nothing behind");
}

#[test]
fn a_demo_that_is_interrupted_while_it_imports_leaves_nothing_behind() {
    let place = Place::new();
    let temporary = place.path("temporary");
    std::fs::create_dir(&temporary).unwrap();
    let mut command = program::portolan();
    command.current_dir(place.path("")).env("TMPDIR", &temporary).args(["demo", "--listen", "127.0.0.1:0"]);
    let demo = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("the program starts");
    let folders = || std::fs::read_dir(&temporary).unwrap().map(|folder| folder.unwrap().path());
    wait::until("a part is imported", || {
        store::outcomes(&folders().next()?.join("market.db")).filter(|count| *count > 0)
    });
    program::signal(demo.id(), "INT");
    let ended = demo.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(1), "{said}");
    assert!(said.contains("interrupted"), "{said}");
    assert_eq!(folders().count(), 0, "its folder is gone");
}
