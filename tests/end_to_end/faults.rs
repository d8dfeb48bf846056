//! Things that go wrong outside the program: one sentence that names what and says what to do, the right exit
//! status, and no harm done to the file.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::Stdio;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use serde_json::json;

use crate::support::market::assert_matches_the_model;
use crate::support::mount::Mount;
use crate::support::place::{Place, Ran};
use crate::support::server::Server;
use crate::support::store::{self, Hold};
use crate::support::trade::{draft, draft_line, from_now, listing};
use crate::support::{market, wait};

/// A command that any store takes.
fn a_draft() -> String {
    draft_line(&listing(1), from_now(3_600_000)).to_string()
}

/// Everything that opens the store, in every way.
const OPENING: [&[&str]; 9] = [
    &["serve", "--listen", "127.0.0.1:0"],
    &["import", "draft.jsonl"],
    &["query", "listings"],
    &["events"],
    &["show", "00000000-0000-4000-8000-111100000001"],
    &["subscriptions", "list"],
    &["store", "check"],
    &["store", "info"],
    &["store", "backup", "copy.db"],
];

/// Each of these fails on this store in the same way, and leaves the file as it was.
#[track_caller]
fn assert_all_fail(place: &Place, status: i32, words: &[&str]) {
    place.write("draft.jsonl", a_draft());
    let before = fs::read(place.store()).unwrap();
    for arguments in OPENING {
        place.run(arguments).fails(status, words);
        assert_eq!(fs::read(place.store()).unwrap(), before, "{arguments:?} changed the file");
    }
    place.run(&["send", &a_draft()]).fails(status, words);
    assert_eq!(fs::read(place.store()).unwrap(), before, "`send` changed the file");
}

#[test]
fn a_file_that_is_no_database_is_named_and_left_alone() {
    for text in ["these are my notes\n", "SQLite format 2 and then something else altogether"] {
        let place = Place::new();
        place.write("portolan.db", text);
        assert_all_fail(&place, 1, &["portolan.db", "not a Portolan store", "choose another file"]);
    }
}

#[test]
fn a_database_of_somebody_else_is_named_and_left_alone() {
    let place = Place::new();
    let connection = Connection::open(place.store()).unwrap();
    connection.execute_batch("create table songs (title text); insert into songs values ('one');").unwrap();
    connection.close().unwrap();
    assert_all_fail(&place, 1, &["portolan.db", "not a Portolan store", "choose another file"]);
    place.run(&["store", "migrate"]).fails(1, &["portolan.db", "not a Portolan store"]);
}

#[test]
fn a_store_of_a_newer_schema_is_named_and_left_alone() {
    let place = Place::new();
    place.run(&["send", &a_draft()]).ok();
    store::alter(&place.store(), "update schema_versions set version = version + 1 where component = 'core'");
    assert_all_fail(&place, 1, &["portolan.db", "newer schema", "use the program that wrote it"]);
    place.run(&["store", "migrate"]).fails(1, &["portolan.db", "newer schema"]);
}

#[test]
fn a_store_of_an_older_schema_asks_for_its_migration() {
    let place = Place::new();
    place.run(&["send", &a_draft()]).ok();
    store::alter(&place.store(), "update schema_versions set version = 0 where component = 'market'");
    assert_all_fail(&place, 1, &["portolan.db", "older schema", "store migrate"]);
}

#[test]
fn a_folder_in_place_of_a_file_and_a_file_in_no_folder_are_named() {
    let place = Place::new();
    fs::create_dir(place.store()).unwrap();
    place.run(&["send", &a_draft()]).fails(1, &["portolan.db", "is not a file"]);
    let nowhere = format!("sqlite:{}", place.path("nowhere/portolan.db").display());
    place.run(&["send", &a_draft(), "--write", &nowhere]).fails(3, &["nowhere/portolan.db", "folder"]);
    assert!(!place.path("nowhere").exists(), "no folder is made");
}

