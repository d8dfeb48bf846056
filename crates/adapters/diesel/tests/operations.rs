//! What an operator does with a store that is in use.

mod support;

use std::time::Duration;

use portolan_diesel::Storage;
use portolan_diesel::diesel::connection::SimpleConnection as _;
use portolan_diesel::diesel::dsl::sql;
use portolan_diesel::diesel::prelude::*;
use portolan_diesel::diesel::sql_types::Text;
use portolan_diesel::sqlite::{Config, OpenMode};
use portolan_kernel::{Clock as _, Error, Journal as _, Kept, Position, WriteStore as _};
use support::{Fixture, findings, stored, version};

/// `.cargo/config.toml` sees to it, for whoever builds in this workspace.
#[test]
fn each_connection_keeps_its_own_pages() {
    let mut conn = Fixture::new().beside();
    let options = sql::<Text>("select compile_options from pragma_compile_options");
    let options: Vec<String> = options.load(&mut conn).unwrap();
    assert!(options.iter().any(|option| option.starts_with("THREADSAFE")), "{options:?}");
    assert!(!options.iter().any(|option| option == "ENABLE_MEMORY_MANAGEMENT"), "{options:?}");
}

#[tokio::test]
async fn a_backup_is_a_store_with_what_was_committed() {
    let fixture = Fixture::new();
    let store = fixture.open();
    version(fixture.begins("a").commit(&store).await);
    let target = fixture.folder.path().join("backup.db");
    store.backup(&target).await.unwrap();
    version(fixture.begins("b").commit(&store).await);
    let again = store.backup(&target).await;
    assert!(matches!(again, Err(Error::AlreadyExists(_))), "{again:?}");

    let copy = fixture.try_open(&Config::file(&target), OpenMode::ReadWrite).unwrap();
    assert_eq!(copy.head().await.unwrap(), Position(1));
    assert_eq!(stored(&copy, "a").await, Some((0, 1)));
    assert_eq!(findings(&copy).await, []);
    assert_eq!(copy.info().await.unwrap().store_id, store.info().await.unwrap().store_id);
    version(fixture.begins("c").commit(&copy).await);
}

#[tokio::test]
async fn a_backup_that_cannot_be_written_leaves_nothing() {
    let fixture = Fixture::new();
    let store = fixture.open();
    let folder = fixture.folder.path().join("no/folder");
    let refused = store.backup(&folder.join("backup.db")).await.unwrap_err();
    assert!(matches!(&refused, Error::Invalid(why) if why.contains(folder.to_str().unwrap())), "{refused}");
    assert!(!folder.exists());
    // A name that is longer than a file's may be.
    let target = fixture.folder.path().join("b".repeat(300));
    assert!(matches!(store.backup(&target).await, Err(Error::Unavailable { .. })));
    assert!(!target.exists());
}

#[tokio::test]
async fn a_commit_is_known_to_its_process_before_it_is_answered() {
    let fixture = Fixture::new();
    let store = fixture.open();
    assert_eq!(store.last_position(), Position::ZERO);
    version(fixture.begins("a").commit(&store).await);
    assert_eq!(store.last_position(), Position(1));
    assert_eq!(store.changed(Position::ZERO).await, Ok(Position(1)));
    store.close().await.unwrap();
    assert_eq!(fixture.open().last_position(), Position(1));
}

#[tokio::test]
async fn a_store_says_what_it_is() {
    let fixture = Fixture::new();
    let store = fixture.open();
    version(fixture.begins("a").commit(&store).await);
    let info = store.info().await.unwrap();
    assert_eq!((info.storage, info.events), (Storage::Relational, Position(1)));
    assert_eq!(info.schema_versions, [("core".to_owned(), 2), ("counters".to_owned(), 1)]);
    assert_eq!(info.store_id.len(), 32);
    assert!(info.bytes > 4_096);
}

