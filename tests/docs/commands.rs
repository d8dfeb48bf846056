//! Commands in `console` blocks run as they stand. A line that nobody knows how to run is an error.

use std::process::{Command, Stdio};

use cargo_metadata::{Metadata, MetadataCommand, TargetKind};

use crate::page::{self, Page};
use crate::support::database::{Database, Engine};
use crate::support::place::Place;
use crate::support::program;
use crate::support::server::Server;

/// This one is followed in a copy of the workspace, by `guide`.
const FOLLOWED: &str = "docs/guides/add-a-command.md";

/// The databases that pages name.
const DATABASES: [(Engine, &str); 2] = [
    (Engine::Postgres, "postgres://postgres@127.0.0.1:5432/market"),
    (Engine::MariaDb, "mysql://root@127.0.0.1:3306/market"),
];

/// Each command of the page's blocks, without its comment.
fn commands(page: &Page) -> Vec<String> {
    let lines = page.blocks("console").flat_map(str::lines);
    let commands = lines.map(|line| line.split(" #").next().unwrap_or(line).trim());
    commands.filter(|line| !line.is_empty() && !line.starts_with('#')).map(str::to_owned).collect()
}

/// A terminal, or two: where `serve` goes on while the next line is typed.
struct Terminal {
    place: Place,
    servers: Vec<Server>,
    databases: Vec<Database>,
    metadata: Metadata,
}

impl Terminal {
    fn open() -> Self {
        let place = Place::new();
        let sample = page::root().join("tests/data/market.jsonl");
        std::fs::copy(sample, place.path("market.jsonl")).expect("the sample is there");
        let manifest = page::root().join("Cargo.toml");
        let metadata = MetadataCommand::new().manifest_path(manifest).no_deps().exec().expect("cargo runs");
        Self { place, servers: Vec::new(), databases: Vec::new(), metadata }
    }

    fn run(&mut self, line: &str) -> Result<(), String> {
        let words: Vec<_> = line.split_whitespace().collect();
        match words.as_slice() {
            ["portolan" | "cargo", .., "demo"] if is_program(&words) => {
                let mut demo = program::portolan();
                demo.args(["demo", "--listen", "127.0.0.1:0"]);
                self.servers.push(Server::spawn(demo));
                Ok(())
            }
            ["portolan", "serve", options @ ..] => {
                self.servers.push(Server::start_with(&self.place, options));
                Ok(())
            }
            ["portolan", arguments @ ..] if DATABASES.iter().any(|(_, url)| line.contains(url)) => {
                self.run_on_servers(line, arguments)
            }
            ["portolan", arguments @ ..] => {
                // A page that names the store itself does so for all of its lines.
                let ran = match arguments.contains(&"--write") {
                    false => self.place.run(arguments),
                    true => {
                        let mut typed = program::portolan();
                        typed.current_dir(self.place.path("")).args(arguments);
                        typed.output().map_err(|error| format!("{line}: {error}"))?.into()
                    }
                };
                if ran.status == 0 { Ok(()) } else { Err(format!("{line}: {ran:?}")) }
            }
            ["cargo", "run", "-p", package] => {
                let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
                command
                    .current_dir(page::root())
                    .args(["run", "--quiet", "-p", package])
                    .stdin(Stdio::null());
                let ran = command.output().map_err(|error| format!("{line}: {error}"))?;
                if ran.status.success() { Ok(()) } else { Err(format!("{line}: {ran:?}")) }
            }
            // Servers are not this test's to start: the file that starts them, and the names that tests know, are right.
            ["docker", "compose", "up", "-d", "--wait"] => {
                let there = page::root().join("compose.yaml").exists();
                there.then_some(()).ok_or_else(|| format!("{line}: there is no compose.yaml"))
            }
            ["export", assignment, ..] => {
                let known = [
                    "PORTOLAN_TEST_POSTGRES=",
                    "PORTOLAN_TEST_MARIADB=",
                    "PORTOLAN_TEST_REQUIRE=",
                    "PORTOLAN_TEST_RESTART=",
                ];
                let is_known = known.iter().any(|known| assignment.starts_with(known));
                is_known.then_some(()).ok_or_else(|| format!("{line}: no test looks at that"))
            }
            ["cargo", rest @ ..] => self.is_there(rest).map_err(|why| format!("{line}: {why}")),
            _ => Err(format!("nobody knows how to run `{line}`")),
        }
    }

