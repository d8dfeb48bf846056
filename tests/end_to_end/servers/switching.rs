//! A market that is served moves from a file to PostgreSQL, and from there to MariaDB.

use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::store_switch::{kill, killed_when_it_stands_still};
use crate::store_switch_views::{a_write_is_seen, while_read};
use crate::support::database::{Database, Engine, beside_others};
use crate::support::load::{self, Load, Seen};
use crate::support::place::{Place, Ran};
use crate::support::program::with_servers;
use crate::support::server::Server;
use crate::support::wait;

/// One step of the way: a server on the one store, which is told of the next one beforehand.
struct Step<'a> {
    place: &'a Place,
    from: &'a str,
    to: &'a str,
}

impl Step<'_> {
    fn serve(&self) -> Server {
        self.serve_with(&[])
    }

    fn serve_with(&self, arguments: &[&str]) -> Server {
        let mut command = with_servers();
        command.current_dir(self.place.path("")).args(["serve", "--listen", "127.0.0.1:0"]);
        command.args(["--write", self.from, "--next-write", self.to]).args(arguments);
        Server::spawn(command)
    }

    fn command(&self, more: &[&str]) -> Command {
        let mut command = with_servers();
        command.args(["store", "switch", "--json", "--from", self.from, "--to", self.to]).args(more);
        command
    }

    fn switch(&self, more: &[&str]) -> Ran {
        self.command(more).output().unwrap().into()
    }

    /// Moves under load. What was told before is held in the next store as well.
    fn go(&self, number: u16, seen: &mut Vec<Seen>) -> Value {
        let server = self.serve();
        let client = server.client();
        if number == 0 {
            Load::publish(&client);
        }
        let (load, stalls) = (Load::new(number), wait::Stalls::watch());
        let mut done = Value::Null;
        let by = load.during(&client, || {
            load.goes_on(60);
            done = self.switch(&[]).ok().rows().remove(0);
            load.goes_on(60);
        });
        let longest = by.iter().map(|seen| seen.longest_503).max().unwrap();
        println!("longest run of 503: {longest:?}; {done}");
        assert!(longest <= load::READ_ONLY + 4 * stalls.longest(), "{longest:?}; {}", server.said());
        seen.extend(by);
        load::holds_what_was_told(&with_servers, self.place, self.to, seen, &client);
        // Nobody begins at the former one again, unless it was told where to go on.
        let refused = load::at(with_servers(), self.place, self.from, &["serve", "--listen", "127.0.0.1:0"]);
        refused.fails(3, &["has moved to"]);
        let again = self.serve();
        assert_eq!(again.client().get("/totals").status, 200, "{}", again.said());
        again.end();
        server.end();
        done
    }
}

#[test]
fn a_market_moves_to_postgresql_and_on_to_mariadb_while_it_is_served() {
    let (Some(postgres), Some(mariadb)) = (Database::new(Engine::Postgres), Database::new(Engine::MariaDb))
    else {
        return;
    };
    let (place, mut seen) = (Place::new(), Vec::new());
    let documents = format!("{}?storage=document", mariadb.url());
    let first = Step { place: &place, from: &place.url(), to: &postgres.url() };
    let done = first.go(0, &mut seen);
    let address = done["to"].as_str().unwrap();
    assert!(address.starts_with("postgres://") && !address.contains('@'), "{done}");
    Step { place: &place, from: &postgres.url(), to: &documents }.go(1, &mut seen);
    // Once more says that it is done; and it is too late to undo it.
    let second = Step { place: &place, from: &postgres.url(), to: &documents };
    assert_eq!(second.switch(&[]).ok().rows()[0]["read_only_seconds"], Value::Null);
    second.switch(&["--undo"]).fails(1, &["cannot be undone"]);
}

#[test]
fn a_switch_between_servers_that_is_killed_is_undone_or_run_again() {
    let _beside_others = beside_others();
    let (Some(postgres), Some(mariadb)) = (Database::new(Engine::Postgres), Database::new(Engine::MariaDb))
    else {
        return;
    };
    let place = Place::on(postgres.url());
    let step = Step { place: &place, from: &postgres.url(), to: &mariadb.url() };
    let server = step.serve();
    let client = server.client();
    Load::publish(&client);
    let load = Load::new(0);
    let seen = load.during(&client, || {
        load.goes_on(20);
        // On the way: the source takes commands all the time.
        for after_ms in [100, 400] {
            let switching = step.command(&[]).stderr(Stdio::null()).spawn().unwrap();
            std::thread::park_timeout(Duration::from_millis(after_ms));
            kill(switching);
            load.goes_on(5);
        }
        // Where the source stands still: until that is undone, or run again.
        killed_when_it_stands_still(step.command(&[]));
        let info = place.run(&["store", "info", "--json"]).ok().rows().remove(0);
        if info["moved"] != true {
            assert!(step.switch(&["--undo"]).ok().stdout.contains("the source takes commands"));
            load.goes_on(20);
            killed_when_it_stands_still(step.command(&[]));
        }
        step.switch(&[]).ok();
        load.goes_on(20);
        step.switch(&["--undo"]).fails(1, &["cannot be undone"]);
    });
    load::holds_what_was_told(&with_servers, &place, &mariadb.url(), &seen, &client);
    server.end();
}

#[test]
fn read_models_on_a_server_stay_there_while_their_store_moves_or_move_with_it() {
    let _beside_others = beside_others();
    let (Some(postgres), Some(mariadb)) = (Database::new(Engine::Postgres), Database::new(Engine::MariaDb))
    else {
        return;
    };
    let Some(views) = Database::new(Engine::Postgres) else { return };
    let (place, own) = (Place::new(), Place::on(postgres.url()));
    let files = [place.url(), format!("sqlite:{}", place.path("next.db").display())];
    for (place, [from, to], read, read_afterwards) in [
        (&place, files, views.url(), views.url()),
        (&own, [postgres.url(), mariadb.url()], postgres.url(), mariadb.url()),
    ] {
        let step = Step { place, from: &from, to: &to };
        let server = step.serve_with(&["--read", &read]);
        let client = server.client();
        Load::publish(&client);
        a_write_is_seen(&client, 900);
        let (load, mut seen) = (Load::new(0), Vec::new());
        while_read(&client, || {
            seen = load.during(&client, || {
                load.goes_on(30);
                step.switch(&[]).ok();
                load.goes_on(30);
            });
            a_write_is_seen(&client, 901);
        });
        load::holds_what_was_told(&with_servers, place, &to, &seen, &client);
        server.end();
        let rows = |read: &str| {
            let asked = ["query", "listings", "--json", "--read", read];
            load::at(with_servers(), place, &to, &asked).ok().rows()
        };
        assert_eq!(rows(&read_afterwards), rows("memory:"), "{read}");
    }
}
