//! A fault at each statement, of whatever kind: begin, query, write, commit. All of it or nothing, what was answered is so,
//! and the store goes on.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test ends where what it stands on fails")]

mod support;

use std::fmt::Debug;

use portolan_diesel::Storage;
use portolan_diesel::sqlite::{Config, OpenMode, Store};
use portolan_kernel::{
    Advance, AggregateKey, Checkpoints as _, Claim, Clock as _, Deadline, DeadlineChange, Deadlines as _,
    Error, Journal as _, Kept, Leases as _, Position, Reset, Result, SubscriptionId, Until, Version,
    WriteStore as _,
};
use portolan_sqlite_faults as faults;
use portolan_testkit::builders::counter_id;
use portolan_testkit::counter::Counter;
use support::{Fixture, findings, stored};
use uuid::Uuid;

/// More statements than anything here runs.
const NEVER: usize = 40;

/// The threads of a store that write, and that read.
const WRITER: &str = "portolan-write";
const READERS: &str = "portolan-read";

/// Does it with a fault at each statement that it runs, then without. What a fault leaves is what was there before, or
/// what is there afterwards, and an answer says which. Answers the statements that a fault met.
async fn with_a_fault_at_each_statement<T, S, D, L>(
    threads: &str,
    mut done: impl FnMut() -> D,
    mut look: impl FnMut() -> L,
) -> Vec<String>
where
    D: Future<Output = Result<T>>,
    L: Future<Output = S>,
    T: Debug,
    S: PartialEq + Debug,
{
    let (mut met, mut others) = (Vec::new(), 0);
    while met.len() < NEVER {
        let before = look().await;
        faults::put(threads, met.len());
        let answer = done().await;
        let statement = faults::take();
        let after = look().await;
        match (&answer, statement) {
            (Ok(_), None) => return met,
            // The outcome of a commit is looked up.
            (Ok(_), Some(statement)) if statement.contains("commit") => met.push(statement),
            // A thread that writes tidies up, too, once.
            (Ok(_), Some(statement)) => {
                others += 1;
                assert!(others < 5, "nobody feels a fault at `{statement}`");
            }
            (Err(Error::Unavailable { outcome_unknown: false, .. }), Some(statement)) => {
                assert_eq!(after, before, "after a fault at `{statement}`");
                met.push(statement);
            }
            // Only a commit may have been done all the same.
            (Err(Error::Unavailable { outcome_unknown: true, .. }), Some(statement))
                if statement.contains("commit") =>
            {
                met.push(statement);
            }
            (answer, statement) => panic!("a fault at {statement:?} is answered {answer:?}"),
        }
    }
    panic!("there is no end of statements: {met:?}");
}

/// Whether a fault met each kind of statement that a write has.
fn met_each_kind(met: &[String]) {
    for kind in ["begin", "select", "insert", "commit"] {
        assert!(met.iter().any(|statement| statement.to_lowercase().contains(kind)), "no {kind} in {met:#?}");
    }
}

/// A store that is opened after the faults are prepared.
fn store(storage: Storage) -> (Fixture, Store) {
    faults::install();
    let fixture = Fixture::new();
    let config = Config { storage: Some(storage), snapshot_every: 1, ..fixture.config() };
    // Opened like this it removes no records meanwhile, whose statements would be counted too.
    let store = fixture.try_open(&config, OpenMode::HandOver).unwrap();
    (fixture, store)
}

async fn a_group_is_written_whole_or_not_at_all(storage: Storage) {
    let (fixture, store) = store(storage);
    let names: Vec<String> = (0..NEVER).map(|number| format!("counter {number}")).collect();
    let look = || async { (store.head().await.unwrap(), findings(&store).await) };
    let mut fresh = names.iter();
    let begins = || fixture.begins(fresh.next().unwrap()).kept(Kept::Forever).commit(&store);
    met_each_kind(&with_a_fault_at_each_statement(WRITER, begins, look).await);

    for change in ["a line", "a removal"] {
        let made: Vec<String> = (0..NEVER).map(|number| format!("{change} {number}")).collect();
        for name in &made {
            fixture.begins(name).commit(&store).await.unwrap();
        }
        let mut made = made.iter();
        let changes = || {
            let name = made.next().unwrap();
            let work =
                if change == "a line" { fixture.adds_line(name, "one") } else { fixture.removes(name, 1) };
            work.kept(Kept::Forever).commit(&store)
        };
        met_each_kind(&with_a_fault_at_each_statement(WRITER, changes, look).await);
    }
    assert_eq!(findings(&store).await, []);
    store.close().await.unwrap();
}