    /// A command about a database on a server gets one of its own. It is left out where there is no such server.
    fn run_on_servers(&mut self, line: &str, arguments: &[&str]) -> Result<(), String> {
        let mut arguments: Vec<_> = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        for (engine, url) in DATABASES {
            if !line.contains(url) {
                continue;
            }
            if !self.databases.iter().any(|database| database.engine == engine) {
                let Some(database) = Database::new(engine) else { return Ok(()) };
                self.databases.push(database);
            }
            let database = self.databases.iter().find(|database| database.engine == engine);
            let own = database.map(Database::url).unwrap_or_default();
            arguments.iter_mut().for_each(|argument| *argument = argument.replace(url, &own));
        }
        let mut typed = program::with_servers();
        typed.current_dir(self.place.path("")).args(&arguments);
        let ran = typed.output().map_err(|error| format!("{line}: {error}"))?;
        if ran.status.success() { Ok(()) } else { Err(format!("{line}: {ran:?}")) }
    }

    /// Of what is too large to be run inside a test, at least every name is right.
    fn is_there(&self, cargo: &[&str]) -> Result<(), String> {
        let ["test" | "bench" | "run" | "install" | "clippy" | "doc" | "build", rest @ ..] = cargo else {
            return Err("another command of cargo".to_owned());
        };
        let mut options = rest.iter().copied().take_while(|option| *option != "--");
        let package =
            |name: &str| self.metadata.packages.iter().find(|package| package.name.as_str() == name);
        while let Some(option) = options.next() {
            let mut value = || options.next().ok_or_else(|| format!("`{option}` of what?"));
            match option {
                "--workspace" | "--release" => {}
                "-p" => _ = value().and_then(|name| package(name).ok_or(format!("no package `{name}`")))?,
                "--features" => {
                    let wanted = value()?;
                    let packages = &self.metadata.packages;
                    let is_there = |feature: &&str| {
                        packages.iter().any(|package| package.features.contains_key(*feature))
                    };
                    let missing = wanted.split(',').find(|feature| !is_there(feature));
                    missing.map_or(Ok(()), |missing| Err(format!("no feature `{missing}`")))?;
                }
                "--path" => {
                    let path = value()?;
                    let there = page::root().join(path).join("Cargo.toml").exists();
                    there.then_some(()).ok_or_else(|| format!("no package at `{path}`"))?;
                }
                "--example" | "--bench" | "--test" => {
                    let name = value()?;
                    let mut targets = self.metadata.packages.iter().flat_map(|package| &package.targets);
                    let kinds = [TargetKind::Example, TargetKind::Bench, TargetKind::Test];
                    let is_it =
                        targets.any(|it| it.name == name && it.kind.iter().any(|kind| kinds.contains(kind)));
                    is_it.then_some(()).ok_or_else(|| format!("no target `{name}`"))?;
                }
                unknown => return Err(format!("`{unknown}` is not known here")),
            }
        }
        Ok(())
    }

    /// Ctrl-C in front of everything that still runs, which ends well.
    fn close(mut self) {
        for server in &mut self.servers {
            server.signal("INT");
            assert!(server.ended().success(), "{}", server.said());
        }
    }
}

/// Whether this starts the program: `portolan ..` or `cargo run .. -- ..` from the root.
fn is_program(words: &[&str]) -> bool {
    words[0] == "portolan" || (words.starts_with(&["cargo", "run"]) && words.contains(&"--"))
}

#[test]
fn every_command_of_every_page_runs() {
    for page in page::all().iter().filter(|page| page.path != FOLLOWED) {
        let commands = commands(page);
        if commands.is_empty() {
            continue;
        }
        let mut terminal = Terminal::open();
        for line in commands {
            terminal.run(&line).unwrap_or_else(|why| panic!("{}: {why}", page.path));
        }
        terminal.close();
    }
}

#[test]
fn a_command_that_does_not_run_is_found() {
    let mut terminal = Terminal::open();
    for line in [
        "rm -rf market.db",
        "portolan query rumours",
        "cargo test -p portolan-nothing",
        "cargo install --path crates/nothing",
        "cargo run --release --example nothing",
        "cargo publish",
        "cargo test --sideways",
        "cargo test -p portolan-diesel --features oracle",
        "docker compose down",
        "export PORTOLAN_TEST_ORACLE=oracle://there",
    ] {
        assert!(terminal.run(line).is_err(), "{line}");
    }
    terminal.run("cargo test -p portolan-kernel").unwrap();
    terminal.run("cargo bench --bench market -p portolan-bench").unwrap();
}
