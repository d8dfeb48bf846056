//! How SQLite finds what a store asks for: by a key, however many aggregates there are, and never by walking a table.
#![expect(clippy::unwrap_used, reason = "a test ends where what it stands on fails")]

mod support;

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use portolan_diesel::diesel::connection::{
    Instrumentation, InstrumentationEvent, set_default_instrumentation,
};
use portolan_diesel::diesel::prelude::*;
use portolan_diesel::diesel::sql_types::Text;
use portolan_diesel::sqlite::{Config, Conn, OpenMode};
use portolan_diesel::{Storage, diesel};
use portolan_kernel::{AggregateKey, Journal as _, Kept, Until, Version, WriteStore as _};
use portolan_testkit::builders::counter_id;
use portolan_testkit::counter::Counter;
use support::{Fixture, findings, stored, version};

/// The statements that stores have run.
static RUN: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// Takes note of what the threads of a store run.
struct Noting;

impl Instrumentation for Noting {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        if let InstrumentationEvent::StartQuery { query, .. } = event
            && std::thread::current().name().is_some_and(|name| name.starts_with("portolan-"))
        {
            let text = query.to_string();
            let text = text.split(" -- binds").next().unwrap_or_default().to_owned();
            RUN.lock().unwrap_or_else(PoisonError::into_inner).insert(text);
        }
    }
}

/// What was run since this was asked before, of what can be explained.
fn run() -> Vec<String> {
    let mut run = RUN.lock().unwrap_or_else(PoisonError::into_inner);
    let is_explained = |text: &String| {
        ["select", "update", "delete"].iter().any(|verb| text.to_lowercase().starts_with(verb))
    };
    std::mem::take(&mut *run).into_iter().filter(is_explained).collect()
}

/// The tables that this statement walks.
fn walked(conn: &mut Conn, statement: &str) -> Vec<String> {
    #[derive(QueryableByName)]
    struct Step {
        #[diesel(sql_type = Text)]
        detail: String,
    }
    let steps = diesel::sql_query(format!("explain query plan {statement}")).load::<Step>(conn).unwrap();
    steps.into_iter().map(|step| step.detail).filter(|detail| detail.starts_with("SCAN")).collect()
}

#[tokio::test]
async fn what_is_stored_of_an_aggregate_is_found_by_a_key_however_it_is_kept() {
    drop(set_default_instrumentation(|| Some(Box::new(Noting))));
    for storage in [Storage::Relational, Storage::Document, Storage::Events] {
        let fixture = Fixture::new();
        let config = Config { storage: Some(storage), snapshot_every: 2, ..fixture.config() };
        let store = fixture.try_open(&config, OpenMode::ReadWrite).unwrap();
        drop(run());
        for name in ["a", "b", "c"] {
            version(fixture.begins(name).kept(Kept::Forever).commit(&store).await);
            version(fixture.counts(name, 1, 0).commit(&store).await);
            assert_eq!(stored(&store, name).await, Some((1, 2)));
        }
        let key = AggregateKey::of::<Counter>(counter_id("a"));
        assert_eq!(store.history(key, Version::ZERO, Until::Now, 9).await.unwrap().len(), 2);
        assert_eq!(store.outcome(counter_id("a").into()).await.unwrap(), None);
        version(fixture.removes("a", 2).commit(&store).await);
        let one_by_one = run();
        // The check asks for many at once. It walks the journal, and pages of rows.
        assert_eq!(findings(&store).await, []);
        let at_once = run().into_iter().filter(|text| !text.contains("journal") && !text.contains("limit"));
        let asked: Vec<String> = one_by_one.into_iter().chain(at_once).collect();
        let table = match storage {
            Storage::Relational => "counters",
            Storage::Document => "documents",
            Storage::Events => "snapshots",
        };
        let is_of_states = |text: &&String| text.contains(table) && text.to_lowercase().starts_with("select");
        assert!(asked.iter().filter(is_of_states).count() > 1, "one and several: {asked:#?}");
        for text in &asked {
            assert_eq!(walked(&mut fixture.beside(), text), Vec::<String>::new(), "{storage}: {text}");
        }
        store.close().await.unwrap();
    }
}
