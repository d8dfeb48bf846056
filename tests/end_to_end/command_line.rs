//! Every subcommand and flag, and what each prints.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use serde_json::{Value, json};

use crate::support::place::{Place, Ran};
use crate::support::server::Server;
use crate::support::trade::{
    ALICE, BOB, at, bid_line, draft_line, eur, from_now, listing, order, order_of, overdue, placement,
    publish_line,
};
use crate::support::{market, program, store, wait};

/// What is documented and built.
const SUBCOMMANDS: [&str; 12] = [
    "demo",
    "serve",
    "import",
    "send",
    "query",
    "why",
    "events",
    "show",
    "subscriptions",
    "store",
    "describe",
    "completions",
];

/// The keys of the configuration, as flags.
const KEYS: [&str; 10] = [
    "--config",
    "--write",
    "--read",
    "--read.listings",
    "--broker",
    "--listen",
    "--idempotency-days",
    "--deadlines",
    "--processes",
    "--read.totals",
];

/// A small market: a published listing with two bids, a draft, and an order.
fn small_market() -> Place {
    let place = Place::new();
    let day = "2026-01-05T08:00:00Z".parse().unwrap();
    let later = "2026-01-05T09:00:00Z".parse().unwrap();
    let mut cheap = draft_line(&listing(2), from_now(3_600_000));
    cheap["title"] = "A bulb".into();
    cheap["asking"] = eur(200);
    let mut placed = placement(&order(1));
    let fields = placed.as_object_mut().unwrap();
    fields.remove("id");
    fields.extend([("command".to_owned(), "place_order".into()), ("order".to_owned(), order(1).into())]);
    place.import(&[
        at(draft_line(&listing(1), from_now(3_600_000)), day),
        at(publish_line(&listing(1)), day),
        at(bid_line(&listing(1), ALICE, 3_000), later),
        at(bid_line(&listing(1), BOB, 2_000), later),
        at(cheap, later),
        at(placed, later),
    ]);
    place
}

fn listed(help: &str) -> Vec<String> {
    let commands =
        help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let names = commands.filter_map(|line| line.split_whitespace().next());
    names.filter(|name| *name != "help").map(str::to_owned).collect()
}

#[test]
fn help_lists_what_there_is_and_nothing_else() {
    let place = Place::new();
    let help = place.run(&["--help"]).ok().stdout;
    assert_eq!(listed(&help), SUBCOMMANDS);
    for key in KEYS {
        assert!(help.contains(key), "{key}: {help}");
    }
    for absent in ["parked", "rebuild", "switch", "postgres", "elasticsearch"] {
        assert!(!help.contains(absent), "{absent} is not there yet: {help}");
    }
    for name in SUBCOMMANDS {
        let own = place.run(&[name, "--help"]).ok().stdout;
        assert!(own.contains(&format!("Usage: portolan {name}")), "{own}");
    }
    let of = |name| listed(&place.run(&[name, "--help"]).ok().stdout);
    assert_eq!(of("store"), ["migrate", "check", "backup", "info"]);
    assert_eq!(of("subscriptions"), ["list", "pause", "resume", "reset"]);
    for absent in [
        &["parked", "list"][..],
        &["store", "copy"],
        &["store", "switch"],
        &["subscriptions", "rebuild", "x"],
    ] {
        place.run(absent).status(2);
    }
    assert!(place.run(&["--version"]).ok().stdout.starts_with("portolan "));
}

#[test]
fn completions_are_scripts_that_know_the_subcommands() {
    let place = Place::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = place.run(&["completions", shell]).ok().stdout;
        assert!(SUBCOMMANDS.iter().all(|name| script.contains(name)), "{shell}");
    }
}

