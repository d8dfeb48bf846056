//! Every subcommand and flag, and what each prints.

use serde_json::Value;

use crate::support::place::{Place, Ran};
use crate::support::program;
use crate::support::server::Server;
use crate::support::trade::{draft_line, from_now, listing, order, placement, small_market};

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
const KEYS: [&str; 11] = [
    "--config",
    "--write",
    "--next-write",
    "--read",
    "--read.listings",
    "--broker",
    "--listen",
    "--idempotency-days",
    "--deadlines",
    "--processes",
    "--read.totals",
];

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
    for absent in ["parked", "postgres", "elasticsearch"] {
        assert!(!help.contains(absent), "{absent} is not there yet: {help}");
    }
    for name in SUBCOMMANDS {
        let own = place.run(&[name, "--help"]).ok().stdout;
        assert!(own.contains(&format!("Usage: portolan {name}")), "{own}");
    }
    let of = |name| listed(&place.run(&[name, "--help"]).ok().stdout);
    assert_eq!(of("store"), ["migrate", "check", "backup", "info", "copy", "switch"]);
    assert_eq!(of("subscriptions"), ["list", "pause", "resume", "reset", "rebuild"]);
    place.run(&["parked", "list"]).status(2);
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
    assert!(["place_bid", "cancel_order"].iter().all(|name| of("command").iter().any(|known| known == name)));
    assert_eq!(of("view"), ["listings", "orders", "customers", "totals"]);
    assert_eq!(of("query")[..3], ["find_listings", "get_listing", "count_listings"]);
    assert_eq!((of("query").len(), of("handler").len()), (12, 1));
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
    for arguments in [
        &["query", "listings"][..],
        &["query", "orders"],
        &["query", "customers"],
        &["query", "totals"],
        &["events"],
        &["subscriptions", "list"],
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
fn the_reasons_of_why_are_printed_whole() {
    let place = small_market();
    let why =
        ["why", &listing(1), r#"bids > 100 or title = "A lamp that nobody has bid for" or seller is null"#];
    let because = place.run(&[&why[..], &["--json"]].concat()).ok().rows()[0]["because"].clone();
    let because = because.as_str().unwrap();
    assert!(because.len() > 60 && place.run(&why).ok().stdout.contains(because), "{because}");
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
