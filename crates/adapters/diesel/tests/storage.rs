//! The ways to keep aggregates: what is asked for, what a store is, and what its check proves.
#![expect(clippy::unwrap_used, reason = "a test ends where what it stands on fails")]

mod support;

use portolan_diesel::diesel::prelude::*;
use portolan_diesel::diesel::sql_types::BigInt;
use portolan_diesel::sqlite::{Config, Finding, OpenMode, Store};
use portolan_diesel::{Mappers, Storage, diesel};
use portolan_kernel::{Clock, Error, Registry, Version};
use portolan_testkit::ManualClock;
use support::{Fixture, findings, sentence, stored, version};

const KINDS: [Storage; 3] = [Storage::Relational, Storage::Document, Storage::Events];

fn asking(fixture: &Fixture, storage: Option<Storage>) -> Config {
    Config { storage, snapshot_every: 4, ..fixture.config() }
}

/// A new store of this kind with a counter that has counted to nine, and one that was removed.
async fn counted(fixture: &Fixture, storage: Storage) -> Store {
    let store = fixture.try_open(&asking(fixture, Some(storage)), OpenMode::ReadWrite).unwrap();
    version(fixture.begins("a").commit(&store).await);
    for count in 0..9 {
        let at = u64::try_from(count).unwrap() + 1;
        version(fixture.counts("a", at, count).commit(&store).await);
    }
    version(fixture.begins("gone").commit(&store).await);
    version(fixture.removes("gone", 1).commit(&store).await);
    store
}

fn rows(fixture: &Fixture, table: &str) -> i64 {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        number: i64,
    }
    let sql = format!("select count(*) as number from {table}");
    diesel::sql_query(sql).get_result::<Row>(&mut fixture.beside()).unwrap().number
}

#[tokio::test]
async fn an_existing_store_is_what_it_was_made_as() {
    for storage in KINDS {
        let fixture = Fixture::new();
        counted(&fixture, storage).await.close().await.unwrap();
        for asked in [None, Some(storage)] {
            let store = fixture.try_open(&asking(&fixture, asked), OpenMode::ReadWrite).unwrap();
            assert_eq!(store.info().await.unwrap().storage, storage);
            assert_eq!(stored(&store, "a").await, Some((9, 10)), "{storage}");
            assert_eq!(stored(&store, "gone").await, None, "{storage}");
            store.close().await.unwrap();
        }
        for other in KINDS.into_iter().filter(|other| *other != storage) {
            for mode in [OpenMode::ReadWrite, OpenMode::ReadOnly] {
                let said = sentence(fixture.try_open(&asking(&fixture, Some(other)), mode));
                let both = format!("as `{storage}`, and `{other}` is asked for");
                assert!(said.contains(&both) && said.contains("portolan store copy"), "{said}");
            }
        }
    }
}

#[tokio::test]
async fn a_new_store_keeps_rows_unless_it_is_asked_otherwise() {
    let fixture = Fixture::new();
    let store = fixture.try_open(&asking(&fixture, None), OpenMode::ReadWrite).unwrap();
    assert_eq!(store.info().await.unwrap().storage, Storage::Relational);
}

#[test]
fn documents_and_events_need_no_mapper() {
    let open = |storage, registry: &Registry| {
        let config = Config { storage: Some(storage), ..Config::memory() };
        let clock: std::sync::Arc<dyn Clock> = std::sync::Arc::new(ManualClock::default());
        Store::open(&config, OpenMode::ReadWrite, registry, &Mappers::new(), clock)
    };
    let registry = portolan_testkit::counter::registry();
    open(Storage::Document, &registry).unwrap();
    open(Storage::Events, &registry).unwrap();
    let refused = open(Storage::Relational, &registry);
    assert!(matches!(&refused, Err(Error::Unsupported(said)) if said.contains("no mapper")), "{refused:?}");
}