#[test]
fn describe_says_what_is_wired_to_what() {
    let place = Place::new();
    let described = place.run(&["describe", "--json", "--processes", "off"]).ok().rows();
    let of = |kind: &str| {
        let rows = described.iter().filter(|row| row["kind"] == kind);
        rows.map(|row| row["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(of("command").len(), 15);
    assert_eq!(of("view"), ["listings", "orders", "customers", "totals"]);
    assert!(of("process").contains(&"order_for_sale".to_owned()));
    assert!(of("backend").contains(&"write".to_owned()) && of("feature").contains(&"sqlite".to_owned()));
    let process = described.iter().find(|row| row["kind"] == "process").unwrap();
    assert!(process["detail"].as_str().unwrap().contains("off"), "{process}");
    assert!(!place.store().exists(), "it opens nothing");
}

#[test]
fn flags_stand_before_and_after_the_subcommand() {
    let place = small_market();
    let url = place.url();
    let count = |arguments: &[&str]| {
        let mut command = program::portolan();
        let ran: Ran = command.current_dir(place.path("")).args(arguments).output().unwrap().into();
        ran.ok().rows()[0]["count"].clone()
    };
    assert_eq!(count(&["--write", &url, "query", "listings", "--count", "--json"]), 2);
    assert_eq!(count(&["query", "--write", &url, "listings", "--count", "--json"]), 2);
    assert_eq!(count(&["query", "listings", "--count", "--json", "--write", &url]), 2);
}

#[test]
fn a_flag_beats_the_environment_which_beats_the_file_which_beats_the_default() {
    let place = Place::new();
    let stores = ["default", "file", "environment", "flag"];
    for (count, name) in (1..).zip(stores) {
        let path = if name == "default" { "portolan.db".to_owned() } else { format!("{name}.db") };
        let url = format!("sqlite:{}", place.path(&path).display());
        let lines: String =
            (1..=count).map(|n| format!("{}\n", draft_line(&listing(n), from_now(3_600_000)))).collect();
        place.run_with_stdin(&["import", "-", "--write", &url], &lines).ok();
    }
    let count = |file: Option<&str>, environment: Option<&str>, flag: Option<&str>| {
        let mut command = program::portolan();
        command.current_dir(place.path("")).args(["query", "listings", "--count", "--json"]);
        let url = |name: &str| format!("sqlite:{name}.db");
        match file {
            Some(name) => drop(place.write("portolan.toml", format!("write = \"{}\"\n", url(name)))),
            None => drop(std::fs::remove_file(place.path("portolan.toml"))),
        }
        environment.map(|name| command.env("PORTOLAN_WRITE", url(name)));
        flag.map(|name| command.args(["--write", &url(name)]));
        let ran: Ran = command.output().unwrap().into();
        ran.ok().rows()[0]["count"].clone()
    };
    assert_eq!(count(None, None, None), 1);
    assert_eq!(count(Some("file"), None, None), 2);
    assert_eq!(count(Some("file"), Some("environment"), None), 3);
    assert_eq!(count(Some("file"), Some("environment"), Some("flag")), 4);
    assert_eq!(count(None, None, Some("flag")), 4);
    place.write("other.toml", "write = \"sqlite:flag.db\"\nread = \"memory:\"\nread.orders = \"memory:\"\n");
    let other = ["query", "listings", "--count", "--json", "--config", "other.toml"];
    let ran: Ran = program::portolan().current_dir(place.path("")).args(other).output().unwrap().into();
    assert_eq!(ran.ok().rows()[0]["count"], 4);
}

#[test]
fn everything_that_prints_rows_prints_a_table_or_one_object_a_line() {
    let place = small_market();
    let id = listing(1);
    for arguments in [
        &["query", "listings"][..],
        &["query", "orders"],
        &["query", "customers"],
        &["query", "totals"],
        &["events"],
        &["show", &id],
        &["subscriptions", "list"],
        &["store", "info"],
        &["describe"],
    ] {
        let rows = place.run(&[arguments, &["--json"]].concat()).ok().rows();
        assert!(!rows.is_empty() && rows.iter().all(Value::is_object), "{arguments:?}");
        let table = place.run(arguments).ok().stdout;
        let head = table.lines().next().unwrap();
        let first = rows[0].as_object().unwrap().keys().next().unwrap().to_uppercase();
        assert!(head.starts_with(&first), "{arguments:?}: {head}");
        assert_eq!(table.lines().count(), rows.len() + 1, "{table}");
        assert!(!table.contains('\u{1b}'), "no colour where there is no terminal");
    }
}

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
    place.run(&["query", "listings", "--sort", "colour"]).fails(2, &["colour"]);
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
fn show_prints_an_aggregate_as_it_is_and_as_it_was() {
    let place = small_market();
    let show =
        |arguments: &[&str]| place.run(&[&["show", "--json"], arguments].concat()).ok().rows().remove(0);
    let id = listing(1);
    let now = show(&[&id]);
    assert_eq!((&now["aggregate"], &now["version"]), (&json!("listing"), &json!(4)));
    assert_eq!(now["state"]["status"], "published");
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
fn send_prints_the_receipt_or_the_refusal_and_its_status_says_which() {
    let place = Place::new();
    let send = |command: &Value| place.run(&["send", &command.to_string()]);
    let draft = draft_line(&listing(1), from_now(3_600_000));
    let accepted = send(&draft).ok();
    assert_eq!(accepted.rows(), [json!({ "id": listing(1), "version": 1, "position": 1 })]);
    let refused = send(&draft).status(1);
    let refusal = &refused.rows()[0];
    assert_eq!((&refusal["code"], &refusal["details"]["id"]), (&json!("already_exists"), &json!(listing(1))));
    assert!(refusal["message"].as_str().is_some_and(|message| !message.is_empty()));
    assert_eq!(refused.stderr, "", "a refusal is an answer");
    let unknown = send(&json!({ "command": "publish_listing", "listing": listing(9) })).status(1);
    assert_eq!(unknown.rows()[0]["code"], "not_found");
    send(&json!({ "command": "paint_listing" })).fails(2, &["paint_listing", "publish_listing"]);
    send(&at(publish_line(&listing(1)), from_now(0))).fails(2, &["at"]);
    let published = place.run_with_stdin(&["send", "-"], &publish_line(&listing(1)).to_string()).ok();
    assert_eq!(published.rows()[0]["version"], 2);
}

#[test]
fn send_with_an_id_answers_the_first_outcome_again() {
    let place = Place::new();
    let mut draft = draft_line(&listing(1), from_now(3_600_000));
    draft["command_id"] = "00000000-0000-4000-8000-00000000c0de".into();
    let first = place.run(&["send", &draft.to_string()]).ok();
    assert_eq!(place.run(&["send", &draft.to_string()]).ok().stdout, first.stdout);
    draft["title"] = "Another lamp".into();
    place.run(&["send", &draft.to_string()]).status(1);
    assert_eq!(place.events().len(), 1);
}

#[test]
fn send_waits_for_the_order_that_its_sale_causes() {
    let place = Place::new();
    place.import(&overdue(&listing(1)));
    place.run(&["send", &json!({ "command": "close_listing", "listing": listing(1) }).to_string()]).ok();
    let orders = market::rows(&place, "orders");
    assert_eq!((orders.len(), &orders[0]["id"]), (1, &json!(order_of(&listing(1)))));
}

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

#[test]
fn a_backup_is_a_store_of_its_own_also_beside_a_server() {
    let place = small_market();
    let server = Server::start(&place);
    place.run(&["store", "backup", "copy.db"]).ok();
    server.client().post(&format!("/orders/{}/pay", order(1)), &Value::Null).expect(200);
    let url = format!("sqlite:{}", place.path("copy.db").display());
    let rows = |url: &str| place.run(&["query", "orders", "--json", "--write", url]).ok().rows();
    assert_eq!(
        (&rows(&url)[0]["status"], &rows(&place.url())[0]["status"]),
        (&json!("pending"), &json!("paid"))
    );
    place.run(&["store", "check", "--write", &url]).ok();
    let info = |url: &str| place.run(&["store", "info", "--json", "--write", url]).ok().rows().remove(0);
    assert_eq!(info(&url)["store_id"], info(&place.url())["store_id"], "it is a copy of this store");
    assert_eq!(info(&url)["storage"], "relational");
    assert!(info(&url)["bytes"].as_u64().unwrap() > 0 && info(&url)["schema"]["core"].is_number());
    place.run(&["store", "backup", "copy.db"]).fails(1, &["copy.db", "exists"]);
    place.run(&["store", "migrate"]).ok();
}

#[test]
fn what_reads_writes_nothing() {
    let place = small_market();
    let before = std::fs::read(place.store()).unwrap();
    let id = listing(1);
    for arguments in [
        &["query", "listings"][..],
        &["events"],
        &["show", &id],
        &["why", &id, "status = \"published\""],
        &["describe"],
        &["subscriptions", "list"],
        &["store", "check"],
        &["store", "info"],
    ] {
        place.run(arguments).ok();
        assert!(std::fs::read(place.store()).unwrap() == before, "{arguments:?} wrote");
    }
}

#[test]
fn a_store_in_memory_says_that_it_is_lost() {
    let place = Place::new();
    let draft = draft_line(&listing(1), from_now(3_600_000)).to_string();
    let ran = place.run(&["send", &draft, "--write", "sqlite::memory:"]).ok();
    assert!(ran.stderr.contains("lost"), "{}", ran.stderr);
    let again = place.run(&["send", &draft, "--write", "sqlite::memory:"]).ok();
    assert_eq!(again.rows()[0]["version"], 1, "each has its own");
    let server = Server::start_with(&place, &["--write", "sqlite::memory:"]);
    server.client().post("/orders", &placement(&order(1))).expect(201);
    let seen = [("portolan-at-least", "1"), ("prefer", "wait=30")];
    server.client().get_with(&format!("/orders/{}", order(1)), &seen).expect(200);
    assert!(server.said().contains("lost"));
    server.end();
}

#[test]
fn a_server_says_that_nobody_is_asked_who_they_are() {
    let place = Place::new();
    let server = Server::spawn(place.command(&["serve", "--listen", "0.0.0.0:0"]));
    assert!(server.said().contains("no authentication"), "{}", server.said());
}

#[test]
fn demo_is_a_market_to_try_at_once() {
    let place = Place::new();
    let mut command = program::portolan();
    command.current_dir(place.path("")).args(["demo", "--listen", "127.0.0.1:0"]);
    let server = Server::spawn(command);
    let client = server.client();
    let sold = client.get("/listings?limit=200&count=true").expect(200).json();
    let statuses: Vec<_> =
        sold["items"].as_array().unwrap().iter().map(|row| row["status"].clone()).collect();
    assert!(statuses.contains(&json!("sold")) && statuses.contains(&json!("published")), "{statuses:?}");
    let published =
        sold["items"].as_array().unwrap().iter().find(|row| row["status"] == "published").unwrap();
    let mut ceiling = published["next_minimum"].clone();
    ceiling["amount"] = json!(ceiling["amount"].as_i64().unwrap() * 10);
    let path = format!("/listings/{}/bids", published["id"].as_str().unwrap());
    client.post(&path, &json!({ "bidder": ALICE, "ceiling": ceiling })).expect(200);
    client.get("/docs").expect(200);
    server.end();
    assert_eq!(std::fs::read_dir(place.path("")).unwrap().count(), 0, "it leaves nothing behind");
}
