//! Malformed requests: 400, 404, 405, 413, 414 and 415.

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};

use crate::support::{ALICE, Answer, Fixture, LISTING, ORDER, bid, draft, order};

async fn raw(market: &Fixture, method: &str, path: &str, media_type: Option<&str>, body: &[u8]) -> Answer {
    let mut request = Request::builder().method(method).uri(path);
    if let Some(media_type) = media_type {
        request = request.header("content-type", media_type);
    }
    market.request(request.body(Body::from(body.to_vec())).unwrap()).await
}

#[tokio::test]
async fn what_is_not_json_is_400_with_line_and_column() {
    let market = Fixture::new();
    for body in [&b"{\n  nothing"[..], b"{", b"\xff\xfe", b"{} {}", b"null", b"7", b"\"text\"", b""] {
        let problem = raw(&market, "POST", "/listings", Some("application/json"), body).await;
        problem.problem(400, "malformed");
    }
    let problem = raw(&market, "POST", "/listings", Some("application/json"), b"{\n  nothing").await;
    let document = problem.problem(400, "malformed");
    assert_eq!((&document["line"], &document["column"]), (&json!(2), &json!(3)));
}

#[tokio::test]
async fn a_body_of_another_shape_is_400_with_a_pointer() {
    let market = Fixture::new();
    let mut unknown = draft();
    unknown["colour"] = "red".into();
    assert!(
        market.post("/listings", &unknown).await.problem(400, "malformed")["detail"]
            .as_str()
            .unwrap()
            .contains("colour")
    );
    let mut missing = draft();
    missing.as_object_mut().unwrap().remove("seller");
    assert!(
        market.post("/listings", &missing).await.problem(400, "malformed")["detail"]
            .as_str()
            .unwrap()
            .contains("seller")
    );
    let mut wrong = order();
    wrong["lines"][1]["quantity"] = json!(1.5);
    assert_eq!(
        market.post("/orders", &wrong).await.problem(400, "malformed")["pointer"],
        "/lines/1/quantity"
    );
    let mut currency = draft();
    currency["asking"]["currency"] = "EURO".into();
    assert_eq!(
        market.post("/listings", &currency).await.problem(400, "malformed")["pointer"],
        "/asking/currency"
    );
    let mut time = draft();
    time["ends_at"] = "tomorrow".into();
    assert_eq!(market.post("/listings", &time).await.problem(400, "malformed")["pointer"], "/ends_at");
    let values = json!([LISTING, "x"]);
    market.post("/listings", &values).await.problem(400, "malformed");
}

#[tokio::test]
async fn a_time_is_of_the_years_that_have_a_date() {
    let market = Fixture::new();
    let mut body = draft();
    for out_of_range in ["0000-01-01T00:00:00Z", "0001-01-01T00:00:00+10:00", "9999-12-31T23:59:59-01:00"] {
        body["ends_at"] = out_of_range.into();
        let problem = market.post("/listings", &body).await.problem(400, "malformed");
        assert_eq!(problem["pointer"], "/ends_at", "{problem}");
    }
    body["ends_at"] = "9999-12-31T23:59:59Z".into();
    market.post("/listings", &body).await.expect(201);
    market.post(&format!("/listings/{LISTING}/publish"), &Value::Null).await.expect(200);
    market.catch_up().await;
    assert_eq!(market.get(&format!("/listings/{LISTING}")).await.json()["ends_at"], "9999-12-31T23:59:59Z");
}

#[tokio::test]
async fn what_the_path_says_and_what_only_an_import_takes_is_no_part_of_a_body() {
    let market = Fixture::published().await;
    for (name, value) in [("command", "place_bid"), ("at", "2026-01-05T08:01:23Z"), ("listing", LISTING)] {
        let mut body = bid(ALICE, 2000);
        body[name] = value.into();
        market.post(&format!("/listings/{LISTING}/bids"), &body).await.problem(400, "malformed");
    }
}

#[tokio::test]
async fn a_route_without_a_body_takes_none_or_an_empty_object() {
    let market = Fixture::ordered().await;
    let pay = format!("/orders/{ORDER}/pay");
    for body in [json!({ "amount": 1 }), json!([]), json!("now")] {
        market.post(&pay, &body).await.problem(400, "malformed");
    }
    market.post(&pay, &json!({})).await.expect(200);
    market.post(&format!("/orders/{ORDER}/cancel"), &Value::Null).await.expect(200);
}