#[tokio::test]
async fn records_whose_time_is_over_are_removed() {
    let fixture = Fixture::new();
    let store = fixture.open();
    let soon = fixture.clock.now().plus(Duration::from_secs(1));
    version(fixture.begins("a").kept(Kept::Until(soon)).commit(&store).await);
    version(fixture.begins("b").kept(Kept::Forever).commit(&store).await);
    assert_eq!(store.remove_expired_outcomes().await, Ok(0));
    fixture.clock.advance(Duration::from_secs(2));
    assert_eq!(store.remove_expired_outcomes().await, Ok(1));
    assert_eq!(store.remove_expired_outcomes().await, Ok(0));
}

#[tokio::test]
async fn a_command_id_whose_time_is_over_is_free_again() {
    let fixture = Fixture::new();
    let store = fixture.open();
    let soon = fixture.clock.now().plus(Duration::from_secs(1));
    let first = fixture.begins("a").kept(Kept::Until(soon));
    let command_id = first.0.command_id;
    version(first.commit(&store).await);
    assert!(store.outcome(command_id).await.unwrap().is_some());
    fixture.clock.advance(Duration::from_secs(2));
    assert_eq!(store.outcome(command_id).await.unwrap(), None);
    let mut second = fixture.begins("b");
    second.0.command_id = command_id;
    version(second.kept(Kept::Forever).commit(&store).await);
    assert_eq!(store.outcome(command_id).await.unwrap().unwrap().outcome.position(), Some(2));
}

/// The position of an accepted outcome.
trait OutcomePosition {
    fn position(&self) -> Option<u64>;
}

impl OutcomePosition for portolan_kernel::Outcome {
    fn position(&self) -> Option<u64> {
        match self {
            Self::Accepted(receipt) => Some(receipt.position.get()),
            Self::Refused(_) => None,
        }
    }
}

#[tokio::test]
async fn a_long_reader_cannot_make_the_log_grow_without_end() {
    let fixture = Fixture::new();
    let config = Config { log_limit_bytes: 1 << 20, ..fixture.config() };
    let store = fixture.try_open(&config, OpenMode::ReadWrite).unwrap();
    version(fixture.begins("first").commit(&store).await);
    let mut reader = fixture.beside();
    reader.batch_execute("begin; select * from journal").unwrap();
    let mut tried = 0;
    let padding = "x".repeat(50_000);
    let refused = loop {
        tried += 1;
        let mut work = fixture.begins(&format!("{tried}"));
        work.0.metadata = format!("{{\"padding\":\"{padding}\"}}").into();
        match work.commit(&store).await {
            Ok(_) => assert!(tried < 5_000, "the log has no bound"),
            Err(error) => break error,
        }
    };
    let Error::Unavailable { message, outcome_unknown: false } = &refused else { panic!("{refused:?}") };
    assert!(message.contains("another program has been reading"), "{message}");
    reader.batch_execute("rollback").unwrap();
    // The witness that it has recovered is a commit; the log is looked at several times a second.
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    while fixture.begins("after").commit(&store).await.is_err() {
        assert!(tokio::time::Instant::now() < deadline, "commits are refused for ever");
        tokio::task::yield_now().await;
    }
    assert_eq!(stored(&store, "after").await, Some((0, 1)));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_begins_again_under_steady_writing() {
    let fixture = Fixture::new();
    let store = fixture.open();
    let padding: std::sync::Arc<str> = format!("{{\"padding\":\"{}\"}}", "x".repeat(100_000)).into();
    // 400 MB of events; the log begins again from 64 MiB on.
    for batch in 0..40 {
        let mut tasks = Vec::new();
        for number in 0..100 {
            let mut work = fixture.begins(&format!("{batch}-{number}"));
            work.0.metadata = padding.clone();
            let store = store.clone();
            tasks.push(tokio::spawn(async move { work.commit(&store).await }));
        }
        for task in tasks {
            version(task.await.unwrap());
        }
    }
    let log = std::fs::metadata(fixture.folder.path().join("store.db-wal")).unwrap().len();
    assert!(log < 300 << 20, "the log has {} MiB", log >> 20);
}
