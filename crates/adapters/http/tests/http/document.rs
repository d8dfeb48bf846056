//! The OpenAPI document, and the pages for people.

use std::collections::BTreeSet;

use portolan_application::wire::CommandLine;
use portolan_domain::{listing, order};
use serde_json::Value;

use crate::support::{ALICE, Fixture, LISTING, ORDER};

async fn document() -> (Fixture, Value) {
    let market = Fixture::published().await;
    market.post("/orders", &crate::support::order()).await.expect(201);
    market.catch_up().await;
    let answer = market.get("/openapi.json").await.expect(200);
    assert_eq!(answer.header("content-type"), "application/json");
    let document = answer.json();
    (market, document)
}

#[tokio::test]
async fn the_document_names_every_route_of_the_service() {
    let (_, document) = document().await;
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"), "{}", document["openapi"]);
    let mut routes = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            routes.insert(format!("{method} {path}"));
        }
    }
    let expected = [
        "delete /listings/{id}/bids/{bidder}",
        "delete /orders/{id}/lines/{sku}",
        "get /customers/{id}",
        "get /events",
        "get /health/live",
        "get /health/ready",
        "get /listings",
        "get /listings/{id}",
        "get /listings/{id}/events",
        "get /metrics",
        "get /orders",
        "get /orders/{id}",
        "get /orders/{id}/events",
        "get /totals",
        "patch /listings/{id}",
        "patch /orders/{id}/lines/{sku}",
        "post /listings",
        "post /listings/{id}/bids",
        "post /listings/{id}/close",
        "post /listings/{id}/publish",
        "post /listings/{id}/withdraw",
        "post /orders",
        "post /orders/{id}/cancel",
        "post /orders/{id}/deliver",
        "post /orders/{id}/pay",
        "post /orders/{id}/ship",
        "put /orders/{id}/address",
    ];
    assert_eq!(routes.iter().map(String::as_str).collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn each_operation_has_a_name_of_its_own_and_a_command_its_own_name() {
    let (_, document) = document().await;
    let mut names = BTreeSet::new();
    for item in document["paths"].as_object().unwrap().values() {
        for (method, operation) in item.as_object().unwrap() {
            let name = operation["operationId"].as_str().unwrap();
            assert!(names.insert(name.to_owned()), "{method}: `{name}` names two operations");
        }
    }
    for command in CommandLine::NAMES {
        assert!(names.contains(*command), "no operation is called `{command}`");
    }
}

#[tokio::test]
async fn every_reference_in_the_document_leads_somewhere() {
    fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
        match value {
            Value::Object(members) => {
                for (name, member) in members {
                    match member.as_str().filter(|_| name == "$ref") {
                        Some(reference) => found.push(reference),
                        None => references(member, found),
                    }
                }
            }
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            _ => {}
        }
    }
    let (_, document) = document().await;
    let mut found = Vec::new();
    references(&document, &mut found);
    assert!(found.len() > 50);
    for reference in found {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
}

#[tokio::test]
async fn the_document_says_of_each_view_what_its_json_is() {
    let (market, document) = document().await;
    let totals = market.get("/totals").await.json()["items"][0].clone();
    let history = market.get(&format!("/listings/{LISTING}/events")).await.json();
    for (schema, json) in [
        ("Listing", market.get(&format!("/listings/{LISTING}")).await.json()),
        ("Order", market.get(&format!("/orders/{ORDER}")).await.json()),
        ("Customer", market.get(&format!("/customers/{ALICE}")).await.json()),
        ("Totals", totals),
        ("Listings", market.get("/listings?count=true").await.json()),
        ("Ready", market.get("/health/ready").await.json()),
        ("Event", history["items"][0].clone()),
        ("History", history),
    ] {
        let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>();
        let properties = keys(&document["components"]["schemas"][schema]["properties"]);
        assert_eq!(properties, keys(&json), "{schema}");
    }
}

#[tokio::test]
async fn the_pages_ask_no_other_host() {
    let market = Fixture::new();
    for path in ["/", "/docs"] {
        let page = market.get(path).await.expect(200);
        assert!(page.header("content-type").starts_with("text/html"));
        assert!(page.header("content-security-policy").contains("default-src 'none'"));
        assert!(page.text.contains("<script src=\"/") && page.text.contains("/style.css"));
    }
    for path in ["/", "/docs", "/docs.js", "/market.js", "/style.css"] {
        let text = market.get(path).await.expect(200).text;
        assert!(
            !text.contains("http://") && !text.contains("https://") && !text.contains("innerHTML"),
            "{path}"
        );
    }
}

#[tokio::test]
async fn the_market_page_listens_to_every_event_there_is() {
    let script = Fixture::new().get("/market.js").await.expect(200).text;
    for name in listing::Event::NAMES.into_iter().chain(order::Event::NAMES) {
        assert!(script.contains(&format!("\"{name}\"")), "{name}");
    }
}

#[tokio::test]
async fn the_document_says_which_headers_an_answer_has() {
    const HEADERS: [&str; 5] = ["ETag", "Link", "Location", "Portolan-Position", "Retry-After"];
    let (market, document) = document().await;
    let mut another = crate::support::draft();
    another["id"] = "0190a000-0000-7000-8000-00000000000d".into();
    let drafted = market.post("/listings", &another).await.expect(201);
    let tag = market.get(&format!("/listings/{LISTING}")).await.header("etag").to_owned();
    let known = [("if-none-match", tag.as_str())];
    let late = [("portolan-at-least", "1000000"), ("prefer", "wait=0")];
    market.catch_up().await;
    for (route, answer) in [
        ("post /listings", drafted),
        (
            "post /orders/{id}/pay",
            market.post(&format!("/orders/{ORDER}/pay"), &Value::Null).await.expect(200),
        ),
        ("get /listings", market.get("/listings?limit=1").await.expect(200)),
        ("get /listings", market.get_with("/listings", &late).await.expect(503)),
        ("get /totals", market.get("/totals?sort=nothing").await.expect(400)),
        ("get /listings/{id}", market.get(&format!("/listings/{LISTING}")).await.expect(200)),
        ("get /listings/{id}", market.get_with(&format!("/listings/{LISTING}"), &known).await.expect(304)),
        ("get /listings/{id}", market.get(&format!("/listings/{ALICE}")).await.expect(404)),
        ("get /customers/{id}", market.get(&format!("/customers/{ALICE}")).await.expect(200)),
        (
            "get /listings/{id}/events",
            market.get(&format!("/listings/{LISTING}/events?limit=1")).await.expect(200),
        ),
    ] {
        let (method, path) = route.split_once(' ').unwrap();
        let described = &document["paths"][path][method]["responses"][answer.status.to_string()]["headers"];
        let named: Vec<_> =
            described.as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect();
        let given: Vec<_> = HEADERS.into_iter().filter(|name| answer.headers.contains_key(*name)).collect();
        assert_eq!(named, given, "{route} {}", answer.status);
    }
}

#[tokio::test]
async fn the_document_says_when_to_ask_again_and_no_list_is_not_found() {
    let (_, document) = document().await;
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let responses = operation["responses"].as_object().unwrap();
            for (status, response) in
                responses.iter().filter(|(status, _)| ["429", "503"].contains(&status.as_str()))
            {
                let is_problem = response["content"]["application/problem+json"].is_object();
                assert_eq!(
                    response["headers"]["Retry-After"].is_object(),
                    is_problem,
                    "{method} {path} {status}"
                );
            }
            let is_list =
                method == "get" && ["/events", "/listings", "/orders", "/totals"].contains(&path.as_str());
            let has_no_problems = tagged(operation, "operation");
            assert_eq!(responses.contains_key("404"), !is_list && !has_no_problems, "{method} {path}");
        }
    }
}

fn tagged(operation: &Value, tag: &str) -> bool {
    operation["tags"].as_array().unwrap().contains(&tag.into())
}