#[tokio::test]
async fn a_patch_leaves_out_what_it_keeps_and_null_is_no_way_to_say_so() {
    let market = Fixture::new();
    market.post("/listings", &draft()).await.expect(201);
    let path = format!("/listings/{LISTING}");
    market.send("PATCH", &path, &[], &json!({ "description": "Steel." })).await.expect(200);
    let null = market.send("PATCH", &path, &[], &json!({ "title": null })).await;
    assert_eq!(null.problem(400, "malformed")["pointer"], "/title");
    raw(&market, "PATCH", &path, Some("application/merge-patch+json"), b"{\"title\":\"B\"}")
        .await
        .expect(200);
    market.catch_up().await;
    let row = market.get(&path).await.json();
    assert_eq!((&row["title"], &row["description"]), (&json!("B"), &json!("Steel.")));
}

#[tokio::test]
async fn another_media_type_is_415() {
    let market = Fixture::new();
    let body = draft().to_string();
    for media_type in
        [None, Some("text/plain"), Some("application/x-www-form-urlencoded"), Some("application/jsonx")]
    {
        let answer = raw(&market, "POST", "/listings", media_type, body.as_bytes()).await;
        answer.problem(415, "unsupported_media_type");
    }
    let encoded = Request::post("/listings")
        .header("content-type", "application/json")
        .header("content-encoding", "gzip");
    market
        .request(encoded.body(Body::from(body.clone())).unwrap())
        .await
        .problem(415, "unsupported_media_type");
    raw(&market, "POST", "/listings", Some("Application/JSON; charset=utf-8"), body.as_bytes())
        .await
        .expect(201);
}

#[tokio::test]
async fn a_body_over_the_limit_is_413_whether_it_says_its_length_or_not() {
    let market = Fixture::new();
    let large = vec![b' '; 1024 * 1024 + 1];
    let said = raw(&market, "POST", "/listings", Some("application/json"), &large).await;
    assert_eq!(said.problem(413, "body_too_large")["limit"], 1024 * 1024);
    let pieces: Vec<Result<_, std::io::Error>> =
        large.chunks(64 * 1024).map(|piece| Ok(piece.to_vec())).collect();
    let body = Body::from_stream(futures_util::stream::iter(pieces));
    let unsaid = Request::post("/listings").header("content-type", "application/json").body(body).unwrap();
    market.request(unsaid).await.problem(413, "body_too_large");
    // Also where nothing would be read of it, and before a byte of it is there.
    let endless = Request::get("/listings").header("content-length", (1_u64 << 30).to_string());
    market.request(endless.body(Body::empty()).unwrap()).await.problem(413, "body_too_large");
    let just = [draft().to_string().into_bytes(), vec![b' '; 1024 * 1024]].concat();
    raw(&market, "POST", "/listings", Some("application/json"), &just[..1024 * 1024]).await.expect(201);
}

#[tokio::test]
async fn deeply_nested_json_is_400() {
    let market = Fixture::new();
    for unit in ["[", "{\"a\":"] {
        let nested = unit.repeat(100_000);
        let answer = raw(&market, "POST", "/listings", Some("application/json"), nested.as_bytes()).await;
        answer.problem(400, "malformed");
    }
}

#[tokio::test]
async fn an_id_that_is_none_is_400() {
    let market = Fixture::new();
    market.get("/listings/7").await.problem(400, "malformed");
    market.post("/orders/x/pay", &Value::Null).await.problem(400, "malformed");
    market.get("/orders/%FF").await.problem(400, "malformed");
}

#[tokio::test]
async fn an_unknown_parameter_is_400_and_named() {
    let market = Fixture::published().await;
    for path in ["/listings?where=true", "/orders?filter%5Bxml%5D=1", "/totals?x", "/events?after=1"] {
        market.get(path).await.problem(400, "malformed");
    }
    let write = market.post(&format!("/listings/{LISTING}/close?force=1"), &Value::Null).await;
    assert_eq!(write.problem(400, "malformed")["parameter"], "force");
    market.get(&format!("/listings/{LISTING}?x=1")).await.problem(400, "malformed");
}

#[tokio::test]
async fn an_unknown_address_is_404_and_an_unknown_method_405_with_those_that_are_known() {
    let market = Fixture::new();
    for path in ["/nowhere", "/listings/", "/openapi"] {
        market.get(path).await.problem(404, "not_found");
    }
    let answer = market.send("PUT", "/listings", &[], &Value::Null).await;
    answer.problem(405, "method_not_allowed");
    let allowed = answer.header("allow");
    assert!(allowed.contains("GET") && allowed.contains("POST"), "{allowed}");
    market.send("BREW", "/listings", &[], &Value::Null).await.problem(405, "method_not_allowed");
}

#[tokio::test]
async fn a_long_url_is_414() {
    let market = Fixture::new();
    market.get(&format!("/listings?after={}", "a".repeat(9_000))).await.problem(414, "url_too_long");
}
