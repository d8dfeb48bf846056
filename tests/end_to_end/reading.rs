//! `query`, `events` and `show`: what a store holds, printed.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use serde_json::{Value, json};

use crate::support::market;
use crate::support::place::Place;
use crate::support::trade::{ALICE, bid_line, draft_line, eur, from_now, listing, order, small_market};
use crate::support::{program, store, wait};

#[test]
fn query_sorts_limits_goes_on_and_counts() {
    let place = Place::new();
    let lines: Vec<_> = (1..=7)
        .map(|n| {
            let mut line = draft_line(&listing(n), from_now(3_600_000));
            line["asking"] = eur(1_000 + (n as i64 % 3) * 100);
            line["title"] = format!("Lamp {n}").into();
            line
        })
        .collect();
    place.import(&lines);
    let titles = |arguments: &[&str]| {
        let ran = place.run(&[&["query", "listings", "--json"], arguments].concat()).ok();
        let titles: Vec<_> =
            ran.rows().iter().map(|row| row["title"].as_str().unwrap()[5..].to_owned()).collect();
        (titles.concat(), ran.stderr)
    };
    assert_eq!(titles(&["--sort=-price.amount,title"]).0, "2514736");
    assert_eq!(titles(&["--sort", "title"]).0, "1234567");
    assert_eq!(titles(&["--sort", "-title"]).0, "7654321");
    let mut walk = String::new();
    let mut cursor: Option<String> = None;
    loop {
        let mut arguments = vec!["--sort=-price.amount,title", "--limit", "3"];
        if let Some(cursor) = &cursor {
            arguments.extend(["--after", cursor]);
        }
        let (page, note) = titles(&arguments);
        walk += &page;
        cursor = note.split_whitespace().skip_while(|word| *word != "--after").nth(1).map(str::to_owned);
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(walk, "2514736", "each row once, in pages");
    assert_eq!(place.run(&["query", "listings", "--count", "--json"]).ok().rows(), [json!({ "count": 7 })]);
    place.run(&["query", "listings", "--sort", "colour"]).fails(2, &["colour", "sort by id, seller"]);
    place.run(&["query", "listings", "--after", "nothing"]).fails(2, &["cursor"]);
    place.run(&["query", "listings", "--limit", "0"]).fails(2, &["0"]);
}

#[test]
fn query_answers_at_least_a_position_or_says_how_far_it_is() {
    let place = small_market();
    let head = place.events().len().to_string();
    place.run(&["query", "listings", "--at-least", &head]).ok();
    let beyond = (head.parse::<u64>().unwrap() + 1).to_string();
    place.run(&["query", "listings", "--at-least", &beyond]).fails(1, &[&head, &beyond]);
}

#[test]
fn the_views_are_what_the_commands_made() {
    let place = small_market();
    let listings = market::rows(&place, "listings");
    let of = |id: &str| listings.iter().find(|row| row["id"] == id).unwrap().clone();
    let published = of(&listing(1));
    assert_eq!((&published["price"], &published["next_minimum"]), (&eur(2_000), &eur(2_100)));
    assert_eq!((&published["leader"], &published["bids"]), (&json!(ALICE), &json!(2)));
    assert_eq!(published["published_at"], "2026-01-05T08:00:00Z");
    let draft = of(&listing(2));
    assert_eq!(
        (&draft["status"], &draft["price"], &draft["leader"]),
        (&json!("draft"), &eur(200), &Value::Null)
    );
    assert!(draft["next_minimum"].is_null() && draft["published_at"].is_null(), "null is printed: {draft}");
    let customers = market::rows(&place, "customers");
    assert_eq!((&customers[0]["id"], &customers[0]["orders"]["pending"]), (&json!(ALICE), &json!(1)));
    let totals = market::rows(&place, "totals");
    assert_eq!(totals[0]["id"], "2026-01-05/EUR");
    assert_eq!((&totals[0]["listings_published"], &totals[0]["orders_placed"]), (&json!(1), &json!(1)));
}

#[test]
fn events_begin_where_they_are_asked_to_and_can_be_of_one_aggregate() {
    let place = small_market();
    let all = place.events();
    let positions: Vec<_> = all.iter().map(|event| event["position"].as_u64().unwrap()).collect();
    assert_eq!(positions, (1..=all.len() as u64).collect::<Vec<_>>());
    let keys: Vec<_> = all[0].as_object().unwrap().keys().map(String::as_str).collect();
    let documented = [
        "position",
        "event_id",
        "aggregate",
        "id",
        "version",
        "type",
        "schema",
        "occurred_at",
        "recorded_at",
        "data",
        "meta",
    ];
    assert_eq!(keys, documented);
    assert_eq!((&all[0]["aggregate"], &all[0]["type"]), (&json!("listing"), &json!("ListingDrafted")));
    let events = |arguments: &[&str]| place.run(&[&["events", "--json"], arguments].concat()).ok().rows();
    assert_eq!(events(&["--from", "3"]), all[2..]);
    assert_eq!(events(&["--from", "3", "--limit", "2"]), all[2..4]);
    assert_eq!(events(&["--from", "999"]), Vec::<Value>::new());
    let of_one: Vec<_> = all.iter().filter(|event| event["id"] == listing(1)).cloned().collect();
    assert!(of_one.len() > 3 && of_one.len() < all.len());
    assert_eq!(events(&["--aggregate", &listing(1)]), of_one);
    let second = of_one[1]["position"].to_string();
    assert_eq!(events(&["--aggregate", &listing(1), "--from", &second, "--limit", "1"]), of_one[1..2]);
    assert_eq!(events(&["--aggregate", &listing(9)]), Vec::<Value>::new());
}

#[test]
fn events_follow_what_other_programs_do_until_they_have_enough() {
    let place = small_market();
    let before = place.events().len();
    let from = (before + 1).to_string();
    let follow = ["events", "--json", "--follow", "--from", &from, "--limit", "2"];
    let mut following = place.command(&follow).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(following.stdout.take().unwrap()).lines();
    for raise in [5_000, 6_000] {
        place.run(&["send", &bid_line(&listing(1), ALICE, raise).to_string()]).ok();
        // It is printed at once, and not when a buffer is full.
        let line: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
        assert_eq!((&line["type"], &line["id"]), (&json!("BidPlaced"), &json!(listing(1))));
    }
    let status = wait::until("it has enough", || following.try_wait().unwrap());
    assert_eq!(status.code(), Some(0));
    let mut endless =
        place.command(&["events", "--json", "--follow"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(endless.stdout.take().unwrap()).lines();
    assert!((0..before).all(|_| lines.next().unwrap().is_ok()));
    program::signal(endless.id(), "INT");
    let status = wait::until("Ctrl-C ends it", || endless.try_wait().unwrap());
    assert_eq!(status.code(), Some(0));
}

#[test]
fn nobody_who_reads_on_is_no_failure() {
    let place = small_market();
    let id = listing(1);
    // So that a check has something to say.
    assert!(store::alter(&place.store(), "update listing_texts set title = 'Another'") > 0);
    for command in [
        &["events"][..],
        &["events", "--json"],
        &["events", "--follow"],
        &["query", "listings"],
        &["query", "listings", "--json"],
        &["show", &id],
        &["store", "info"],
        &["store", "check"],
        &["describe"],
    ] {
        let mut running =
            place.command(command).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(running.stdout.take());
        let ended = wait::until("it ends", || running.try_wait().unwrap());
        let said = std::io::read_to_string(running.stderr.take().unwrap()).unwrap();
        assert_eq!((ended.code(), said.as_str()), (Some(0), ""), "{command:?}");
    }
}

#[test]
fn show_prints_an_aggregate_as_it_is_and_as_it_was() {
    let place = small_market();
    let show =
        |arguments: &[&str]| place.run(&[&["show", "--json"], arguments].concat()).ok().rows().remove(0);
    let id = listing(1);
    let now = show(&[&id]);
    assert_eq!((&now["aggregate"], &now["version"]), (&json!("listing"), &json!(4)));
    assert_eq!(now["state"]["status"], "published");
    // For people too the whole state is shown.
    let sheet = place.run(&["show", &id]).ok().stdout;
    let state = sheet.split_once("STATE").unwrap().1;
    assert_eq!(serde_json::from_str::<serde_json::Value>(state).unwrap(), now["state"]);
    let drafted = show(&[&id, "--at-version", "1"]);
    assert_eq!((&drafted["version"], &drafted["state"]["status"]), (&json!(1), &json!("draft")));
    // Both events of eight o'clock, none of nine.
    let at_eight = show(&[&id, "--as-of", "2026-01-05T08:00:00Z"]);
    assert_eq!((&at_eight["version"], &at_eight["state"]["status"]), (&json!(2), &json!("published")));
    let at_nine = show(&[&id, "--as-of", "2026-01-05T09:00:00Z"]);
    assert_eq!(at_nine["version"], 4);
    place.run(&["show", &id, "--as-of", "2026-01-05T07:59:59Z"]).fails(1, &[&id]);
    place.run(&["show", &id, "--at-version", "5"]).fails(1, &[&id, "5"]);
    place.run(&["show", &listing(9)]).fails(1, &[&listing(9)]);
    let both = place.run(&["show", &id, "--at-version", "1", "--as-of", "2026-01-05T08:00:00Z"]).status(2);
    assert!(both.stderr.contains("--as-of"), "{}", both.stderr);
}

#[test]
fn a_long_history_is_shown_and_checked_page_by_page() {
    let place = Place::new();
    let id = listing(1);
    // Longer than two of the pages in which a history is read.
    let (last, mut lines) = (2_100, vec![draft_line(&id, from_now(3_600_000))]);
    let revised = |n| json!({ "command": "revise_listing", "listing": id, "title": format!("Lamp {n}"), "description": "Brass." });
    lines.extend((2..=last).map(revised));
    place.import(&lines);
    let show =
        |arguments: &[&str]| place.run(&[&["show", &id, "--json"], arguments].concat()).ok().rows().remove(0);
    let now = show(&[]);
    assert_eq!((&now["version"], &now["state"]["title"]), (&json!(last), &json!(format!("Lamp {last}"))));
    let before = show(&["--at-version", "1001"]);
    assert_eq!((&before["version"], &before["state"]["title"]), (&json!(1_001), &json!("Lamp 1001")));
    let why = place.run(&["why", &id, &format!("title = \"Lamp {last}\""), "--json"]).ok().rows();
    assert_eq!(why[0]["satisfied"], true);
    place.run(&["store", "check"]).ok();
    assert_eq!(store::alter(&place.store(), "update listing_texts set title = 'Lamp 2000'"), 1);
    let checked = place.run(&["store", "check"]).status(1);
    assert!(checked.stdout.contains("title"), "{}", checked.stdout);
}

#[test]
fn why_knows_the_rows_of_every_view() {
    let place = small_market();
    for view in ["listings", "orders", "customers", "totals"] {
        let rows = place.run(&["query", view, "--json"]).ok().rows();
        let id = rows[0]["id"].as_str().unwrap();
        let satisfied = place.run(&["why", id, "id is not null", "--json"]).ok().rows();
        assert_eq!(satisfied, [json!({ "id": id, "satisfied": true })], "{view}");
        let not = place.run(&["why", id, "id is null", "--json"]).ok().rows();
        assert_eq!((&not[0]["id"], &not[0]["satisfied"]), (&json!(id), &json!(false)), "{view}");
    }
    let stranger = listing(9);
    place.run(&["why", &stranger, "id is null"]).fails(1, &[&stranger, "customer"]);
    place.run(&["why", "1999-01-05/EUR", "id is null"]).fails(1, &["1999-01-05/EUR"]);
    for (id, row_type) in [("lamp", "totals"), ("lamp", "customer"), ("lamp", "listing")] {
        let wrong = place.run(&["why", id, "id is null", "--type", row_type]).status(2);
        assert!(wrong.stderr.contains("lamp") && wrong.stderr.contains("UUID"), "{}", wrong.stderr);
    }
}

#[test]
fn a_wrong_specification_of_why_is_told_before_the_row_is_looked_for() {
    let place = Place::new();
    let stranger = listing(9);
    let wrong = |arguments: &[&str], mentions: &[&str]| {
        let said = place.run(&[&["why"], arguments].concat()).status(2).stderr;
        assert!(mentions.iter().all(|mention| said.contains(mention)), "{said}");
        assert!(!place.store().exists(), "{arguments:?} opened the store");
        said
    };
    let said = wrong(&[&stranger, "id is"], &["line 1, column 6"]);
    assert_eq!(said.matches("column 6").count(), 1, "it is as wrong for any row, and said once: {said}");
    let types = ["`--type listing`", "`--type order`", "`--type customer`"];
    let said = wrong(&[&stranger, "colour = 3"], &types);
    assert_eq!(said.matches("`colour`").count(), 3, "each has fields of its own: {said}");
    wrong(&["1999-01-05/EUR", "spent = 3"], &["`spent`"]);
    let said = wrong(&[&stranger, "bids > 3", "--type", "order"], &["`bids`"]);
    assert!(!said.contains("--type"), "{said}");
    // One that is right for some row is asked of the row that there is.
    let place = small_market();
    place.run(&["why", &stranger, "bids > 3"]).fails(1, &[&stranger]);
    let said = place.run(&["why", &order(1), "bids > 3"]).status(2).stderr;
    assert!(said.contains("`bids`") && !said.contains("--type"), "{said}");
}
