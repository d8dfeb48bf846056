//! What only a server shows: connections that are cut, and places that are not there.
#![cfg(any(feature = "postgres-engine", feature = "mysql-engine"))]

mod support;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use portolan_kernel::{
    AggregateKey, Envelope, Error, Journal as _, Position, READ_BYTES, Watcher, WriteStore as _, downcast,
};
use portolan_testkit::builders::counter_id;
use portolan_testkit::counter::Counter;
use portolan_testkit::{Ending, ManualClock};
use support::servers::Server;
use support::{CounterMapper, Fixture};

/// Notes the positions that it is told of.
#[derive(Default)]
struct Told(Mutex<Vec<u64>>);

impl Watcher for Told {
    fn committed_elsewhere(&self, events: &[Envelope]) {
        let positions = events.iter().map(|event| event.position.get());
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(positions);
    }
}

impl Told {
    fn take(&self) -> Vec<u64> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

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

            /// Who waits for a writer that hangs is refused after its own bound, which the sentence names.
            #[tokio::test(flavor = "multi_thread")]
            async fn who_has_waited_for_as_long_as_it_may_is_refused_and_told_the_bound() {
                let Some(place) = place() else { return };
                let (store, fixture) = (open(&place, "&lock_ms=1000"), Fixture::new());
                // Whatever stands still meanwhile, the server does not end this one first.
                let held = fixture.begins("held").0;
                let holder = $hold(&place.address, &held, Duration::from_secs(600)).unwrap();
                let refused = commit(&store, &fixture, "a").await.unwrap_err();
                assert!(matches!(&refused, Error::Unavailable { message, .. } if message.contains("lock_ms")), "{refused}");
                holder.end(Ending::RollBack).unwrap();
                // The bound is also that of the store's own transactions, one of which a busy machine may keep as long.
                let until = Instant::now() + Duration::from_secs(20);
                for number in 0.. {
                    match commit(&store, &fixture, &format!("b{number}")).await {
                        Ok(()) => break,
                        Err(error) => assert!(Instant::now() < until, "{error}"),
                    }
                }
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

            /// A statement that was prepared for a short text takes a long one whole, whatever way aggregates are kept in.
            #[tokio::test(flavor = "multi_thread")]
            async fn a_text_that_grows_is_kept_whole() {
                for storage in ["relational", "document"] {
                    let Some(place) = place() else { return };
                    let (store, fixture) = (open(&place, &format!("&storage={storage}")), Fixture::new());
                    commit(&store, &fixture, "grows").await.unwrap();
                    for (version, length) in (1..).zip([1, 300, 20_000, 5, 70_000]) {
                        let text = "é".repeat(length);
                        store.commit(fixture.sets_text("grows", version, &text).0).await.unwrap();
                        let key = AggregateKey::of::<Counter>(counter_id("grows"));
                        let loaded = store.load(key).await.unwrap().unwrap();
                        let kept = downcast::<Counter>(&loaded.state).unwrap();
                        assert!(kept.text == text, "{storage}: {length} became {}", kept.text.chars().count());
                    }
                    store.close().await.unwrap();
                }
            }

            /// What another has written is heard with the head, up to what one read of the journal gives; of more, all is looked
            /// up anew.
            #[tokio::test(flavor = "multi_thread")]
            async fn news_are_heard_up_to_what_is_read_together() {
                let Some(place) = place() else { return };
                let (one, other, fixture) = (open(&place, ""), open(&place, ""), Fixture::new());
                let told = Arc::new(Told::default());
                one.watched_by(Arc::clone(&told) as Arc<dyn Watcher>);
                commit(&one, &fixture, "a").await.unwrap();
                other.commit(fixture.counts("a", 1, 0).0).await.unwrap();
                let stale = one.commit(fixture.counts("a", 1, 0).0).await;
                assert!(matches!(stale, Err(Error::Conflict { actual: 2, .. })), "{stale:?}");
                assert_eq!(told.take(), [2]);
                let text = "x".repeat(900_000);
                for name in ["b", "c", "d", "e", "f", "g"] {
                    commit(&other, &fixture, name).await.unwrap();
                    other.commit(fixture.sets_text(name, 1, &text).0).await.unwrap();
                }
                other.commit(fixture.counts("a", 2, 1).0).await.unwrap();
                let stale = one.commit(fixture.counts("a", 2, 1).0).await;
                assert!(matches!(stale, Err(Error::Conflict { actual: 3, .. })), "{stale:?}");
                assert_eq!(told.take(), [0_u64; 0], "{} bytes are too many", READ_BYTES);
                commit(&other, &fixture, "h").await.unwrap();
                commit(&one, &fixture, "i").await.unwrap();
                assert_eq!(told.take(), [16]);
                one.close().await.unwrap();
                other.close().await.unwrap();
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
    support::postgres::hold_for,
    "createdb"
);
on_a_server!(
    mysql,
    "mysql-engine",
    support::servers::MARIADB,
    support::mysql::place,
    support::mysql::hold_for,
    "create database"
);
