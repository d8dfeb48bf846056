//! Servers that fail at what they are asked: a full disk, rights taken away, statements that take too long, and somebody
//! who has locked the head of the journal. What was committed stays, and it goes on when the cause is gone.

use serde_json::Value;

use crate::support::database::{Database, Engine, Session, on_each_server};
use crate::support::http::{Answer, Client};
use crate::support::place::Place;
use crate::support::server::Server;
use crate::support::trade::{draft, draft_line, from_now, listing};
use crate::support::wait;

fn post(client: &Client, number: u64) -> Answer {
    client.post("/listings", &draft(&listing(number), from_now(3_600_000)))
}

#[track_caller]
fn assert_refused(answer: &Answer) {
    answer.problem(503, "unavailable");
    assert!(answer.header("retry-after").parse::<u64>().is_ok(), "{answer:?}");
}

/// The command line says in a sentence what is wrong.
#[track_caller]
fn assert_said(place: &Place, words: &[&str]) {
    let ran = place.run(&["send", &draft_line(&listing(99), from_now(3_600_000)).to_string()]);
    assert_eq!(ran.status, 3, "{ran:?}");
    let last = ran.stderr.lines().last().unwrap_or_default();
    assert!(last.starts_with("portolan: "), "{ran:?}");
    for word in words {
        assert!(last.contains(word), "`{word}` is not in: {last}");
    }
}

/// Lets every new event fail like this.
fn fail_events(database: &Database, session: &mut Session, postgres: &str, mariadb: &str) {
    match database.engine {
        Engine::Postgres => session.run(&format!(
            "create function fails() returns trigger language plpgsql as $$ begin {postgres}; return new; end $$; \
             create trigger fails before insert on journal for each row execute function fails()"
        )),
        Engine::MariaDb => {
            session.run(&format!("create trigger fails before insert on journal for each row {mariadb}"));
        }
    }
}

fn mend_events(database: &Database, session: &mut Session) {
    session.run(match database.engine {
        Engine::Postgres => "drop trigger fails on journal; drop function fails()",
        Engine::MariaDb => "drop trigger fails",
    });
}

/// With this failure commands are refused in these words; afterwards they go on, with every position.
fn assert_it_goes_on(options: &str, postgres: &str, mariadb: &str, words: &[&str]) {
    on_each_server(|database| {
        let place = Place::on(format!("{}{options}", database.url()));
        let server = Server::start(&place);
        let client = server.client();
        post(&client, 1).expect(201);
        let mut session = database.connect();
        fail_events(database, &mut session, postgres, mariadb);
        assert_refused(&post(&client, 2));
        assert_said(&place, words);
        client.get(&format!("/listings/{}", listing(1))).expect(200);
        mend_events(database, &mut session);
        post(&client, 2).expect(201);
        server.end();
        let positions: Vec<_> = place.events().iter().map(|event| event["position"].as_u64()).collect();
        assert_eq!(positions, [Some(1), Some(2)]);
        place.run(&["store", "check"]).ok();
    });
}

#[test]
fn a_full_disk_refuses_commands_and_they_go_on_when_there_is_room() {
    assert_it_goes_on(
        "",
        "raise exception using errcode = 'disk_full', \
         message = 'could not extend file \"base/5/16\": No space left on device'",
        "signal sqlstate 'HY000' set mysql_errno = 1114, message_text = 'The table ''journal'' is full'",
        &["disk is full", "free some space"],
    );
}

#[test]
fn a_server_that_turns_read_only_refuses_commands_and_they_go_on_when_it_is_not() {
    assert_it_goes_on(
        "",
        "raise exception using errcode = 'read_only_sql_transaction', \
         message = 'cannot execute INSERT in a read-only transaction'",
        "signal sqlstate 'HY000' set mysql_errno = 1290, message_text = 'The MariaDB server is running with the \
         --read-only option so it cannot execute this statement'",
        &["can only be read", "the one that takes writes"],
    );
}

#[test]
fn a_statement_that_takes_too_long_is_ended_and_the_next_goes_on() {
    assert_it_goes_on(
        "?statement_ms=500",
        "perform pg_sleep(30)",
        "set @slept = sleep(30)",
        &["a statement took too long", "`statement_ms`"],
    );
}

#[test]
fn a_database_that_turns_read_only_is_not_ready_until_it_is_not() {
    on_each_server(|database| {
        // On MariaDB the whole server would be, with the databases of others.
        if database.engine == Engine::MariaDb {
            return;
        }
        let place = Place::on(database.url());
        let server = Server::start(&place);
        let client = server.client();
        post(&client, 1).expect(201);
        let mut session = database.connect();
        session.run(&format!("alter database {} set default_transaction_read_only = on", database.name));
        session.run(
            "select pg_terminate_backend(pid) from pg_stat_activity \
             where datname = current_database() and pid <> pg_backend_pid()",
        );
        wait::until("it is refused", || (post(&client, 2).status == 503).then_some(()));
        assert_said(&place, &["can only be read"]);
        let state = wait::until("readiness says so", || {
            let ready = client.get("/health/ready");
            (ready.status == 503).then(|| ready.json())
        });
        println!("{state}");
        client.get("/listings").expect(200);
        session.run(&format!("alter database {} reset default_transaction_read_only", database.name));
        wait::until("it is ready again", || (client.get("/health/ready").status == 200).then_some(()));
        post(&client, 2).expect(201);
        server.end();
    });
}

#[test]
fn who_holds_the_head_of_the_journal_is_seen_and_holds_nobody_for_ever() {
    on_each_server(|database| {
        let place = Place::on(format!("{}?lock_ms=1000", database.url()));
        let server = Server::start(&place);
        let client = server.client();
        post(&client, 1).expect(201);
        let states = |place: &Place| -> Vec<(String, Value)> {
            let rows = place.run(&["subscriptions", "list", "--json"]).ok().rows();
            let shared = rows.into_iter().filter(|row| row["kind"] == "shared");
            shared
                .map(|row| (row["state"].as_str().unwrap_or_default().to_owned(), row["reason"].clone()))
                .collect()
        };
        wait::until("the processes run", || {
            let states = states(&place);
            (!states.is_empty() && states.iter().all(|(state, _)| state == "running")).then_some(())
        });
        let mut holder = database.connect();
        holder.run("begin");
        holder.number("select position from journal_head for update");
        assert_refused(&post(&client, 2));
        assert_said(&place, &["has held the head of the journal for too long", "`lock_ms`"]);
        let ready = wait::until("readiness says so", || {
            let ready = client.get("/health/ready");
            (ready.status == 503).then(|| ready.json())
        });
        let parts = ready["parts"].as_array().unwrap();
        let store = parts.iter().find(|part| part["name"] == "write_store").unwrap();
        assert!(store["state"] == "held" || store["state"] == "unavailable", "{ready}");
        for (state, reason) in states(&place) {
            assert_eq!(state, "held");
            let reason = reason.as_str().unwrap();
            assert!(
                reason.contains("holds the head of the journal") && reason.contains("ends it"),
                "{reason}"
            );
        }
        client.get(&format!("/listings/{}", listing(1))).expect(200);
        holder.run("rollback");
        wait::until("it is ready again", || (client.get("/health/ready").status == 200).then_some(()));
        post(&client, 2).expect(201);
        assert!(states(&place).iter().all(|(state, _)| state == "running"));
        server.end();
        assert_eq!(place.events().len(), 2);
    });
}
