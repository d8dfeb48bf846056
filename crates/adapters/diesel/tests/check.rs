//! What the check of a store finds.
#![expect(clippy::unwrap_used, reason = "a test ends where what it stands on fails")]

mod support;

use std::time::Duration;

use portolan_diesel::diesel::connection::SimpleConnection as _;
use portolan_diesel::sqlite::{Finding, Store};
use portolan_kernel::{Clock as _, Id as _, Kept, Position, Version};
use portolan_testkit::builders::counter_id;
use support::{Fixture, findings, version};

/// A store with two counters, one of them with lines, and what the check finds after this was done to its file.
async fn after(sql: &str) -> Vec<Finding> {
    let fixture = Fixture::new();
    let store = fixture.open();
    let until = fixture.clock.now().plus(Duration::from_secs(60));
    version(fixture.begins("a").kept(Kept::Forever).commit(&store).await);
    version(fixture.counts("a", 1, 0).kept(Kept::Until(until)).commit(&store).await);
    version(fixture.begins("b").commit(&store).await);
    version(fixture.counts("b", 1, 0).commit(&store).await);
    version(fixture.begins("c").commit(&store).await);
    version(fixture.removes("c", 1).commit(&store).await);
    assert_eq!(findings(&store).await, [], "it was sound before");
    fixture.tamper(sql);
    let found = findings(&store).await;
    let reopened = reopened(fixture, store).await;
    assert_eq!(reopened, found, "opening it again shows the same");
    found
}

async fn reopened(fixture: Fixture, store: Store) -> Vec<Finding> {
    store.close().await.unwrap();
    findings(&fixture.open()).await
}

#[tokio::test]
async fn it_finds_a_changed_state_and_names_the_field_not_the_value() {
    let found = after("update counters set count = 987654 where count = 1 and version = 2").await;
    assert_eq!(found.len(), 2);
    for finding in found {
        let Finding::StateDiffers { fields, .. } = &finding else { panic!("{finding}") };
        assert_eq!(fields, &["count"]);
        assert!(!finding.to_string().contains("987654"));
    }
}

#[tokio::test]
async fn it_finds_one_changed_byte_of_a_text() {
    let found = after("update counters set text = 'A' where text = 'a'").await;
    assert!(matches!(&found[..], [Finding::StateDiffers { fields, .. }] if *fields == ["text"]), "{found:?}");
}

#[tokio::test]
async fn it_finds_a_missing_event() {
    let found = after("delete from journal where position = 3").await;
    let gap = Finding::PositionGap { after: Position(2), before: Position(4) };
    assert!(found.contains(&gap), "{found:?}");
    let is_version_gap = |finding: &Finding| {
        matches!(finding, Finding::VersionGap { expected: Version(1), found: Version(2), .. })
    };
    assert!(found.iter().any(is_version_gap), "{found:?}");
}

#[tokio::test]
async fn it_finds_that_the_last_event_is_missing() {
    let found = after("delete from journal where position = 6").await;
    assert!(matches!(&found[..], [Finding::StateMissing { .. }]), "{found:?}");
    let found = after("delete from journal where position in (5, 6, 4)").await;
    assert!(found.iter().any(|finding| matches!(finding, Finding::VersionDiffers { .. })), "{found:?}");
}

#[tokio::test]
async fn it_finds_a_changed_event() {
    let found = after("update journal set payload = '{\"by\":2}' where position = 2").await;
    assert!(matches!(&found[..], [Finding::StateDiffers { .. }]), "{found:?}");
    let found = after("update journal set payload = '{\"by\":' where position = 2").await;
    assert!(matches!(&found[..], [Finding::Unreadable { .. }]), "{found:?}");
    let found = after("update journal set event_type = 'Exploded' where position = 2").await;
    assert!(
        matches!(&found[..], [Finding::Unreadable { what, .. }] if what.contains("counter")),
        "{found:?}"
    );
}

#[tokio::test]
async fn it_finds_orphans_and_states_that_no_event_made() {
    let row = "insert into counter_lines values (x'00112233445566778899aabbccddeeff', 0, 'k', 1, 1, 'EUR')";
    let found = after(row).await;
    assert!(matches!(&found[..], [Finding::Orphan(orphan)] if orphan.table == "counter_lines"), "{found:?}");
    let row =
        "insert into counters values (x'00112233445566778899aabbccddeeff', 1, 0, 't', null, null, 0, null)";
    let found = after(row).await;
    assert!(matches!(&found[..], [Finding::StateWithoutEvents { .. }]), "{found:?}");
    let found = after("delete from counters where text = 'a'").await;
    assert!(matches!(&found[..], [Finding::StateMissing { .. }]), "{found:?}");
}

