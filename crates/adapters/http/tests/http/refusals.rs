//! The domain's no.

use serde_json::{Value, json};

use crate::support::{ALICE, BOB, Fixture, LISTING, ORDER, SELLER, bid, draft, eur};

#[tokio::test]
async fn what_is_not_there_is_404_for_reads_and_writes() {
    let market = Fixture::new();
    for path in [format!("/listings/{LISTING}"), format!("/orders/{ORDER}"), format!("/customers/{ALICE}")] {
        market.get(&path).await.problem(404, "not_found");
    }
    for path in [format!("/listings/{LISTING}/events"), format!("/orders/{ORDER}/events")] {
        market.get(&path).await.problem(404, "not_found");
    }
    let refused = market.post(&format!("/listings/{LISTING}/publish"), &Value::Null).await;
    assert_eq!(refused.problem(404, "not_found")["id"], LISTING);
}

#[tokio::test]
async fn what_is_there_already_is_409() {
    let market = Fixture::published().await;
    market.post("/listings", &draft()).await.problem(409, "already_exists");
}

#[tokio::test]
async fn a_refusal_is_422_with_its_numbers() {
    let market = Fixture::published().await;
    let bids = format!("/listings/{LISTING}/bids");
    let too_low = market.post(&bids, &bid(ALICE, 900)).await.problem(422, "too_low");
    assert_eq!((&too_low["offered"], &too_low["next_minimum"]), (&eur(900), &eur(1000)));
    let own = market.post(&bids, &bid(SELLER, 2000)).await.problem(422, "own_listing");
    assert_eq!(own["seller"], SELLER);
    let twice = market.post(&format!("/listings/{LISTING}/publish"), &Value::Null).await;
    // The status of a problem is a number; the refusal's `status` has a name of its own.
    assert_eq!(twice.problem(422, "not_draft")["current_status"], "published");
}

#[tokio::test]
async fn no_answer_holds_anothers_ceiling_or_a_reserve() {
    let market = Fixture::new();
    let mut secretive = draft();
    secretive["reserve"] = eur(7_777_777);
    secretive["asking"] = eur(5_000_000);
    let path = format!("/listings/{LISTING}");
    let mut answers = vec![
        market.post("/listings", &secretive).await,
        market.post(&format!("{path}/publish"), &Value::Null).await,
        market.post(&format!("{path}/bids"), &bid(ALICE, 6_666_666)).await,
        market.post(&format!("{path}/bids"), &bid(ALICE, 6_000_000)).await,
        market.post(&format!("{path}/bids"), &bid(BOB, 5_000_001)).await,
    ];
    market.catch_up().await;
    for page in
        [path.clone(), format!("{path}/events"), "/listings".into(), "/totals".into(), "/metrics".into()]
    {
        answers.push(market.get(&page).await);
    }
    for answer in answers {
        assert!(!answer.text.contains("6666666") && !answer.text.contains("7777777"), "{}", answer.text);
    }
}

#[tokio::test]
async fn a_text_with_nul_is_invalid_and_not_malformed() {
    let market = Fixture::new();
    let mut hostile = draft();
    hostile["title"] = json!("a\u{0}b");
    market.post("/listings", &hostile).await.problem(422, "invalid");
}
