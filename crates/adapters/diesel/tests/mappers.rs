//! What a mapper leaves to the store.

mod support;

use std::sync::Arc;

use portolan_diesel::rows::Unreadable;
use portolan_diesel::sqlite::{Config, OpenMode, Store};
use portolan_diesel::{Mapper, Mappers, Schema, Stored};
use portolan_kernel::{Error, Result, Version};
use portolan_testkit::counter::{Counter, registry};
use support::counter_mapper::{CounterRow, LineRow};
use support::{CounterMapper, Fixture, findings, sentence, stored, version};

/// Keeps counters without saying what an event changes.
struct Whole;

impl Mapper for Whole {
    type Aggregate = Counter;
    type Root = CounterRow;
    type Children = Vec<LineRow>;

    fn schema(&self) -> Schema {
        CounterMapper.schema()
    }

    fn rows(&self, counter: &Counter, version: Version) -> (CounterRow, Vec<LineRow>) {
        CounterMapper.rows(counter, version)
    }

    fn restore(&self, row: CounterRow, lines: Vec<LineRow>) -> Result<Stored<Counter>, Unreadable> {
        CounterMapper.restore(row, lines)
    }
}

fn open(fixture: &Fixture, mappers: &Mappers) -> Result<Store> {
    let clock = Arc::new(fixture.clock.clone());
    Store::open(&fixture.config(), OpenMode::ReadWrite, &registry(), mappers, clock)
}

#[tokio::test]
async fn a_mapper_that_does_not_say_what_changed_writes_all_of_it() {
    let fixture = Fixture::new();
    let store = open(&fixture, &Mappers::new().with(Whole)).unwrap();
    version(fixture.begins("a").commit(&store).await);
    version(fixture.adds_line("a", "one").commit(&store).await);
    assert_eq!(findings(&store).await, []);
    fixture.tamper("update counter_lines set quantity = 99; update counters set count = 99");
    assert_eq!(findings(&store).await.len(), 1);
    version(fixture.adds_line_anew("a", "two").commit(&store).await);
    assert_eq!(findings(&store).await, []);
}

#[tokio::test]
async fn a_row_that_is_to_be_updated_and_is_not_there_is_a_fault_of_the_store() {
    let fixture = Fixture::new();
    let store = fixture.open();
    version(fixture.begins("a").commit(&store).await);
    version(fixture.begins("b").commit(&store).await);
    fixture.tamper("delete from counters");
    let refused = fixture.counts("a", 1, 0).commit(&store).await;
    let Err(Error::Unavailable { message, outcome_unknown: false }) = &refused else { panic!("{refused:?}") };
    assert!(message.contains("a row of `counters`") && message.contains("store check"), "{message}");
    version(fixture.begins("c").commit(&store).await);
    assert_eq!(stored(&store, "c").await, Some((0, 1)));
}

#[tokio::test]
async fn a_component_without_tables_on_this_engine_is_refused() {
    struct Nowhere;

    impl Mapper for Nowhere {
        type Aggregate = Counter;
        type Root = CounterRow;
        type Children = Vec<LineRow>;

        fn schema(&self) -> Schema {
            Schema::new("counters")
        }

        fn rows(&self, counter: &Counter, version: Version) -> (CounterRow, Vec<LineRow>) {
            CounterMapper.rows(counter, version)
        }

        fn restore(&self, row: CounterRow, lines: Vec<LineRow>) -> Result<Stored<Counter>, Unreadable> {
            CounterMapper.restore(row, lines)
        }
    }

    let fixture = Fixture::new();
    let said = sentence(open(&fixture, &Mappers::new().with(Nowhere)));
    assert!(said.contains("`counters` has no tables for SQLite"), "{said}");
    assert!(!fixture.path().exists());
    let config = Config::memory();
    let migrated = Store::migrate(&config, &Mappers::new().with(Nowhere));
    assert!(matches!(migrated, Err(Error::Invalid(_))), "{migrated:?}");
}
