//! Files that are no store, or cannot be one now: a sentence that names the file, and no change to it.
#![expect(clippy::unwrap_used, reason = "a test ends where what it stands on fails")]

mod support;

use std::fs;
use std::path::Path;
use std::time::Duration;

use portolan_diesel::Mappers;
use portolan_diesel::diesel::connection::SimpleConnection as _;
use portolan_diesel::sqlite::{Config, OpenMode, Store};
use portolan_kernel::{Error, Journal as _, Leases as _, Position, WriteStore as _};
use support::{CounterMapper, Fixture, sentence, stored, version};

fn assert_names(sentence: &str, path: &Path, words: &[&str]) {
    assert!(sentence.contains(path.to_str().unwrap()), "{sentence}");
    for word in words {
        assert!(sentence.contains(word), "`{word}` is not in: {sentence}");
    }
}

/// Closes the store, and answers the bytes of its file.
async fn closed(fixture: &Fixture) -> Vec<u8> {
    let store = fixture.open();
    version(fixture.begins("a").commit(&store).await);
    store.close().await.unwrap();
    fs::read(fixture.path()).unwrap()
}

#[tokio::test]
async fn a_file_that_is_no_database() {
    let fixture = Fixture::new();
    fs::write(fixture.path(), "Dear diary, today I was not a database.").unwrap();
    for mode in [OpenMode::ReadWrite, OpenMode::ReadOnly] {
        let said = sentence(fixture.try_open(&fixture.config(), mode));
        assert_names(&said, &fixture.path(), &["not a Portolan store", "choose another file"]);
    }
    assert_eq!(fs::read(fixture.path()).unwrap(), b"Dear diary, today I was not a database.");
    assert_eq!(fs::read_dir(fixture.folder.path()).unwrap().count(), 1, "files were left beside it");
}

#[tokio::test]
async fn a_database_of_something_else() {
    let fixture = Fixture::new();
    fixture.tamper("create table recipes (name text)");
    let before = fs::read(fixture.path()).unwrap();
    let said = sentence(fixture.try_open(&fixture.config(), OpenMode::ReadWrite));
    assert_names(&said, &fixture.path(), &["not a Portolan store"]);
    assert_eq!(fs::read(fixture.path()).unwrap(), before);
}

#[tokio::test]
async fn a_folder() {
    let fixture = Fixture::new();
    fs::create_dir(fixture.path()).unwrap();
    let said = sentence(fixture.try_open(&fixture.config(), OpenMode::ReadWrite));
    assert_names(&said, &fixture.path(), &["not a file"]);
}

#[tokio::test]
async fn a_folder_that_is_not_there() {
    let fixture = Fixture::new();
    let path = fixture.folder.path().join("no/such/folder/store.db");
    let said = sentence(fixture.try_open(&Config::file(&path), OpenMode::ReadWrite));
    assert_names(&said, &path, &["cannot be opened"]);
}

#[tokio::test]
async fn a_file_that_is_read_only() {
    let fixture = Fixture::new();
    let before = closed(&fixture).await;
    let mut permissions = fs::metadata(fixture.path()).unwrap().permissions();
    permissions.set_readonly(true);
    fs::set_permissions(fixture.path(), permissions).unwrap();
    let said = sentence(fixture.try_open(&fixture.config(), OpenMode::ReadWrite));
    assert_names(&said, &fixture.path(), &["read-only"]);
    assert_eq!(fs::read(fixture.path()).unwrap(), before);
    let reading = fixture.try_open(&fixture.config(), OpenMode::ReadOnly).unwrap();
    assert_eq!(stored(&reading, "a").await, Some((0, 1)));
}

#[tokio::test]
async fn a_file_that_another_program_holds() {
    let fixture = Fixture::new();
    let before = closed(&fixture).await;
    let mut other = fixture.beside();
    other.batch_execute("pragma locking_mode = exclusive; begin immediate; commit").unwrap();
    let config = Config { busy_timeout: Duration::from_millis(10), ..fixture.config() };
    let said = sentence(fixture.try_open(&config, OpenMode::ReadWrite));
    assert_names(&said, &fixture.path(), &["another program holds the file"]);
    drop(other);
    assert_eq!(fs::read(fixture.path()).unwrap(), before);
    assert_eq!(stored(&fixture.open(), "a").await, Some((0, 1)));
}

#[tokio::test]
async fn a_lock_that_comes_later_refuses_commits_until_it_goes() {
    let fixture = Fixture::new();
    let config = Config { busy_timeout: Duration::from_millis(10), ..fixture.config() };
    let store = fixture.try_open(&config, OpenMode::ReadWrite).unwrap();
    let mut other = fixture.beside();
    other.batch_execute("begin immediate").unwrap();
    let refused = fixture.begins("a").commit(&store).await;
    let Err(Error::Unavailable { message, outcome_unknown: false }) = refused else { panic!("{refused:?}") };
    assert_names(&message, &fixture.path(), &["another program holds the file"]);
    other.batch_execute("rollback").unwrap();
    version(fixture.begins("a").commit(&store).await);
}

