//! Lists: pages, order, count, and what is wrong with a request for one.

use serde_json::{Value, json};

use crate::support::{Answer, Fixture, draft};

/// A market with five drafts, whose asking price falls as their number rises.
async fn drafted() -> Fixture {
    let market = Fixture::new();
    for number in 1..=5 {
        let mut body = draft();
        body["id"] = format!("0190a000-0000-7000-8000-00000000010{number}").into();
        body["title"] = format!("Lamp {number}").into();
        body["asking"]["amount"] = (1000 - number).into();
        market.post("/listings", &body).await.expect(201);
    }
    market.catch_up().await;
    market
}

fn titles(answer: &Answer) -> Vec<String> {
    let document = answer.json();
    let items = document["items"].as_array().unwrap().iter();
    items.map(|item| item["title"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_list_is_walked_by_its_links() {
    let market = drafted().await;
    let mut seen = Vec::new();
    let mut path = "/listings?sort=price.amount&limit=2".to_owned();
    loop {
        let page = market.get(&path).await.expect(200);
        seen.extend(titles(&page));
        let Some(link) = page.headers.get("link") else {
            assert_eq!(page.json()["next"], Value::Null);
            break;
        };
        let link = link.to_str().unwrap();
        let (next, relation) = link.strip_prefix('<').unwrap().split_once('>').unwrap();
        assert_eq!(relation, "; rel=\"next\"");
        assert!(next.starts_with("/listings?sort=price.amount&limit=2&after="), "{next}");
        assert!(next.ends_with(page.json()["next"].as_str().unwrap()), "{next}");
        path = next.to_owned();
    }
    assert_eq!(seen, ["Lamp 5", "Lamp 4", "Lamp 3", "Lamp 2", "Lamp 1"]);
}

#[tokio::test]
async fn a_page_says_its_position_and_the_count_where_it_is_asked_for() {
    let market = drafted().await;
    let page = market.get("/listings?limit=1&count=true").await.expect(200).json();
    assert_eq!((&page["position"], &page["count"]), (&json!(5), &json!(5)));
    let page = market.get("/listings").await.expect(200).json();
    assert!(page.get("count").is_none());
    assert_eq!(page["items"].as_array().unwrap().len(), 5);
    let empty = market.get("/orders").await.expect(200).json();
    assert_eq!(empty, json!({ "items": [], "next": null, "position": 5 }));
}

#[tokio::test]
async fn a_sort_a_limit_and_a_cursor_that_are_none_are_400() {
    let market = drafted().await;
    for wrong in
        ["sort=colour", "sort=description", "sort=price", "sort=", "after=x", "count=yes", "limit=many"]
    {
        market.get(&format!("/listings?{wrong}")).await.problem(400, "invalid");
    }
    for wrong in ["limit=0", "limit=201", "limit=18446744073709551615"] {
        assert_eq!(market.get(&format!("/listings?{wrong}")).await.problem(400, "invalid")["limit"], 200);
    }
    market.get("/listings?limit=200").await.expect(200);
    let next = market.get("/listings?limit=1").await.json()["next"].as_str().unwrap().to_owned();
    market.get(&format!("/listings?limit=1&sort=-title&after={next}")).await.problem(400, "invalid");
    market.get(&format!("/listings?limit=1&after={}", &next[1..])).await.problem(400, "invalid");
    market.get("/listings?limit=1&limit=2").await.problem(400, "malformed");
}

#[tokio::test]
async fn rows_are_filtered_by_text_and_by_json_alike() {
    let market = drafted().await;
    let text =
        "/listings?count=true&filter=price%20%3C%20%229.98%20EUR%22%20and%20title%20contains%20%22amp%22";
    let page = market.get(text).await.expect(200);
    assert_eq!(
        (titles(&page), &page.json()["count"]),
        (vec!["Lamp 3".into(), "Lamp 4".into(), "Lamp 5".into()], &json!(3))
    );
    let filter = r#"{"op":"in","field":"title","value":["Lamp 1","Lamp 2"]}"#;
    let query: String =
        form_urlencoded::Serializer::new(String::new()).append_pair("filter[json]", filter).finish();
    let first = market.get(&format!("/listings?limit=1&{query}")).await.expect(200);
    assert_eq!(titles(&first), ["Lamp 1"]);
    let link = first.header("link").to_owned();
    let next = link.trim_start_matches('<').split_once('>').unwrap().0;
    assert_eq!(titles(&market.get(next).await.expect(200)), ["Lamp 2"]);
}

#[tokio::test]
async fn a_bad_filter_is_400_with_its_place() {
    let market = drafted().await;
    let text = market.get("/listings?filter=title%20%3D%20%22a%22%20and%0Aprise%20%3D%201").await;
    let problem = text.problem(400, "invalid");
    assert_eq!((&problem["line"], &problem["parameter"]), (&json!(2), &json!("filter")));
    let json = market.get("/listings?filter%5Bjson%5D=%7B%22op%22%3A%22near%22%7D").await;
    assert!(json.problem(400, "invalid")["pointer"].is_string());
    market
        .get("/listings?filter=true&filter%5Bjson%5D=%7B%22op%22%3A%22empty%22%7D")
        .await
        .problem(400, "malformed");
}
