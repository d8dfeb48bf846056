//! A fault at each row that a commit writes: all of it or nothing, and the store goes on.
#![expect(clippy::unwrap_used, reason = "a test ends where what it stands on fails")]

mod support;

use portolan_diesel::Storage;
use portolan_diesel::diesel::connection::SimpleConnection as _;
use portolan_diesel::diesel::prelude::*;
use portolan_diesel::diesel::{self, sql_types::Text};
use portolan_diesel::sqlite::{Config, OpenMode, Store};
use portolan_kernel::{Error, Journal as _, Kept};
use support::{Fixture, Work, findings, stored, version};

/// Never: more rows than any commit writes.
const NEVER: u32 = 1_000;

/// Lets the write of the row behind so many others fail, in whatever table. What a rollback takes back is the count too.
fn fail_after(fixture: &Fixture, rows: u32) {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        name: String,
    }
    let mut conn = fixture.beside();
    conn.batch_execute("create table if not exists countdown (rows integer not null)").unwrap();
    let tables: Vec<Row> = diesel::sql_query(
        "select name from sqlite_schema where type = 'table' and name not in ('countdown', 'schema_versions', 'store_info')",
    )
    .load(&mut conn)
    .unwrap();
    for Row { name } in tables {
        for operation in ["insert", "update", "delete"] {
            conn.batch_execute(&format!(
                "create trigger if not exists fail_{operation}_{name} before {operation} on {name} begin
                     update countdown set rows = rows - 1;
                     select raise(abort, 'a fault was put here') from countdown where rows < 0;
                 end"
            ))
            .unwrap();
        }
    }
    conn.batch_execute(&format!("delete from countdown; insert into countdown values ({rows})")).unwrap();
}

/// Tries this commit with a fault at each row that it writes, then without; how many rows there were.
async fn with_a_fault_at_each_row(fixture: &Fixture, store: &Store, work: impl Fn() -> Work) -> u32 {
    let (before, head) = (stored(store, "a").await, store.head().await.unwrap());
    for rows in 0..NEVER {
        fail_after(fixture, rows);
        let answer = work().kept(Kept::Forever).commit(store).await;
        if answer.is_ok() {
            return rows;
        }
        assert!(matches!(answer, Err(Error::Unavailable { outcome_unknown: false, .. })), "{answer:?}");
        assert_eq!((stored(store, "a").await, store.head().await.unwrap()), (before, head), "at row {rows}");
        assert_eq!(findings(store).await, [], "at row {rows}");
    }
    NEVER
}

#[tokio::test]
async fn a_fault_at_each_row_leaves_all_or_nothing_and_the_store_goes_on() {
    for (storage, of_each) in [
        // Its outcome, its event, and: its row; its row and the line; the lines and its row.
        (Storage::Relational, [3, 4, 4]),
        // Its outcome, its event and its document.
        (Storage::Document, [3, 3, 3]),
        // Its outcome, its event and a snapshot.
        (Storage::Events, [3, 3, 3]),
    ] {
        let fixture = Fixture::new();
        let config = Config { storage: Some(storage), snapshot_every: 1, ..fixture.config() };
        let store = fixture.try_open(&config, OpenMode::ReadWrite).unwrap();
        let rows = [
            with_a_fault_at_each_row(&fixture, &store, || fixture.begins("a")).await,
            with_a_fault_at_each_row(&fixture, &store, || fixture.adds_line("a", "one")).await,
            with_a_fault_at_each_row(&fixture, &store, || fixture.removes("a", 2)).await,
        ];
        assert_eq!(rows, of_each, "{storage}");
        fail_after(&fixture, NEVER);
        version(fixture.begins("another").commit(&store).await);
        assert_eq!(findings(&store).await, [], "{storage}");
    }
}
