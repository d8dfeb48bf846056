//! Stores on servers that cannot be opened: one sentence that says what to do, the right exit status, no password, and
//! nothing changed.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use crate::support::database::{Database, Engine, alone_on_each_server, on_each_server};
use crate::support::place::Place;
use crate::support::trade::{draft_line, from_now, listing};

/// What no sentence may hold.
const PASSWORD: &str = "hunter2";

fn a_draft() -> String {
    draft_line(&listing(1), from_now(3_600_000)).to_string()
}

/// Whatever opens the store at this URL fails in the same way.
#[track_caller]
fn assert_refused(url: &str, status: i32, words: &[&str]) {
    let place = Place::on(url.to_owned());
    place.write("draft.jsonl", a_draft());
    for arguments in [
        &["serve", "--listen", "127.0.0.1:0"][..],
        &["send", &a_draft()],
        &["import", "draft.jsonl"],
        &["query", "listings"],
        &["subscriptions", "list"],
        &["store", "check"],
    ] {
        assert_sentence(&place, arguments, status, words);
    }
}

#[track_caller]
fn assert_sentence(place: &Place, arguments: &[&str], status: i32, words: &[&str]) {
    let ran = place.run(arguments);
    assert!(!format!("{ran:?}").contains(PASSWORD), "a password is never said: {ran:?}");
    ran.fails(status, words);
}

/// A user that may do everything with this database, and has this password and this limit.
fn user(database: &Database, limit: &str) -> String {
    let user = format!("{}_user", database.name.replace("portolan_program", "p"));
    let mut session = database.connect();
    match database.engine {
        Engine::Postgres => session.run(&format!(
            "create role {user} login password '{PASSWORD}' {}; alter database {} owner to {user}",
            limit.replace("limit", "connection limit"),
            database.name
        )),
        Engine::MariaDb => {
            let limit = if limit.is_empty() {
                String::new()
            } else {
                limit.replace("limit", "with max_user_connections")
            };
            session.run(&format!("create user {user} identified by '{PASSWORD}' {limit}"));
            session.run(&format!("grant all on {}.* to {user}", database.name));
        }
    }
    user
}

fn drop_user(database: &Database, user: &str) {
    let mut session = database.connect();
    if database.engine == Engine::Postgres {
        session.run(&format!("alter database {} owner to current_user; drop owned by {user}", database.name));
    }
    session
        .run(&format!("drop {} {user}", if database.engine == Engine::Postgres { "role" } else { "user" }));
}

#[test]
fn a_server_or_a_database_that_is_not_there_is_named() {
    on_each_server(|database| {
        let me = format!("me:{PASSWORD}");
        let nobody = database.url_for(&me, "127.0.0.1:1");
        assert_refused(&nobody, 3, &["127.0.0.1:1", "cannot be reached"]);
        let unknown = database.url_for(&me, "no-such-host.invalid");
        assert_refused(&unknown, 3, &["no-such-host.invalid", "the host is not known"]);
        let missing = format!("{}_not", database.url());
        assert_refused(&missing, 3, &[&database.name, "there is no such database", "create"]);
    });
}

#[test]
fn a_wrong_password_is_said_without_it() {
    on_each_server(|database| match database.engine {
        // The tests' server asks for none, so that this one answers as a server that does.
        Engine::Postgres => {
            let address = one_that_refuses_passwords();
            let url = database.url_for(&format!("me:{PASSWORD}"), &address);
            assert_refused(&url, 3, &[&address, "user or password is wrong"]);
        }
        Engine::MariaDb => {
            let user = user(database, "");
            let url = database.url_for(&format!("{user}:{PASSWORD}x"), database.address());
            assert_refused(&url, 3, &["user or password is wrong"]);
            let right = database.url_for(&format!("{user}:{PASSWORD}"), database.address());
            Place::on(right).run(&["send", &a_draft()]).ok();
            drop_user(database, &user);
        }
    });
}

/// Speaks as much of PostgreSQL's protocol as it takes to ask for a password and refuse it.
fn one_that_refuses_passwords() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = listener.local_addr().expect("it listens").to_string();
    let refuse = |mut client: TcpStream| -> std::io::Result<()> {
        loop {
            let mut length = [0; 4];
            client.read_exact(&mut length)?;
            let mut message = vec![0; u32::from_be_bytes(length) as usize - 4];
            client.read_exact(&mut message)?;
            // A wish for TLS or for GSSAPI, to which the answer is no; else the client says who it is.
            match message.get(..4) {
                Some([0x04, 0xd2, 0x16, 0x2f | 0x30]) => client.write_all(b"N")?,
                _ => break,
            }
        }
        client.write_all(b"R\0\0\0\x08\0\0\0\x03")?;
        client.read_exact(&mut [0; 5])?;
        let fields = b"SFATAL\0VFATAL\0C28P01\0Mpassword authentication failed for user \"me\"\0\0";
        let length = u32::try_from(fields.len() + 4).expect("it is short");
        client.write_all(&[b"E", &length.to_be_bytes()[..], fields].concat())
    };
    std::thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            // One that hung up has heard enough.
            drop(refuse(client));
        }
    });
    address
}