#[test]
fn a_store_that_is_not_there_is_not_made_by_those_who_read() {
    let place = Place::new();
    let reading = OPENING.iter().filter(|arguments| !["serve", "import"].contains(&arguments[0]));
    for arguments in reading {
        place.run(arguments).fails(3, &["portolan.db", "no store", "portolan import"]);
    }
    assert_eq!(fs::read_dir(place.path("")).unwrap().count(), 0, "nothing was made");
}

#[test]
fn a_file_that_may_not_be_written_is_read_and_not_written() {
    let place = Place::new();
    place.run(&["send", &a_draft()]).ok();
    let mut permissions = fs::metadata(place.store()).unwrap().permissions();
    permissions.set_readonly(true);
    fs::set_permissions(place.store(), permissions).unwrap();
    let before = fs::read(place.store()).unwrap();
    for arguments in [&["serve", "--listen", "127.0.0.1:0"][..], &["send", &a_draft()]] {
        place.run(arguments).fails(3, &["portolan.db", "read-only", "choose another file"]);
    }
    assert_eq!(fs::read(place.store()).unwrap(), before);
}

#[test]
fn a_file_system_that_may_not_be_written_is_named() {
    let mount = match Mount::new("size=16m") {
        Ok(mount) => mount,
        Err(reason) => return skipped("a read-only file system", &reason),
    };
    let place = Place::new();
    let url = format!("sqlite:{}", mount.path().join("portolan.db").display());
    place.run(&["send", &a_draft(), "--write", &url]).ok();
    let before = fs::read(mount.path().join("portolan.db")).unwrap();
    mount.make_read_only();
    for arguments in [&["serve", "--listen", "127.0.0.1:0"][..], &["send", &a_draft()]] {
        let arguments = [arguments, &["--write", &url]].concat();
        place.run(&arguments).fails(3, &["portolan.db", "permissions"]);
    }
    let fresh = format!("sqlite:{}", mount.path().join("fresh.db").display());
    place.run(&["send", &a_draft(), "--write", &fresh]).fails(3, &["fresh.db"]);
    assert_eq!(fs::read(mount.path().join("portolan.db")).unwrap(), before);
}

#[test]
fn a_disk_that_fills_up_in_an_import_loses_nothing_and_the_import_goes_on_when_there_is_room() {
    let mount = match Mount::new("size=2m") {
        Ok(mount) => mount,
        Err(reason) => return skipped("a full disk", &reason),
    };
    let place = Place::new();
    let path = mount.path().join("portolan.db");
    let url = format!("sqlite:{}", path.display());
    let file = market::file();
    let import = ["import", file.to_str().unwrap(), "--report", "report.json", "--write", &url];
    let full = place.run(&import).status(3);
    // Before it are the attempts of the process, as logs.
    let last = full.stderr.lines().last().unwrap();
    for word in ["portolan: line ", "portolan.db", "the disk is full", "free some space"] {
        assert!(last.contains(word), "{word}: {last}");
    }
    assert!(!place.path("report.json").exists());
    mount.resize("64m");
    place.run(&["store", "check", "--write", &url]).ok();
    let done = store::outcomes(&path).unwrap();
    assert!(done > 0 && done < 5_000, "it was in the middle: {done}");
    place.run(&import).ok();
    place.run(&["store", "backup", place.store().to_str().unwrap(), "--write", &url]).ok();
    assert_matches_the_model(&place, "report.json");
}

#[test]
fn a_server_on_a_full_disk_answers_503_until_there_is_room() {
    let mount = match Mount::new("size=2m") {
        Ok(mount) => mount,
        Err(reason) => return skipped("a full disk", &reason),
    };
    let place = Place::new();
    let url = format!("sqlite:{}", mount.path().join("portolan.db").display());
    let server = Server::start_with(&place, &["--write", &url]);
    let client = server.client();
    let mut large = draft("", from_now(3_600_000));
    large.as_object_mut().unwrap().remove("id");
    large["description"] = "x".repeat(9_000).into();
    let mut accepted = 0_u64;
    let full = wait::until("the disk is full", || match client.post("/listings", &large) {
        answer if answer.status == 201 => {
            accepted += 1;
            None
        }
        answer => Some(answer),
    });
    full.problem(503, "unavailable");
    client.get("/listings?limit=1").expect(200);
    mount.resize("64m");
    client.post("/listings", &large).expect(201);
    let at_least = (accepted + 1).to_string();
    let page =
        client.get_with("/listings?limit=1&count=true", &[("portolan-at-least", &at_least)]).expect(200);
    assert_eq!(page.json()["count"], accepted + 1, "all that was accepted, and nothing else");
    server.end();
    place.run(&["store", "check", "--write", &url]).ok();
}

