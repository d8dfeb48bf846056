//! Read models in SQL while their market moves to another store: kept in the write store itself, they move with it; kept
//! elsewhere, they stay and go on.

use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value;

use crate::read_models::{rows, state};
use crate::support::http::Client;
use crate::support::load::{self, Load};
use crate::support::place::{Place, Ran};
use crate::support::server::Server;
use crate::support::trade::{draft, from_now, listing};
use crate::support::{program, wait};

/// Reads on and on while something happens: every answer is one, and none is of an earlier position than the one before.
pub(crate) fn while_read(client: &Client, meanwhile: impl FnOnce()) {
    let ends = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let (mut before, mut answers) = (0, 0);
            while !ends.load(Ordering::Relaxed) {
                let page = client.get("/listings?sort=-price.amount&limit=3&count=true").expect(200);
                let page = page.json();
                let position = page["position"].as_u64().unwrap();
                assert!(position >= before, "back from {before} to {position}");
                assert_eq!(page["items"].as_array().unwrap().len(), 3, "{page}");
                (before, answers) = (position, answers + 1);
            }
            answers
        });
        let end = EndsWhenDropped(&ends);
        meanwhile();
        drop(end);
        assert!(reader.join().unwrap() > 0);
    });
}

/// Also where a test fails in between, so that it ends.
struct EndsWhenDropped<'a>(&'a AtomicBool);

impl Drop for EndsWhenDropped<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// A write, and a read that asks for it.
pub(crate) fn a_write_is_seen(client: &Client, number: u64) {
    let id = listing(number);
    let made = client.post("/listings", &draft(&id, from_now(3_600_000))).expect(201);
    let headers = [("portolan-at-least", made.header("portolan-position")), ("prefer", "wait=30")];
    client.get_with(&format!("/listings/{id}"), &headers).expect(200);
    client.get_with("/listings?limit=1", &headers).expect(200);
}

fn at(place: &Place, url: &str, arguments: &[&str]) -> Ran {
    load::at(program::portolan(), place, url, arguments)
}

fn switch(place: &Place, next: &str) {
    let mut switch = program::portolan();
    switch.args(["store", "switch", "--from", &place.url(), "--to", next]);
    Ran::from(switch.output().unwrap()).ok();
}

/// A server with these read models, whose store moves under load while somebody reads.
fn moves_with(read: &str, read_afterwards: &str) {
    let place = Place::new();
    let server = Server::start_with(&place, &["--read", read]);
    let client = server.client();
    Load::publish(&client);
    a_write_is_seen(&client, 900);
    let next = format!("sqlite:{}?storage=document", place.path("next.db").display());
    let load = Load::new(0);
    let mut seen = Vec::new();
    while_read(&client, || {
        seen = load.during(&client, || {
            load.goes_on(50);
            switch(&place, &next);
            load.goes_on(50);
        });
        a_write_is_seen(&client, 901);
    });
    load::holds_what_was_told(&program::portolan, &place, &next, &seen, &client);
    let ready = client.get("/health/ready").expect(200).json();
    let parts = ready["parts"].as_array().unwrap();
    for view in ["listings", "orders", "customers", "totals"] {
        let part = parts.iter().find(|part| part["name"] == view).unwrap();
        assert_eq!(part["state"], "running", "{part}");
    }
    server.end();
    let (moved, with) = (["--write", &next], ["--write", &next, "--read", read_afterwards]);
    let listed = state(&place, &with, "listings");
    assert_eq!(listed["lag"], 0, "it was filled by the server: {listed}");
    assert_eq!(rows(&place, &with), rows(&place, &moved));
}

#[test]
fn those_in_the_write_store_itself_move_with_it_and_answer_all_the_time() {
    moves_with("sqlite:portolan.db", "sqlite:next.db");
}

#[test]
fn those_in_a_store_of_their_own_stay_there_and_answer_all_the_time() {
    moves_with("sqlite:views.db", "sqlite:views.db");
}

#[test]
fn one_that_an_operator_has_paused_stays_so_and_goes_on_when_he_says_so() {
    let place = Place::new();
    let own = ["--read", "sqlite:portolan.db"];
    let server = Server::start_with(&place, &own);
    let client = server.client();
    a_write_is_seen(&client, 900);
    place.run(&[&["subscriptions", "pause", "listings"][..], &own].concat()).ok();
    wait::until("the server has heard of it", || {
        (state(&place, &own, "listings")["state"] == "paused").then_some(())
    });
    let next = format!("sqlite:{}", place.path("next.db").display());
    switch(&place, &next);
    let in_next = ["--write", &next, "--read", &next];
    wait::until("the next store has it", || {
        let listed = at(&place, &next, &["subscriptions", "list", "--json", "--read", &next]);
        let is_paused = |row: &Value| row["name"] == "listings" && row["state"] == "paused";
        (listed.status == 0 && listed.rows().iter().any(is_paused)).then_some(())
    });
    // The former one shows what it had, and does not show what comes.
    client.get(&format!("/listings/{}", listing(900))).expect(200);
    let made = client.post("/listings", &draft(&listing(901), from_now(3_600_000))).expect(201);
    client.get(&format!("/listings/{}", listing(901))).expect(404);
    says_how_far_it_is(&client, made.header("portolan-position"));
    place.run(&[&["subscriptions", "resume", "listings"][..], &in_next].concat()).ok();
    let headers = [("portolan-at-least", made.header("portolan-position")), ("prefer", "wait=30")];
    client.get_with(&format!("/listings/{}", listing(901)), &headers).expect(200);
    server.end();
}

/// Who asks for more than the former one shows is told so, and when to ask again.
fn says_how_far_it_is(client: &Client, want: &str) {
    let headers = [("portolan-at-least", want), ("prefer", "wait=0")];
    for path in ["/listings?limit=1".to_owned(), format!("/listings/{}", listing(900))] {
        let stale = client.get_with(&path, &headers).expect(503);
        assert_eq!(stale.header("retry-after"), "1");
        let (problem, want): (_, u64) = (stale.json(), want.parse().unwrap());
        assert_eq!((&problem["code"], &problem["want"]), (&"stale".into(), &want.into()), "{problem}");
        let have = problem["have"].as_u64().unwrap();
        assert!((1..want).contains(&have), "{problem}");
        let said = problem["detail"].as_str().unwrap();
        assert!(said.contains(&format!("at position {have}, not yet at {want}")), "{problem}");
    }
}
