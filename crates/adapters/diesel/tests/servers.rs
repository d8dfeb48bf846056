//! What only a server shows: transactions that others hold open, and connections that are cut.
#![cfg(any(feature = "postgres-engine", feature = "mysql-engine"))]

mod support;

use std::sync::Arc;
use std::time::{Duration, Instant};

use portolan_kernel::{Error, Journal as _, Position, WriteStore as _};
use portolan_testkit::ManualClock;
use support::servers::Server;
use support::{CounterMapper, Fixture};

/// The tests, once for each engine: they differ in types, and in the words of the server.
macro_rules! on_a_server {
    ($engine:ident, $feature:literal, $server:expr, $place:path, $hold:path, $cut:literal) => {
        #[cfg(feature = $feature)]
        mod $engine {
            use portolan_diesel::Mappers;
            use portolan_diesel::$engine::{Config, OpenMode, Store};
            use portolan_testkit::Place;
            use portolan_testkit::counter::registry;

            use super::*;

            const SERVER: Server = $server;

            /// A place, where there is a server.
            fn place() -> Option<Place> {
                Some($place(&SERVER.url()?).unwrap())
            }

            fn open(place: &Place, options: &str) -> Store {
                let config: Config = format!("{}{options}", place.address).parse().unwrap();
                let mappers = Mappers::new().with(CounterMapper);
                let clock = Arc::new(ManualClock::default());
                Store::open(&config, OpenMode::ReadWrite, &registry(), &mappers, clock).unwrap()
            }

            async fn commit(store: &Store, fixture: &Fixture, name: &str) -> Result<(), Error> {
                store.commit(fixture.begins(name).0).await.map(drop)
            }

            /// J8: a writer that holds positions and has not committed holds up others, within a bound, and no reader
            /// passes it; when it has ended, they go on.
            #[tokio::test(flavor = "multi_thread")]
            async fn a_writer_waits_for_one_that_holds_the_head_and_no_reader_passes_it() {
                let Some(place) = place() else { return };
                let (store, fixture) = (open(&place, "&lock_ms=1000"), Fixture::new());
                commit(&store, &fixture, "a").await.unwrap();
                let holder = $hold(&place.address);
                let begun = Instant::now();
                let refused = commit(&store, &fixture, "b").await.unwrap_err();
                assert!(matches!(&refused, Error::Unavailable { message, .. } if message.contains("lock_ms")), "{refused}");
                assert!(begun.elapsed() < Duration::from_secs(20), "it is bounded: {:?}", begun.elapsed());
                assert_eq!(store.head().await.unwrap(), Position(1));
                assert_eq!(store.read(Position::ZERO, 10).await.unwrap().len(), 1);
                // J9: it dies, its positions go to the next commit, and everybody goes on.
                drop(holder);
                commit(&store, &fixture, "c").await.unwrap();
                assert_eq!(store.head().await.unwrap(), Position(2));
                store.close().await.unwrap();
            }

            /// J9: a writer that is stuck in its transaction is ended by the server.
            #[tokio::test(flavor = "multi_thread")]
            async fn one_that_is_stuck_is_ended_by_the_server() {
                let Some(place) = place() else { return };
                let (store, fixture) = (open(&place, "&lock_ms=8000"), Fixture::new());
                commit(&store, &fixture, "a").await.unwrap();
                // It does nothing more, and its connection stays open.
                let _holder = $hold(&place.address);
                commit(&store, &fixture, "b").await.unwrap();
                assert_eq!(store.head().await.unwrap(), Position(2));
                store.close().await.unwrap();
            }

            /// Connections that are cut are opened again, and what was acknowledged is there once.
            #[tokio::test(flavor = "multi_thread")]
            async fn it_goes_on_after_its_connections_were_cut() {
                let Some(place) = place() else { return };
                let (store, fixture) = (open(&place, ""), Fixture::new());
                for round in 0..5 {
                    commit(&store, &fixture, &format!("before {round}")).await.unwrap();
                    support::$engine::cut(&place.address);
                    // A group that had not reached its commit is written again by itself.
                    commit(&store, &fixture, &format!("after {round}")).await.unwrap();
                }
                let until = Instant::now() + Duration::from_secs(20);
                let events = loop {
                    match store.read(Position::ZERO, 100).await {
                        Ok(events) => break events,
                        Err(error) => assert!(Instant::now() < until, "{error}"),
                    }
                };
                let positions: Vec<u64> = events.iter().map(|event| event.position.get()).collect();
                assert_eq!(positions, (1..=10).collect::<Vec<_>>());
                store.close().await.unwrap();
            }

            /// What is wrong is said in a sentence, without the password.
            #[test]
            fn a_wrong_database_and_a_server_that_is_not_there_say_what_to_do() {
                let Some(server) = SERVER.url() else { return };
                let (base, _) = server.rsplit_once('/').unwrap();
                let sentence = |url: &str| {
                    let config: Config = url.parse().unwrap();
                    let clock = Arc::new(ManualClock::default());
                    Store::open(&config, OpenMode::ReadWrite, &registry(), &Mappers::new(), clock)
                        .unwrap_err()
                        .to_string()
                };
                let missing = sentence(&format!("{base}/portolan_is_not_there"));
                assert!(missing.contains($cut), "{missing}");
                let (scheme, _) = server.split_once(':').unwrap();
                let nobody = sentence(&format!("{scheme}://me:secret@127.0.0.1:1/portolan"));
                assert!(nobody.contains("cannot be reached"), "{nobody}");
                assert!(!nobody.contains("secret"), "{nobody}");
            }
        }
    };
}

on_a_server!(
    postgres,
    "postgres-engine",
    support::servers::POSTGRES,
    support::postgres::place,
    support::postgres::hold,
    "createdb"
);
on_a_server!(
    mysql,
    "mysql-engine",
    support::servers::MARIADB,
    support::mysql::place,
    support::mysql::hold,
    "create database"
);