async fn reads_fail_and_go_on() {
    let (fixture, store) = store(Storage::Relational);
    let work = fixture.begins("a").kept(Kept::Forever);
    let command_id = work.0.command_id;
    work.commit(&store).await.unwrap();
    let key = AggregateKey::of::<Counter>(counter_id("a"));
    let look = || stored(&store, "a");
    let read = with_a_fault_at_each_statement(READERS, || store.read(Position::ZERO, 10), look).await;
    let history = || store.history(key, Version::ZERO, Until::Time(fixture.clock.now()), 10);
    let history = with_a_fault_at_each_statement(READERS, history, look).await;
    let head = with_a_fault_at_each_statement(READERS, || store.head(), look).await;
    let loaded =
        with_a_fault_at_each_statement(READERS, || async { store.load(key).await.map(drop) }, look).await;
    let outcome = with_a_fault_at_each_statement(READERS, || store.outcome(command_id), look).await;
    for met in [read, history, head, loaded, outcome] {
        assert!(met.iter().any(|statement| statement.to_lowercase().contains("select")), "{met:?}");
    }
    store.close().await.unwrap();
}

async fn checkpoints_move_or_stay() {
    let (_fixture, store) = store(Storage::Relational);
    let name = SubscriptionId::new("orders", 1);
    let mut version = 1;
    let initialises = || {
        version += 1;
        let id = SubscriptionId::new("orders", version);
        let store = &store;
        async move { store.initialise(&id, Position(1)).await }
    };
    let look = || async { store.list().await.unwrap() };
    met_each_kind(&with_a_fault_at_each_statement(WRITER, initialises, look).await);

    store.initialise(&name, Position::ZERO).await.unwrap();
    let at = || async { store.get(&name).await.unwrap().unwrap().position };
    let advances = || async {
        let from = at().await;
        store.advance(&Advance::new(&name, from, from.plus(1))).await
    };
    // Looking where it is runs on the readers' threads, which the fault does not meet.
    let met = with_a_fault_at_each_statement(WRITER, advances, at).await;
    assert!(met.iter().any(|statement| statement.to_lowercase().contains("update")), "{met:?}");

    let reset = Reset { to: Position(1), by: "me".to_owned(), reason: "a test".to_owned() };
    let look = || async { (at().await, store.resets(&name).await.unwrap().len()) };
    met_each_kind(&with_a_fault_at_each_statement(WRITER, || store.reset(&name, &reset), look).await);
    store.close().await.unwrap();
}

async fn leases_are_granted_or_not() {
    let (_fixture, store) = store(Storage::Relational);
    let name = SubscriptionId::new("orders", 1);
    let claims = || async {
        match store.claim(&name).await? {
            Claim::Granted(lease) => store.release(lease).await,
            taken => Err(Error::Invalid(format!("nobody has it: {taken:?}"))),
        }
    };
    let met = with_a_fault_at_each_statement(WRITER, claims, || async {}).await;
    met_each_kind(&met);
    let Claim::Granted(lease) = store.claim(&name).await.unwrap() else { panic!("nobody has it") };
    let met = with_a_fault_at_each_statement(READERS, || store.extend(&lease), || async {}).await;
    assert!(!met.is_empty());
    store.close().await.unwrap();
}

async fn deadlines_move_with_their_checkpoint() {
    let (fixture, store) = store(Storage::Relational);
    let name = SubscriptionId::new("closing", 1);
    store.initialise(&name, Position::ZERO).await.unwrap();
    let due_at = fixture.clock.now();
    let look = || async {
        let due = store.due("closing", due_at, 100).await.unwrap();
        (store.get(&name).await.unwrap().unwrap().position, due.len())
    };
    let mut number = 0;
    let applies = || {
        number += 1;
        let (store, name) = (&store, &name);
        async move {
            let deadline = Deadline {
                process: "closing".to_owned(),
                aggregate_id: Uuid::from_u128(number),
                due_at,
                event_id: Uuid::from_u128(1),
                correlation_id: Uuid::from_u128(2),
                traceparent: None,
            };
            let from = store.get(name).await?.map_or(Position::ZERO, |checkpoint| checkpoint.position);
            let advance = Advance::new(name, from, from.plus(1));
            store.apply(&advance, vec![DeadlineChange::Set(deadline)]).await
        }
    };
    let met = with_a_fault_at_each_statement(WRITER, applies, look).await;
    assert!(met.iter().any(|statement| statement.contains("deadlines")), "{met:?}");
    let (position, due) = look().await;
    assert_eq!(position.get(), due as u64, "each move of the checkpoint brought its deadline");
    let due = || store.due("closing", due_at, 100);
    assert!(!with_a_fault_at_each_statement(READERS, due, look).await.is_empty());
    let completes = || async {
        match store.due("closing", due_at, 1).await?.first() {
            Some(deadline) => store.complete(deadline).await,
            None => Ok(()),
        }
    };
    assert!(!with_a_fault_at_each_statement(WRITER, completes, look).await.is_empty());
    store.close().await.unwrap();
}

/// One test, for a fault is put for the whole process.
#[tokio::test(flavor = "multi_thread")]
async fn a_fault_at_each_statement_leaves_all_or_nothing_and_the_store_goes_on() {
    for storage in [Storage::Relational, Storage::Document, Storage::Events] {
        a_group_is_written_whole_or_not_at_all(storage).await;
    }
    reads_fail_and_go_on().await;
    checkpoints_move_or_stay().await;
    leases_are_granted_or_not().await;
    deadlines_move_with_their_checkpoint().await;
}