#[test]
fn a_store_that_another_program_holds_is_waited_for_and_then_named() {
    let place = Place::new();
    place.run(&["send", &a_draft()]).ok();
    let url = format!("{}?busy_ms=300", place.url());
    let publish = json!({ "command": "publish_listing", "listing": listing(1) }).to_string();
    let held = Hold::of(&place.store());
    let asked = Instant::now();
    place
        .run(&["send", &publish, "--write", &url])
        .fails(3, &["portolan.db", "another program holds the file"]);
    assert!(asked.elapsed() >= Duration::from_millis(300), "it waits as long as it is told");
    assert_eq!(market::rows(&place, "listings")[0]["status"], "draft", "readers go on");
    drop(held);
    place.run(&["send", &publish, "--write", &url]).ok();
}

#[test]
fn a_store_that_another_program_holds_for_itself_is_named() {
    let place = Place::new();
    place.run(&["send", &a_draft()]).ok();
    let connection = Connection::open(place.store()).unwrap();
    connection.execute_batch("pragma locking_mode = exclusive; begin exclusive; commit;").unwrap();
    let url = format!("{}?busy_ms=100", place.url());
    for arguments in
        [&["send", &a_draft()][..], &["query", "listings"], &["serve", "--listen", "127.0.0.1:0"]]
    {
        let arguments = [arguments, &["--write", &url]].concat();
        place.run(&arguments).fails(3, &["portolan.db", "another program holds the file"]);
    }
}

#[test]
fn wrong_configuration_is_named_with_what_is_known() {
    let place = Place::new();
    for (url, words) in [
        ("zip:portolan.db", &["write", "`zip:`", "`sqlite:`"][..]),
        ("postgres://me:hunter2@host/db", &["write", "postgres", "not built in"]),
        ("memory:market", &["write", "memory", "takes no path"]),
        ("portolan.db", &["write", "URL", "`sqlite:`"]),
        ("sqlite:", &["write", "sqlite:PATH"]),
        ("sqlite:x.db?colour=red", &["write", "`colour`", "`durability`"]),
        ("sqlite:x.db?durability=perhaps", &["write", "durability", "full"]),
        ("sqlite:x.db?readers=many", &["write", "readers"]),
        ("sqlite:x.db?storage=documents", &["write", "storage", "relational"]),
    ] {
        let ran = place.run(&["send", &a_draft(), "--write", url]);
        assert!(!ran.stderr.contains("hunter2"), "a password is never said: {}", ran.stderr);
        ran.fails(2, words);
    }
    place.run(&["query", "listings", "--read", "redis://me:hunter2@host"]).fails(2, &["read", "redis"]);
    place.run(&["query", "listings", "--read.orders", "zip:"]).fails(2, &["read.orders", "`zip:`"]);
    place.run(&["serve", "--broker", "kafka://host"]).fails(2, &["broker", "kafka"]);
    let ran = place.run(&["serve", "--listen", "here"]).status(2);
    assert!(ran.stderr.contains("--listen <HOST:PORT>") && ran.stderr.contains("here"), "{}", ran.stderr);
    let ran = place.run(&["serve", "--idempotency-days", "week"]).status(2);
    assert!(ran.stderr.contains("--idempotency-days") && ran.stderr.contains("week"));
    let ran = place.run(&["serve", "--deadlines", "maybe"]).status(2);
    assert!(ran.stderr.contains("--deadlines") && ran.stderr.contains("off"));
    assert_eq!(fs::read_dir(place.path("")).unwrap().count(), 0, "nothing was made");
}

