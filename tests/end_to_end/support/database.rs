//! Databases on servers, one a test, and a look into them from outside, past the program.

use std::fmt;
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use mysql::prelude::Queryable as _;
use postgres::{NoTls, SimpleQueryMessage};

/// The servers that must be there, by their names: without them a test fails rather than being left out.
const REQUIRE: &str = "PORTOLAN_TEST_REQUIRE";

/// The command that kills a server and starts it again, called with the server's name.
const RESTART: &str = "PORTOLAN_TEST_RESTART";

/// A kind of server that tests run on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Engine {
    Postgres,
    MariaDb,
}

impl Engine {
    /// How it is called where servers are required or restarted.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::MariaDb => "mariadb",
        }
    }

    /// The URL of a server of this kind, without a database; `None` where there is none and need be none.
    pub(crate) fn server(self) -> Option<String> {
        let variable = match self {
            Self::Postgres => "PORTOLAN_TEST_POSTGRES",
            Self::MariaDb => "PORTOLAN_TEST_MARIADB",
        };
        let Ok(url) = std::env::var(variable) else {
            let required = std::env::var(REQUIRE).unwrap_or_default();
            let is_required = required.split(',').any(|name| name == self.name());
            assert!(!is_required, "{self} is required, and {variable} is not set");
            println!("left out: {variable} names no server; see \"With servers\" in README.md");
            return None;
        };
        let (server, _) = url.rsplit_once('/').expect("the URL names a database");
        Some(server.to_owned())
    }

    /// A connection to this database; `None` where the server gives none.
    pub(crate) fn try_connect(self, server: &str, database: &str) -> Option<Session> {
        let url = format!("{server}/{database}");
        match self {
            Self::Postgres => {
                postgres::Client::connect(&url, NoTls).ok().map(|client| Session::Postgres(client.into()))
            }
            Self::MariaDb => {
                let options = mysql::Opts::from_url(&url).expect("a URL");
                mysql::Conn::new(options).ok().map(|conn| Session::MariaDb(conn.into()))
            }
        }
    }

    /// Kills the server, and starts it again over the same data.
    pub(crate) fn restart(self) {
        let command = std::env::var(RESTART).expect("who restarts runs alone");
        // A server outlives this test, and is to keep none of its files open: one may be a lock that somebody waits for.
        let alone = "for file in 3 4 5 6 7 8 9; do eval \"exec $file>&-\"; done";
        let script = format!("{alone}; {command} {}", self.name());
        let ran = Command::new("sh").args(["-c", &script]).output().expect("a shell runs");
        assert!(ran.status.success(), "{command}: {}", String::from_utf8_lossy(&ran.stderr));
    }
}

impl fmt::Display for Engine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Postgres => "PostgreSQL",
            Self::MariaDb => "MariaDB",
        })
    }
}

/// Held to read by who uses the servers, and to write by who does what the others would suffer from.
static SERVERS: RwLock<()> = RwLock::new(());

/// Keeps away, for as long as it is held, who does what all would suffer from.
pub(crate) fn beside_others() -> RwLockReadGuard<'static, ()> {
    SERVERS.read().unwrap_or_else(PoisonError::into_inner)
}

/// Runs the test on each server that is there, on a database of its own.
pub(crate) fn on_each_server(test: impl Fn(&Database)) {
    let _beside_others = beside_others();
    for engine in [Engine::Postgres, Engine::MariaDb] {
        if let Some(database) = Database::new(engine) {
            println!("on {engine}");
            test(&database);
        }
    }
}

/// The same, while no other test of this program uses a server: for what all would suffer from. Other programs are to be
/// kept away from outside, which sets `PORTOLAN_TEST_RESTART`; without it the test is left out.
pub(crate) fn alone_on_each_server(test: impl Fn(&Database)) {
    if std::env::var_os(RESTART).is_none() {
        println!(
            "left out: {RESTART} says no command that restarts a server; see \"With servers\" in README.md"
        );
        return;
    }
    let _alone = SERVERS.write().unwrap_or_else(PoisonError::into_inner);
    for engine in [Engine::Postgres, Engine::MariaDb] {
        if let Some(database) = Database::new(engine) {
            println!("on {engine}");
            test(&database);
        }
    }
}

/// An empty database on a server; gone when it is dropped.
pub(crate) struct Database {
    pub(crate) engine: Engine,
    /// `postgres://USER@HOST:PORT`.
    pub(crate) server: String,
    pub(crate) name: String,
}

impl Database {
    /// A database with nothing in it, where there is such a server.
    pub(crate) fn new(engine: Engine) -> Option<Self> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("portolan_program_{}_{number}", std::process::id());
        let server = engine.server()?;
        let database = Self { engine, server, name };
        database.administrator().run(&format!("create database {}", database.name));
        Some(database)
    }

    /// Its URL.
    pub(crate) fn url(&self) -> String {
        format!("{}/{}", self.server, self.name)
    }

    /// `HOST:PORT` of its server.
    pub(crate) fn address(&self) -> &str {
        let (_, place) = self.server.split_once("://").expect("a URL");
        place.rsplit_once('@').map_or(place, |(_, place)| place)
    }

    /// Its URL, for this user, at this place.
    pub(crate) fn url_for(&self, user: &str, place: &str) -> String {
        let (scheme, _) = self.server.split_once("://").expect("a URL");
        format!("{scheme}://{user}@{place}/{}", self.name)
    }

    /// A connection to it.
    pub(crate) fn connect(&self) -> Session {
        self.engine.try_connect(&self.server, &self.name).expect("the server is there")
    }

    /// A connection to the server, to a database that is always there.
    pub(crate) fn administrator(&self) -> Session {
        let always = match self.engine {
            Engine::Postgres => "postgres",
            Engine::MariaDb => "mysql",
        };
        self.engine.try_connect(&self.server, always).expect("the server is there")
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // A test that fails leaves programs behind that are connected still.
        let force = match self.engine {
            Engine::Postgres => " with (force)",
            Engine::MariaDb => "",
        };
        self.administrator().run(&format!("drop database {}{force}", self.name));
    }
}

/// A connection past the program.
pub(crate) enum Session {
    Postgres(Box<postgres::Client>),
    MariaDb(Box<mysql::Conn>),
}

impl Session {
    /// Runs SQL: on PostgreSQL any number of statements, on MariaDB one.
    #[track_caller]
    pub(crate) fn run(&mut self, sql: &str) {
        self.try_run(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
    }

    /// The same; `Err` says why it failed.
    pub(crate) fn try_run(&mut self, sql: &str) -> Result<(), String> {
        match self {
            Self::Postgres(client) => client.batch_execute(sql).map_err(|error| error.to_string()),
            Self::MariaDb(conn) => conn.query_drop(sql).map_err(|error| error.to_string()),
        }
    }

    /// The numbers that this question has for an answer, a row each.
    #[track_caller]
    pub(crate) fn numbers(&mut self, sql: &str) -> Vec<i64> {
        match self {
            Self::Postgres(client) => {
                let rows = client.simple_query(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
                let number = |message| match message {
                    SimpleQueryMessage::Row(row) => row.get(0).and_then(|text| text.parse().ok()),
                    _ => None,
                };
                rows.into_iter().filter_map(number).collect()
            }
            Self::MariaDb(conn) => conn.query(sql).unwrap_or_else(|error| panic!("{sql}: {error}")),
        }
    }

    /// The number that this question has for an answer.
    #[track_caller]
    pub(crate) fn number(&mut self, sql: &str) -> i64 {
        self.numbers(sql).first().copied().unwrap_or_else(|| panic!("{sql}: no answer"))
    }
}