#[test]
fn connections_that_are_used_up_are_said_with_what_to_raise() {
    on_each_server(|database| {
        let user = user(database, "limit 2");
        let url = database.url_for(&format!("{user}:{PASSWORD}"), database.address());
        let refused = Place::on(url.clone());
        assert_sentence(&refused, &["send", &a_draft()], 3, &["no more connections", "`readers`"]);
        // It is said as it is: with fewer it works, once nobody else has any.
        drop_user(database, &user);
    });
}

#[test]
fn a_server_without_a_connection_left_says_so() {
    alone_on_each_server(|database| {
        let place = Place::on(database.url());
        place.run(&["send", &a_draft()]).ok();
        let mut administrator = database.administrator();
        match database.engine {
            Engine::Postgres => {
                let mut held = Vec::new();
                while let Some(session) = database.engine.try_connect(&database.server, "postgres") {
                    held.push(session);
                }
                assert_sentence(&place, &["store", "info"], 3, &["no connection left", "max_connections"]);
            }
            Engine::MariaDb => {
                let before = administrator.number("select @@global.max_connections");
                administrator.run("set global max_connections = 10");
                let mut held = Vec::new();
                while let Some(session) = database.engine.try_connect(&database.server, "mysql") {
                    held.push(session);
                }
                let refused = place.run(&["store", "info"]);
                administrator.run(&format!("set global max_connections = {before}"));
                refused.fails(3, &["no connection left", "max_connections"]);
            }
        }
        place.run(&["store", "info"]).ok();
    });
}

#[test]
fn a_database_of_somebody_else_is_left_alone() {
    on_each_server(|database| {
        let mut session = database.connect();
        session.run("create table songs (title varchar(100))");
        session.run("insert into songs values ('one')");
        assert_refused(&database.url(), 1, &[&database.name, "not a Portolan store"]);
        Place::on(database.url()).run(&["store", "migrate"]).fails(1, &["not a Portolan store"]);
        let tables = match database.engine {
            Engine::Postgres => "select count(*) from pg_tables where schemaname = 'public'",
            Engine::MariaDb => {
                "select count(*) from information_schema.tables where table_schema = database()"
            }
        };
        assert_eq!(session.number(tables), 1, "nothing was made");
    });
}

#[test]
fn another_schema_asks_for_its_migration_or_for_its_program() {
    on_each_server(|database| {
        Place::on(database.url()).run(&["send", &a_draft()]).ok();
        let mut session = database.connect();
        session.run("update schema_versions set version = 0 where component = 'market'");
        assert_refused(&database.url(), 1, &[&database.name, "older schema", "store migrate"]);
        session.run("update schema_versions set version = 99 where component = 'market'");
        assert_refused(
            &database.url(),
            1,
            &[&database.name, "newer schema", "use the program that wrote it"],
        );
    });
}

#[test]
fn another_kind_of_storage_is_refused_and_names_the_copy() {
    on_each_server(|database| {
        Place::on(database.url()).run(&["send", &a_draft()]).ok();
        let ran = Place::on(format!("{}?storage=events", database.url())).run(&["send", &a_draft()]);
        assert!(
            ran.status != 0 && ran.stderr.contains("`relational`") && ran.stderr.contains("store copy"),
            "{ran:?}"
        );
    });
}

#[test]
fn a_server_that_can_only_be_read_is_read_and_not_written() {
    alone_on_each_server(|database| {
        let place = Place::on(database.url());
        place.run(&["send", &a_draft()]).ok();
        let mut administrator = database.administrator();
        let (close, open) = match database.engine {
            Engine::Postgres => (
                format!("alter database {} set default_transaction_read_only = on", database.name),
                format!("alter database {} reset default_transaction_read_only", database.name),
            ),
            Engine::MariaDb => ("set global read_only = 1".to_owned(), "set global read_only = 0".to_owned()),
        };
        administrator.run(&close);
        let written = [
            place.run(&["send", &a_draft()]),
            place.run(&["serve", "--listen", "127.0.0.1:0"]),
            place.run(&["store", "migrate"]),
        ];
        let read = place.run(&["query", "listings"]);
        administrator.run(&open);
        for ran in written {
            ran.fails(3, &[&database.name, "can only be read", "the server that takes writes"]);
        }
        read.ok();
        place.run(&["send", &draft_line(&listing(2), from_now(3_600_000)).to_string()]).ok();
    });
}