#[tokio::test]
async fn of_many_aggregates_that_are_read_at_once_each_is_compared() {
    let fixture = Fixture::new();
    let store = fixture.open();
    // More than two pages of them.
    for number in 0..450 {
        version(fixture.begins(&number.to_string()).commit(&store).await);
    }
    let all = store.check(|_| {}).await.unwrap();
    assert_eq!((all.events, all.aggregates, all.findings), (450, 450, 0));
    fixture.tamper("update counters set count = 7 where text in ('3', '449')");
    fixture.tamper("update counters set price_amount = 1, price_currency = 'none' where text = '250'");
    let found = findings(&store).await;
    let differ = |name| {
        let (aggregate_type, fields) = ("counter".to_owned(), vec!["count".to_owned()]);
        Finding::StateDiffers { aggregate_type, id: counter_id(name).uuid(), fields }
    };
    assert!(found.contains(&differ("3")) && found.contains(&differ("449")), "{found:?}");
    // One that cannot be read hides none of those that are read with it. Its page of rows cannot be read either.
    let unreadable = |finding: &&Finding| matches!(finding, Finding::Unreadable { .. });
    let unreadable: Vec<_> = found.iter().filter(unreadable).map(ToString::to_string).collect();
    assert_eq!((unreadable.len(), found.len()), (2, 4), "{found:?}");
    assert!(unreadable[0].contains(&counter_id("250").to_string()), "{unreadable:?}");
}

#[tokio::test]
async fn it_finds_a_lost_record_of_a_command() {
    let found = after("delete from commands where kept_until is null").await;
    assert!(matches!(&found[..], [Finding::RecordMissing { position: Position(1), .. }]), "{found:?}");
    let found = after("delete from commands where kept_until is not null").await;
    assert!(matches!(&found[..], [Finding::RecordMissing { position: Position(2), .. }]), "{found:?}");
    let found = after("update commands set outcome = '{' where kept_until is null").await;
    assert!(matches!(&found[..], [Finding::Unreadable { .. }]), "{found:?}");
}

#[tokio::test]
async fn a_record_whose_time_is_over_is_not_missed() {
    let fixture = Fixture::new();
    let store = fixture.open();
    let until = fixture.clock.now().plus(Duration::from_secs(60));
    version(fixture.begins("a").kept(Kept::Until(until)).commit(&store).await);
    fixture.tamper("delete from commands");
    assert_eq!(findings(&store).await.len(), 1);
    fixture.clock.advance(Duration::from_secs(61));
    assert_eq!(findings(&store).await, []);
}

#[tokio::test]
async fn a_command_id_that_was_used_again_after_its_time_is_sound() {
    let fixture = Fixture::new();
    let store = fixture.open();
    let until = fixture.clock.now().plus(Duration::from_secs(60));
    let first = fixture.begins("a").kept(Kept::Until(until));
    let mut second = fixture.begins("b");
    second.0.command_id = first.0.command_id;
    version(first.commit(&store).await);
    fixture.clock.advance(Duration::from_secs(61));
    version(second.kept(Kept::Forever).commit(&store).await);
    assert_eq!(findings(&store).await, []);
}

#[tokio::test]
async fn it_finds_a_record_that_tells_of_another_commit() {
    let found = after(
        "update commands set outcome = replace(outcome, '\"position\":1', '\"position\":9')
            where kept_until is null",
    )
    .await;
    assert!(matches!(&found[..], [Finding::RecordDiffers { position: Position(1), .. }]), "{found:?}");
}

#[tokio::test]
async fn it_finds_a_torn_commit() {
    let found = after("update journal set commit_position = 99 where position = 4").await;
    assert!(found.contains(&Finding::TornCommit { position: Position(4) }), "{found:?}");
}

#[tokio::test]
async fn it_finds_damage_to_the_file_itself() {
    let fixture = Fixture::new();
    let store = fixture.open();
    for number in 0..50 {
        version(fixture.begins(&format!("{number}")).commit(&store).await);
    }
    store.close().await.unwrap();
    // An entry of an index that points nowhere.
    let mut conn = fixture.beside();
    conn.batch_execute(
        "pragma writable_schema = on;
         update sqlite_schema set sql = 'create unique index journal_by_event on journal (version, event_id)'
             where name = 'journal_by_event';
         pragma writable_schema = reset;",
    )
    .unwrap();
    drop(conn);
    let found = findings(&fixture.open()).await;
    assert!(found.iter().any(|finding| matches!(finding, Finding::Damaged(_))), "{found:?}");
}