#[tokio::test]
async fn each_kind_writes_its_own_tables_and_no_other() {
    for (storage, tables, others) in [
        (Storage::Relational, &["counters"][..], &["documents", "snapshots"][..]),
        (Storage::Document, &["documents"], &["counters", "snapshots"]),
        (Storage::Events, &["snapshots"], &["counters", "documents"]),
    ] {
        let fixture = Fixture::new();
        let store = counted(&fixture, storage).await;
        assert_eq!(findings(&store).await, [], "{storage}");
        for table in tables {
            assert_eq!(rows(&fixture, table), 1, "{storage}: {table}");
        }
        for table in others {
            assert_eq!(
                rows(&fixture, &format!("sqlite_schema where name = '{table}'")),
                0,
                "{storage}: {table}"
            );
        }
    }
}

#[tokio::test]
async fn the_check_replays_documents() {
    let fixture = Fixture::new();
    let store = counted(&fixture, Storage::Document).await;
    fixture.tamper("update documents set state = replace(state, '\"count\":9', '\"count\":8')");
    let found = findings(&store).await;
    assert!(
        matches!(&found[..], [Finding::StateDiffers { fields, .. }] if *fields == ["count"]),
        "{found:?}"
    );
    fixture.tamper("update documents set state = '{'");
    let found = findings(&store).await;
    assert!(matches!(&found[..], [Finding::Unreadable { .. }]), "{found:?}");
    fixture.tamper("delete from documents");
    let found = findings(&store).await;
    assert!(matches!(&found[..], [Finding::StateMissing { .. }]), "{found:?}");
    fixture
        .tamper("insert into documents values ('counter', x'00000000000000000000000000000001', 1, 1, '{}')");
    let found = findings(&store).await;
    assert!(matches!(&found[..], [_, Finding::StateWithoutEvents { .. }]), "{found:?}");
}

#[tokio::test]
async fn the_check_replays_snapshots() {
    let fixture = Fixture::new();
    let store = counted(&fixture, Storage::Events).await;
    fixture.tamper("update snapshots set state = replace(state, '\"count\":7', '\"count\":6')");
    let found = findings(&store).await;
    let [Finding::SnapshotDiffers { fields, version: at, .. }] = &found[..] else { panic!("{found:?}") };
    assert_eq!((fields.as_slice(), *at), (&["count".to_owned()][..], Version(8)));
    fixture.tamper("update snapshots set state = '{'");
    let found = findings(&store).await;
    assert!(matches!(&found[..], [Finding::Unreadable { .. }]), "{found:?}");
    fixture.tamper("update snapshots set version = 99");
    assert!(findings(&store).await.iter().any(|finding| matches!(finding, Finding::Unreadable { .. })));
    fixture.tamper("delete from snapshots");
    assert_eq!(findings(&store).await, [], "a snapshot is no part of the truth");
    assert_eq!(stored(&store, "a").await, Some((9, 10)));
}

#[tokio::test]
async fn a_snapshot_of_a_version_that_is_not_there_is_found() {
    let fixture = Fixture::new();
    let store = counted(&fixture, Storage::Events).await;
    fixture.tamper("update snapshots set version = 99");
    let found = findings(&store).await;
    assert!(matches!(&found[..], [Finding::VersionDiffers { stored: Version(99), .. }]), "{found:?}");
    fixture.tamper("update snapshots set id = x'00000000000000000000000000000001'");
    let found = findings(&store).await;
    assert!(matches!(&found[..], [Finding::StateWithoutEvents { .. }]), "{found:?}");
}

#[tokio::test]
async fn a_load_begins_with_the_snapshot() {
    let fixture = Fixture::new();
    let store = counted(&fixture, Storage::Events).await;
    // What is before the snapshot is not looked at: it would not be read.
    fixture.tamper("update journal set payload = '{' where version <= 8");
    assert_eq!(stored(&store, "a").await, Some((9, 10)));
}

#[tokio::test]
async fn a_history_that_takes_several_reads_is_replayed_to_its_end() {
    let fixture = Fixture::new();
    let store = counted(&fixture, Storage::Events).await;
    // Blanks behind a payload change nothing but its size; ten of these are more than one read of a journal takes.
    fixture.tamper("delete from snapshots; update journal set payload = payload || printf('%1000000s', ' ')");
    assert_eq!(stored(&store, "a").await, Some((9, 10)));
    assert_eq!(findings(&store).await, []);
}
