//! `subscriptions`: what follows the journal, seen and steered from outside.

use serde_json::json;

use crate::support::market;
use crate::support::server::Server;
use crate::support::trade::{listing, order_of, overdue, small_market};
use crate::support::{store, wait};

#[test]
fn subscriptions_are_listed_paused_resumed_and_reset() {
    let place = small_market();
    let server = Server::start(&place);
    let state = |name: &str| {
        let rows = place.run(&["subscriptions", "list", "--json"]).ok().rows();
        rows.into_iter().find(|row| row["name"] == name).unwrap_or_else(|| panic!("{name} is not listed"))
    };
    assert_eq!(state("listings")["state"], "local");
    assert_eq!(state("close_at_end")["state"], "running");
    wait::until("the process has come to the head", || (state("order_for_sale")["lag"] == 0).then_some(()));

    place.run(&["subscriptions", "pause", "order_for_sale"]).ok();
    assert_eq!(state("order_for_sale")["state"], "paused");
    let head = state("order_for_sale")["position"].as_u64().unwrap();
    // A running server obeys within a second; its readiness says when.
    wait::until("the server has heard of it", || {
        let ready = server.client().get("/health/ready").json();
        let part = ready["parts"].as_array()?.iter().find(|part| part["name"] == "order_for_sale")?.clone();
        (part["state"] == "paused").then_some(())
    });
    place.import_with(&overdue(&listing(3)), &["--processes", "off"]);
    wait::until("the deadline closes it", || {
        place.events().into_iter().find(|event| event["type"] == "ListingSold")
    });
    assert_eq!(state("order_for_sale")["position"], head, "a paused one does not move");
    assert!(state("order_for_sale")["lag"].as_u64().unwrap() > 0);
    place.run(&["subscriptions", "resume", "order_for_sale"]).ok();
    wait::until("it goes on where it was", || {
        market::rows(&place, "orders").into_iter().find(|row| row["id"] == json!(order_of(&listing(3))))
    });
    wait::until("it has come to the head", || (state("order_for_sale")["lag"] == 0).then_some(()));

    let before = place.events().len();
    place.run(&["subscriptions", "reset", "order_for_sale", "--to", "0", "--reason", "to see it again"]).ok();
    wait::until("it has come to the head again", || (state("order_for_sale")["lag"] == 0).then_some(()));
    server.end();
    assert_eq!(place.events().len(), before, "what was done is not done again");
    let kept =
        "select count(*) from subscription_resets where reason = 'to see it again' and to_position = 0";
    assert_eq!(store::number(&place.store(), kept), 1);
    place.run(&["subscriptions", "pause", "nothing"]).fails(1, &["nothing", "order_for_sale"]);
    place.run(&["subscriptions", "pause", "listings"]).fails(1, &["listings", "local"]);
    place
        .run(&["subscriptions", "reset", "order_for_sale", "--to", "9999", "--reason", "x"])
        .fails(2, &["9999"]);
    let unexplained = place.run(&["subscriptions", "reset", "order_for_sale"]).status(2);
    assert!(unexplained.stderr.contains("--reason"), "{}", unexplained.stderr);
}
