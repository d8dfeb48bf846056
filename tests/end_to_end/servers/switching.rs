//! A market that is served moves from a file to PostgreSQL, and from there to MariaDB.

use std::process::Command;

use serde_json::Value;

use crate::support::database::{Database, Engine};
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
        let mut command = with_servers();
        command.current_dir(self.place.path("")).args(["serve", "--listen", "127.0.0.1:0"]);
        command.args(["--write", self.from, "--next-write", self.to]);
        Server::spawn(command)
    }

    fn switch(&self, more: &[&str]) -> Ran {
        let mut command: Command = with_servers();
        command.args(["store", "switch", "--json", "--from", self.from, "--to", self.to]).args(more);
        command.output().unwrap().into()
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
