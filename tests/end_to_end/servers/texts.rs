//! Texts that a server does not take as they are: the answers are those of the domain, and the same as on SQLite.

use serde_json::{Value, json};

use crate::support::database::{Database, on_each_server};
use crate::support::http::Client;
use crate::support::place::Place;
use crate::support::server::Server;
use crate::support::trade::{ALICE, bid, draft, eur, listing, order};

/// A text with the one character that PostgreSQL has in no text, and one with its neighbours.
const REFUSED: &str = "a\u{0}b";
const TAKEN: &str = "a\u{1}\u{2}b\u{4}\u{3} \u{5}\u{1f}\u{7f}";

/// Everything that a market answers to commands with this text wherever a text can be.
fn asked(client: &Client, text: &str, n: u64) -> Vec<Value> {
    let ask = |method: &str, path: &str, body: &Value| {
        let answer = client.send(method, path, &[], body);
        let mut told = answer.json();
        told.as_object_mut().unwrap().retain(|name, _| name != "position");
        json!([answer.status, told])
    };
    let ends_at = "2099-01-05T08:00:00Z".parse().unwrap();
    let mut titled = draft(&listing(n), ends_at);
    titled["title"] = text.into();
    let mut described = draft(&listing(n + 1), ends_at);
    described["description"] = text.into();
    let placed = |n: u64, sku: &str, description: &str, address: Value| {
        let line = json!({ "sku": sku, "description": description, "quantity": 1, "unit_price": eur(250) });
        json!({ "id": order(n), "customer": ALICE, "lines": [line], "address": address })
    };
    let address = |name: &str, street: &str, city: &str| json!({ "name": name, "street": street, "city": city, "country": "DE" });
    let plain = || address("A", "B", "C");
    let asked = [
        ("POST", "/listings".to_owned(), titled),
        ("POST", "/listings".to_owned(), described),
        ("POST", format!("/listings/{}/publish", listing(n)), Value::Null),
        ("POST", format!("/listings/{}/bids", listing(n)), bid(ALICE, 3_000)),
        ("POST", "/orders".to_owned(), placed(n, text, "x", plain())),
        ("POST", "/orders".to_owned(), placed(n + 1, "x", text, plain())),
        ("POST", "/orders".to_owned(), placed(n + 2, "x", "x", address(text, "B", "C"))),
        ("POST", "/orders".to_owned(), placed(n + 3, "x", "x", address("A", text, text))),
        ("POST", "/orders".to_owned(), placed(n + 4, "x", "x", plain())),
        ("POST", format!("/orders/{}/pay", order(n + 4)), Value::Null),
        ("POST", format!("/orders/{}/ship", order(n + 4)), json!({ "tracking": text })),
    ];
    asked.iter().map(|(method, path, body)| ask(method, path, body)).collect()
}

/// What a market says to both texts, and what it shows of the one that it takes when it was started anew.
fn answers(place: &Place) -> Vec<Value> {
    let start = || Server::start_with(place, &["--deadlines", "off"]);
    let server = start();
    let mut answers = [asked(&server.client(), REFUSED, 10), asked(&server.client(), TAKEN, 20)].concat();
    server.end();
    let server = start();
    let client = server.client();
    for path in ["/listings?filter=bids%20%3E%200", "/orders?sort=id"] {
        let mut page = client.get(path).expect(200).json();
        for row in page["items"].as_array_mut().unwrap() {
            row.as_object_mut().unwrap().retain(|name, _| !name.ends_with("_at"));
            answers.push(row.take());
        }
    }
    // What was loaded from the store goes on.
    answers.push(client.post(&format!("/orders/{}/deliver", order(24)), &Value::Null).expect(200).json());
    server.end();
    place.run(&["store", "check"]).ok();
    answers
}

#[test]
fn a_text_with_any_character_is_answered_as_on_sqlite_however_it_is_kept() {
    let expected = answers(&Place::new());
    let refused = &expected[0];
    assert_eq!((&refused[0], &refused[1]["code"]), (&json!(422), &json!("invalid")), "{refused}");
    assert!(refused[1]["detail"].as_str().unwrap().contains("U+0000"), "{refused}");
    assert!(expected.iter().any(|row| row["title"] == TAKEN), "{expected:?}");
    assert!(expected.iter().any(|row| row["tracking"] == TAKEN), "{expected:?}");
    on_each_server(|database| {
        for storage in ["relational", "document", "events"] {
            let empty = Database::new(database.engine).unwrap();
            let place = Place::on(format!("{}?storage={storage}", empty.url()));
            assert_eq!(answers(&place), expected, "{} {storage}", database.engine);
        }
    });
}
