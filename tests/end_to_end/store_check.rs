//! `store check` finds what is wrong with a store, and finds nothing wrong with a sound one.

use crate::support::place::Place;
use crate::support::store;
use crate::support::trade::{
    ALICE, BOB, at, bid_line, draft_line, from_now, listing, order, placement, publish_line,
};

/// A store with two listings, bids, an order, a sale and its order.
fn place() -> Place {
    let place = Place::new();
    let (earlier, end) = (from_now(-120_000), from_now(-60_000));
    let mut placed = placement(&order(1));
    let fields = placed.as_object_mut().unwrap();
    let id = fields.remove("id").unwrap();
    fields.insert("order".to_owned(), id);
    fields.insert("command".to_owned(), "place_order".into());
    place.import(&[
        at(draft_line(&listing(1), end), earlier),
        at(publish_line(&listing(1)), earlier),
        at(bid_line(&listing(1), ALICE, 3_000), earlier),
        at(bid_line(&listing(1), BOB, 4_000), earlier),
        at(serde_json::json!({ "command": "close_listing", "listing": listing(1) }), end),
        draft_line(&listing(2), from_now(3_600_000)),
        publish_line(&listing(2)),
        bid_line(&listing(2), ALICE, 3_000),
        placed,
    ]);
    place
}

/// Does this harm to a sound store; the check must find something with these words, and nothing else must.
#[track_caller]
fn assert_found(harm: &str, words: &[&str]) {
    let place = place();
    place.run(&["store", "check"]).ok();
    assert!(store::alter(&place.store(), harm) > 0, "{harm} changed nothing");
    let checked = place.run(&["store", "check", "--json"]).status(1);
    let findings: Vec<_> =
        checked.rows().iter().map(|row| row["finding"].as_str().unwrap().to_owned()).collect();
    let has_all = |finding: &String| words.iter().all(|word| finding.contains(word));
    assert!(findings.iter().any(has_all), "{words:?} are in none of {findings:?}");
    assert!(checked.stderr.contains(&format!("{} difference", findings.len())), "{}", checked.stderr);
    let table = place.run(&["store", "check"]).status(1);
    assert!(
        words.iter().all(|word| table.stdout.contains(word)),
        "people see it whole too: {}",
        table.stdout
    );
}

#[test]
fn a_sound_store_passes_also_beside_a_server() {
    let place = place();
    let checked = place.run(&["store", "check"]).ok();
    assert_eq!(checked.stdout, "", "there is nothing to tell");
    let events = format!("{} events", place.events().len());
    assert!(
        checked.stderr.contains(&events) && checked.stderr.contains("4 aggregates"),
        "{}",
        checked.stderr
    );
    let _server = crate::support::server::Server::start(&place);
    place.run(&["store", "check"]).ok();
}

#[test]
fn a_changed_byte_of_state_is_found() {
    assert_found("update listing_texts set title = 'A damp' where rowid = 1", &["listing", "`title`"]);
    assert_found(
        "update bids set ceiling_amount = ceiling_amount + 1 where bidder = x'000000000000400080000000000000a1'",
        &["listing", "bids"],
    );
    assert_found("update orders set status = 'paid' where version = 1", &["order", "`status`"]);
    assert_found("update order_lines set quantity = 3 where sku = 'A/1'", &["order", "lines", "quantity"]);
    assert_found("update listings set price_amount = price_amount + 1", &["listing", "price"]);
}

#[test]
fn a_state_that_does_not_read_is_found() {
    assert_found("update listings set status = 'painted'", &["listing", "status"]);
}

#[test]
fn a_missing_state_is_found() {
    assert_found("delete from listings where version = 3", &[&listing(2), "state is not stored"]);
}

/// The first listing's events: which positions they have is for the import's concurrency to say.
const OF_LISTING: &str = "aggregate_id = x'00000000000040008000111100000001'";

#[test]
fn a_missing_event_is_found() {
    assert_found("delete from journal where position = 4", &["events are missing", "3", "5"]);
    assert_found(
        &format!("delete from journal where {OF_LISTING} and version = 2"),
        &[&listing(1), "version"],
    );
    // The last event of all leaves no gap behind it.
    assert_found(
        "delete from journal where position = (select max(position) from journal)",
        &["no event accounts for"],
    );
}

#[test]
fn a_changed_event_is_found() {
    assert_found(
        "update journal set payload = replace(payload, '4000', '4001') where event_type = 'BidPlaced'",
        &["listing", "bids"],
    );
    assert_found(
        &format!("update journal set payload = '{{}}' where {OF_LISTING} and version = 1"),
        &[&listing(1)],
    );
}

#[test]
fn an_orphan_row_is_found() {
    assert_found(
        "insert into bids values (x'0000000000004000800011110000ffff', x'00', 1, 5)",
        &["`bids`", "00000000-0000-4000-8000-11110000ffff"],
    );
    assert_found(
        "insert into order_lines values (x'0000000000004000800022220000ffff', 0, 'A', '', 1, 5)",
        &["`order_lines`", "00000000-0000-4000-8000-22220000ffff"],
    );
    assert_found(
        "insert into orders select x'0000000000004000800022220000ffff', version, customer, status, placed_at, items, \
         total_amount, currency, address_name, address_street, address_city, address_country, tracking from orders limit 1",
        &["order 00000000-0000-4000-8000-22220000ffff", "no event accounts for"],
    );
}

#[test]
fn a_lost_record_of_a_command_is_found() {
    assert_found(
        "delete from commands where command_id = (select command_id from commands limit 1)",
        &["the outcome of its command", "is not there"],
    );
}

#[test]
fn a_record_that_is_over_is_not_missed() {
    let place = Place::new();
    let mut draft = draft_line(&listing(1), from_now(3_600_000));
    draft["command_id"] = "00000000-0000-4000-8000-00000000c0de".into();
    place.run(&["send", &draft.to_string()]).ok();
    let in_time = place.run(&["store", "check"]).ok();
    assert!(in_time.stderr.contains("1 events"), "{}", in_time.stderr);
    // Its time is over, by what its event says.
    let over = "update journal set metadata = json_set(metadata, '$.kept', json_object('until', '2026-01-01T00:00:00Z'))";
    store::alter(&place.store(), "delete from commands");
    place.run(&["store", "check"]).status(1);
    let kept = place.events()[0]["meta"]["kept"].clone();
    println!("kept as {kept}");
    let over = if kept.is_string() {
        over.replace("json_object('until', '2026-01-01T00:00:00Z')", "'2026-01-01T00:00:00Z'")
    } else {
        over.to_owned()
    };
    store::alter(&place.store(), &over);
    place.run(&["store", "check"]).ok();
}
