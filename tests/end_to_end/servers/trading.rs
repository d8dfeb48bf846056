//! The market on a server: imported, served, checked.

use serde_json::{Value, json};

use crate::support::database::on_each_server;
use crate::support::market;
use crate::support::place::Place;
use crate::support::server::Server;
use crate::support::trade::{ALICE, BOB, bid, draft, from_now, listing, order, order_of, overdue, placement};
use crate::support::wait;

#[test]
fn an_import_gives_what_the_model_says_and_a_repeat_the_same() {
    on_each_server(|database| {
        let place = Place::on(database.url());
        let file = market::file();
        let import = ["import", file.to_str().unwrap(), "--report"];
        place.run(&[&import[..], &["first.json"]].concat()).ok();
        market::assert_matches_the_model(&place, "first.json");
        let mut session = database.connect();
        let mut written =
            || ["journal", "commands"].map(|table| session.number(&format!("select count(*) from {table}")));
        let before = written();
        place.run(&[&import[..], &["second.json"]].concat()).ok();
        assert_eq!(market::report(&place, "second.json"), market::report(&place, "first.json"));
        assert_eq!(written(), before, "a repeat writes nothing");
        let checked = place.run(&["store", "check"]).ok();
        assert!(checked.stderr.contains("the stored state is what the journal says"), "{}", checked.stderr);
    });
}

#[test]
fn a_market_is_served_and_goes_on_where_it_was() {
    on_each_server(|database| {
        let place = Place::on(database.url());
        let server = Server::start(&place);
        let client = server.client();
        let (sold, open) = (listing(1), listing(2));
        for (id, ends_at) in [(&sold, from_now(3_000)), (&open, from_now(3_600_000))] {
            client.post("/listings", &draft(id, ends_at)).expect(201);
            client.post(&format!("/listings/{id}/publish"), &Value::Null).expect(200);
            client.post(&format!("/listings/{id}/bids"), &bid(ALICE, 3_000)).expect(200);
        }
        let again = [("idempotency-key", "again")];
        let path = format!("/listings/{open}/bids");
        let first = client.send("POST", &path, &again, &bid(BOB, 2_000)).expect(200);
        assert_eq!(client.send("POST", &path, &again, &bid(BOB, 2_000)).expect(200).json(), first.json());
        client.post("/listings", &draft(&open, from_now(3_600_000))).problem(409, "already_exists");
        client.post(&path, &bid(BOB, 1)).expect(422);
        let stale =
            client.send("POST", &format!("/listings/{open}/close"), &[("if-match", "\"1\"")], &Value::Null);
        stale.expect(412);
        client.post("/orders", &placement(&order(1))).expect(201);
        let ordered = format!("/orders/{}", order_of(&sold));
        wait::until("the listing closes by itself and its sale becomes an order", || {
            (client.get(&ordered).status == 200).then_some(())
        });
        let totals = client.get("/totals").expect(200).json();
        server.end();
        // What ended meanwhile is closed at the next start.
        place.import(&overdue(&listing(3)));
        let server = Server::start(&place);
        let late = format!("/orders/{}", order_of(&listing(3)));
        wait::until("the overdue one closes", || (server.client().get(&late).status == 200).then_some(()));
        assert_ne!(server.client().get("/totals").expect(200).json(), totals);
        server.end();
        let placed = place.events().iter().filter(|event| event["type"] == "OrderPlaced").count();
        assert_eq!(placed, 3, "each sale is one order");
        place.run(&["store", "check"]).ok();
        let info = &place.run(&["store", "info", "--json"]).ok().rows()[0];
        assert_eq!(info["storage"], json!("relational"));
        place.run(&["store", "backup", "copy.db"]).fails(1, &["dump"]);
    });
}

#[test]
fn one_command_is_sent_and_the_history_is_read_beside_a_server() {
    on_each_server(|database| {
        let place = Place::on(format!("{}?storage=events", database.url()));
        let server = Server::start(&place);
        place.import(&overdue(&listing(1)));
        let ordered = format!("/orders/{}", order_of(&listing(1)));
        let client = server.client();
        wait::until("the server hears of it", || (client.get(&ordered).status == 200).then_some(()));
        let sent = json!({ "command": "pay_order", "order": order_of(&listing(1)) }).to_string();
        place.run(&["send", &sent]).ok();
        let refused = place.run(&["send", &sent]).status(1);
        assert!(refused.stdout.contains("not_placed") || refused.stdout.contains("code"), "{refused:?}");
        let shown = &place.run(&["show", &listing(1), "--json"]).ok().rows()[0];
        let earlier = &place.run(&["show", &listing(1), "--at-version", "1", "--json"]).ok().rows()[0];
        assert_ne!(shown, earlier);
        wait::until("the paid order is seen", || {
            (client.get(&ordered).expect(200).json()["status"] == "paid").then_some(())
        });
        let rows = place.run(&["subscriptions", "list", "--json"]).ok().rows();
        let process = rows.iter().find(|row| row["name"] == "order_for_sale").unwrap();
        assert_eq!(process["state"], "running", "{process}");
        server.end();
    });
}