#[test]
fn an_unknown_key_is_named_wherever_it_stands() {
    let place = Place::new();
    let unknown_flag = place.run(&["query", "listings", "--colour", "red"]).status(2);
    assert!(unknown_flag.stderr.contains("--colour"), "{}", unknown_flag.stderr);
    let mut command = place.command(&["query", "listings"]);
    let ran: Ran = command.env("PORTOLAN_COLOUR", "red").output().unwrap().into();
    ran.fails(2, &["PORTOLAN_COLOUR", "PORTOLAN_WRITE"]);
    let mut command = place.command(&["query", "listings"]);
    let ran: Ran = command.env("PORTOLAN_LISTEN", "here").output().unwrap().into();
    ran.fails(2, &["listen", "PORTOLAN_LISTEN"]);
    place.write("portolan.toml", "colour = \"red\"\n");
    place.run(&["query", "listings"]).fails(2, &["colour", "`write`"]);
    place.write("portolan.toml", "[read]\ncolours = \"red\"\n");
    place.run(&["query", "listings"]).fails(2, &["colours", "`listings`"]);
    place.write("portolan.toml", "idempotency_days = \"week\"\n");
    place.run(&["query", "listings"]).fails(2, &["idempotency_days", "week", "portolan.toml"]);
    place.write("portolan.toml", "write = \n");
    let broken = place.run(&["query", "listings"]).status(2);
    assert!(broken.stderr.contains("configuration"), "{}", broken.stderr);
    place.run(&["query", "listings", "--config", "other.toml"]).fails(2, &["other.toml", "no such"]);
}

#[test]
fn a_file_to_import_that_is_not_there_is_named_and_no_store_is_made() {
    let place = Place::new();
    place.run(&["import", "nothing.jsonl"]).fails(2, &["nothing.jsonl"]);
    fs::create_dir(place.path("folder")).unwrap();
    place.run(&["import", "folder"]).fails(2, &["folder", "directory"]);
    assert!(!place.store().exists());
    place.write("draft.jsonl", a_draft());
    let unwritable = place.run(&["import", "draft.jsonl", "--report", "nowhere/report.json"]);
    unwritable.fails(2, &["nowhere/report.json", "nothing was imported"]);
    assert!(!place.store().exists());
}

#[test]
fn an_address_that_is_taken_is_named() {
    let place = Place::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    place.run(&["serve", "--listen", &address]).fails(2, &[&address, "--listen"]);
    assert!(!place.store().exists(), "the address comes first");
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let place = Place::new();
    place.run(&["import", market::file().to_str().unwrap()]).ok();
    for arguments in
        [&["events", "--json"][..], &["events"], &["query", "listings", "--json"], &["query", "listings"]]
    {
        let mut command = place.command(arguments);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        let mut reader = BufReader::new(child.stdout.take().unwrap());
        reader.read_line(&mut line).unwrap();
        drop(reader);
        let status = wait::until("it ends", || child.try_wait().unwrap());
        let said: Vec<_> =
            BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok).collect();
        assert_eq!((status.code(), said.len()), (Some(0), 0), "{arguments:?}: {said:?}");
    }
}

#[test]
fn a_wrong_argument_is_wrong_usage() {
    let place = Place::new();
    for arguments in [
        &["send", ""][..],
        &["send", "{"],
        &["send", "null"],
        &["send", "{\"command\": 7}"],
        &["show", "no-id"],
        &["show", "00000000-0000-4000-8000-111100000001", "--as-of", "yesterday"],
        &["events", "--from", "-1"],
        &["query", "paintings"],
        &["query", "listings", "--limit", "-1"],
        &["completions", "tcl"],
        &["store"],
        &["frobnicate"],
        &[],
    ] {
        let ran = place.run(arguments).status(2);
        assert!(!ran.stderr.is_empty() && !ran.stderr.contains("panicked"), "{arguments:?}: {}", ran.stderr);
    }
    assert!(!place.store().exists());
}

/// Tells why a test could not run here.
fn skipped(what: &str, reason: &str) {
    println!("skipped: {what} cannot be made here: {reason}");
}