#[tokio::test]
async fn a_newer_schema_is_refused_and_an_older_one_is_migrated() {
    let fixture = Fixture::new();
    closed(&fixture).await;
    fixture.tamper("update schema_versions set version = 99 where component = 'core'");
    let before = fs::read(fixture.path()).unwrap();
    let mappers = Mappers::new().with(CounterMapper);
    let said = sentence(fixture.try_open(&fixture.config(), OpenMode::ReadWrite));
    assert_names(&said, &fixture.path(), &["newer schema", "`core` is at 99"]);
    assert!(Store::migrate(&fixture.config(), &mappers).unwrap_err().to_string().contains("newer schema"));
    assert_eq!(fs::read(fixture.path()).unwrap(), before);

    fixture.tamper(
        "update schema_versions set version = 1 where component = 'core';
         drop table leases; drop index journal_by_aggregate;
         create unique index journal_by_aggregate on journal (aggregate_id, version);
         delete from schema_versions where component = 'counters';
         drop table counters; drop table counter_lines;",
    );
    let said = sentence(fixture.try_open(&fixture.config(), OpenMode::ReadWrite));
    assert_names(&said, &fixture.path(), &["older schema", "is at 0, needed is 1", "store migrate"]);
    let done = Store::migrate(&fixture.config(), &mappers).unwrap();
    let done: Vec<_> = done.iter().map(|done| (done.component, done.from, done.to)).collect();
    assert_eq!(done, [("core", 1, 2), ("counters", 0, 1)]);
    assert_eq!(Store::migrate(&fixture.config(), &mappers), Ok(Vec::new()));
    version(fixture.begins("b").commit(&fixture.open()).await);
}

#[tokio::test]
async fn reading_needs_a_store_and_writes_nothing() {
    let fixture = Fixture::new();
    let said = sentence(fixture.try_open(&fixture.config(), OpenMode::ReadOnly));
    assert_names(&said, &fixture.path(), &["there is no store"]);
    assert!(!fixture.path().exists());
    let before = closed(&fixture).await;
    let reading = fixture.try_open(&fixture.config(), OpenMode::ReadOnly).unwrap();
    assert_eq!(reading.last_position(), Position(1));
    assert_eq!(reading.read(Position::ZERO, 10).await.unwrap().len(), 1);
    assert_eq!(stored(&reading, "a").await, Some((0, 1)));
    assert!(matches!(fixture.begins("b").commit(&reading).await, Err(Error::Unsupported(_))));
    assert!(matches!(
        reading.claim(&portolan_kernel::SubscriptionId::new("name", 1)).await,
        Err(Error::Unsupported(_))
    ));
    reading.close().await.unwrap();
    assert_eq!(fs::read(fixture.path()).unwrap(), before);
}

#[tokio::test]
async fn reading_follows_a_store_that_is_written() {
    let fixture = Fixture::new();
    let writing = fixture.open();
    let reading = fixture.try_open(&fixture.config(), OpenMode::ReadOnly).unwrap();
    version(fixture.begins("a").commit(&writing).await);
    let heard = tokio::time::timeout(Duration::from_secs(20), reading.changed(Position::ZERO)).await;
    assert_eq!(heard.unwrap(), Ok(Position(1)));
}

#[tokio::test]
async fn a_registry_and_mappers_that_do_not_fit() {
    let fixture = Fixture::new();
    let registry = portolan_testkit::counter::registry();
    let clock = std::sync::Arc::new(fixture.clock.clone());
    let opened = Store::open(&fixture.config(), OpenMode::ReadWrite, &registry, &Mappers::new(), clock);
    assert!(opened.unwrap_err().to_string().contains("`counter` have no mapper"));
    assert!(!fixture.path().exists());
}

/// A disk of a megabyte; `None` where this user may not mount one.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn mount() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mounted = std::process::Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=1m", "tmpfs"])
            .arg(folder.path())
            .status()
            .is_ok_and(|status| status.success());
        mounted.then(|| Self(folder))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        _ = std::process::Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

#[tokio::test]
async fn a_full_disk_refuses_commits_and_keeps_what_was_acknowledged() {
    let Some(disk) = SmallDisk::mount() else {
        println!("skipped: this user may not mount a small disk");
        return;
    };
    let mut fixture = Fixture::new();
    let home = std::mem::replace(&mut fixture.folder, tempfile::tempdir_in(disk.0.path()).unwrap());
    let store = fixture.open();
    let mut acknowledged = 0;
    let message = loop {
        let mut work = fixture.begins(&format!("{acknowledged}"));
        work.0.metadata = format!("{{\"padding\":\"{}\"}}", "x".repeat(20_000)).into();
        match work.commit(&store).await {
            Ok(_) => acknowledged += 1,
            Err(Error::Unavailable { message, outcome_unknown: false }) => break message,
            Err(other) => panic!("{other:?}"),
        }
        assert!(acknowledged < 1_000, "the disk is too large");
    };
    assert_names(&message, &fixture.path(), &["the disk is full", "free some space"]);
    assert!(acknowledged > 0);
    assert_eq!(stored(&store, "0").await, Some((0, 1)));
    assert_eq!(store.head().await.unwrap(), Position(acknowledged));
    drop(store);
    let small = Config::file(fixture.folder.path().join("another.db"));
    fs::write(fixture.folder.path().join("filling"), vec![0; 2 << 20]).unwrap_err();
    let said = sentence(fixture.try_open(&small, OpenMode::ReadWrite));
    assert_names(&said, small.location.path().unwrap(), &["full"]);
    fixture.folder = home;
}
