//! `demo`: a market to try at once.

use serde_json::json;

use crate::support::place::Place;
use crate::support::program;
use crate::support::server::Server;
use crate::support::trade::ALICE;

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
