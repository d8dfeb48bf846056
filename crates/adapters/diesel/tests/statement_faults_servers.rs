//! A connection that is cut in front of each statement, of whatever kind: begin, query, write, commit. All of it or nothing,
//! what was answered is so, nothing is done twice, and the store goes on.
#![cfg(any(feature = "postgres-engine", feature = "mysql-engine"))]
#![expect(clippy::panic, reason = "a test ends where what it stands on fails")]

mod support;

use std::sync::Arc;
use std::time::{Duration, Instant};

use portolan_diesel::Storage;
use portolan_kernel::{
    Advance, AggregateKey, Checkpoints as _, Claim, Clock as _, Deadline, DeadlineChange, Deadlines as _,
    Error, Journal as _, Kept, Leases as _, Position, Reset, Result, SubscriptionId, Until, Version,
    WriteStore as _,
};
use portolan_testkit::builders::counter_id;
use portolan_testkit::counter::{Counter, registry};
use portolan_testkit::{ManualClock, Place};
use support::servers::Server;
use support::{CounterMapper, Fixture, interrupts};
use tokio::sync::Mutex;
use uuid::Uuid;

/// More statements than anything here runs.
const NEVER: usize = 60;

/// The threads of a store that write, and that read.
const WRITER: &str = "portolan-write";
const READERS: &str = "portolan-read";

/// A fault is put for the whole process.
static ALONE: Mutex<()> = Mutex::const_new(());

/// Asks until it is answered: whoever reads has lost its connection, too.
async fn patiently<T, A: Future<Output = Result<T>>>(mut ask: impl FnMut() -> A) -> T {
    let until = Instant::now() + Duration::from_secs(20);
    loop {
        match ask().await {
            Ok(answer) => return answer,
            Err(error) => assert!(Instant::now() < until, "{error}"),
        }
    }
}

/// Does it with the store's connections cut in front of each statement that these threads run for it, then without.
/// `count` says how often it has been done: once for each `Ok`, and not for an error that does not leave that open. Answers
/// the statements that were met, and how often it was done in spite of that.
async fn cut_at_each_statement<T, D, L>(
    threads: &str,
    cut: Arc<dyn Fn() + Send + Sync>,
    mut done: impl FnMut() -> D,
    mut count: impl FnMut() -> L,
) -> (Vec<String>, usize)
where
    D: Future<Output = Result<T>>,
    L: Future<Output = u64>,
    T: std::fmt::Debug,
{
    let (mut met, mut in_spite) = (Vec::new(), 0);
    while met.len() < NEVER {
        let before = count().await;
        interrupts::put(threads, met.len(), Arc::clone(&cut));
        let answer = done().await;
        let statement = interrupts::take();
        let times = count().await - before;
        match (&answer, &statement) {
            (Ok(_), _) => assert_eq!(times, 1, "done, with a cut at {statement:?}"),
            (Err(Error::Unavailable { outcome_unknown: false, .. }), Some(_)) => {
                assert_eq!(times, 0, "not done, with a cut at {statement:?}: {answer:?}");
            }
            // Only a commit may have been done all the same.
            (Err(Error::Unavailable { outcome_unknown: true, .. }), Some(said))
                if said.to_lowercase().contains("commit") =>
            {
                assert!(times <= 1, "done {times} times, with a cut at `{said}`");
            }
            _ => panic!("a cut at {statement:?} is answered {answer:?}"),
        }
        in_spite += usize::from(answer.is_ok() && statement.is_some());
        match statement {
            Some(statement) => met.push(statement),
            None => return (met, in_spite),
        }
    }
    panic!("there is no end of statements: {met:?}");
}

/// Whether each kind of statement was met that a write has.
fn met_each_kind(met: &[String]) {
    for kind in ["begin|start transaction", "select", "insert", "commit"] {
        let is_there = |said: &String| kind.split('|').any(|kind| said.to_lowercase().contains(kind));
        assert!(met.iter().any(is_there), "no {kind} in {met:#?}");
    }
}

/// The tests, once for each engine: they differ in types alone.
macro_rules! on_a_server {
    ($engine:ident, $feature:literal, $server:expr) => {
        #[cfg(feature = $feature)]
        mod $engine {
            use portolan_diesel::Mappers;
            use portolan_diesel::$engine::{Check, Config, OpenMode, Store};

            use super::*;

            const SERVER: Server = $server;

            /// An open store, its place, and how all its connections are cut.
            fn store(storage: Storage) -> Option<(Place, Store, Arc<dyn Fn() + Send + Sync>)> {
                let place = support::$engine::place(&SERVER.url()?).unwrap();
                interrupts::install();
                let config: Config = place.address.parse().unwrap();
                let config = Config { storage: Some(storage), snapshot_every: 1, readers: 1, ..config };
                let mappers = Mappers::new().with(CounterMapper);
                let clock = Arc::new(ManualClock::default());
                let store = Store::open(&config, OpenMode::ReadWrite, &registry(), &mappers, clock).unwrap();
                let address = place.address.clone();
                Some((place, store, Arc::new(move || support::$engine::cut(&address))))
            }

            async fn found_nothing(store: &Store) {
                let findings = patiently(async || {
                    let mut findings = Vec::new();
                    let tell = |check| {
                        if let Check::Found(finding) = check {
                            findings.push(finding.to_string());
                        }
                    };
                    store.check(tell).await?;
                    Ok(findings)
                });
                assert_eq!(findings.await, Vec::<String>::new());
            }

            #[tokio::test(flavor = "multi_thread")]
            async fn a_cut_at_each_statement_of_a_commit_leaves_all_or_nothing() {
                let _alone = ALONE.lock().await;
                for storage in [Storage::Relational, Storage::Document, Storage::Events] {
                    let Some((_place, store, cut)) = store(storage) else { return };
                    let fixture = Fixture::new();
                    let commit = async |work: support::Work| store.commit(work.kept(Kept::Forever).0).await;
                    let count = async || patiently(|| store.head()).await.get();
                    let mut number = 0;
                    let begins = || {
                        number += 1;
                        commit(fixture.begins(&format!("counter {number}")))
                    };
                    let (met, in_spite) = cut_at_each_statement(WRITER, cut.clone(), begins, count).await;
                    met_each_kind(&met);
                    // What had not come to its commit is written again.
                    assert!(in_spite > 0 && in_spite < met.len(), "{in_spite} of {met:#?}");
                    for change in ["a line", "a removal"] {
                        let mut names = Vec::new();
                        for number in 0..NEVER {
                            let name = format!("{change} {number}");
                            commit(fixture.begins(&name)).await.unwrap();
                            names.push(name);
                        }
                        let mut names = names.iter();
                        let changes = || {
                            let name = names.next().unwrap();
                            let is_line = change == "a line";
                            commit(if is_line {
                                fixture.adds_line(name, "one")
                            } else {
                                fixture.removes(name, 1)
                            })
                        };
                        met_each_kind(&cut_at_each_statement(WRITER, cut.clone(), changes, count).await.0);
                    }
                    found_nothing(&store).await;
                    store.close().await.unwrap();
                }
            }

            #[tokio::test(flavor = "multi_thread")]
            async fn a_cut_at_each_statement_of_a_question_costs_no_more_than_its_answer() {
                let _alone = ALONE.lock().await;
                let Some((_place, store, cut)) = store(Storage::Relational) else { return };
                let fixture = Fixture::new();
                let work = fixture.begins("a").kept(Kept::Forever);
                let command_id = work.0.command_id;
                store.commit(work.0).await.unwrap();
                let key = AggregateKey::of::<Counter>(counter_id("a"));
                let now = Until::Time(fixture.clock.now());
                let answered = std::cell::Cell::new(0);
                // The reader has a connection again before the next cut.
                let count = async || {
                    patiently(|| store.head()).await;
                    answered.get()
                };
                macro_rules! asked {
                    ($question:expr) => {{
                        let ask = async || {
                            let answer = $question.await.map(drop);
                            answered.set(answered.get() + u64::from(answer.is_ok()));
                            answer
                        };
                        let (met, _) = cut_at_each_statement(READERS, cut.clone(), ask, count).await;
                        let is_select = |said: &String| said.to_lowercase().contains("select");
                        assert!(met.iter().any(is_select), "{met:?}");
                    }};
                }
                asked!(store.read(Position::ZERO, 10));
                asked!(store.history(key, Version::ZERO, now, 10));
                asked!(store.head());
                asked!(store.load(key));
                asked!(store.outcome(command_id));
                store.close().await.unwrap();
            }

            #[tokio::test(flavor = "multi_thread")]
            async fn a_cut_at_each_statement_moves_checkpoints_leases_and_deadlines_or_leaves_them() {
                let _alone = ALONE.lock().await;
                let Some((_place, store, cut)) = store(Storage::Relational) else { return };
                let name = SubscriptionId::new("closing", 1);
                let mut version = 1;
                let initialises = || {
                    version += 1;
                    let id = SubscriptionId::new("closing", version);
                    let store = &store;
                    async move { store.initialise(&id, Position(1)).await }
                };
                let count = async || patiently(|| store.list()).await.len() as u64;
                met_each_kind(&cut_at_each_statement(WRITER, cut.clone(), initialises, count).await.0);

                store.initialise(&name, Position::ZERO).await.unwrap();
                let at = async || patiently(|| store.get(&name)).await.unwrap().position;
                let count = async || at().await.get();
                let advances = async || {
                    let from = at().await;
                    store.advance(&Advance::new(&name, from, from.plus(1))).await
                };
                let (met, _) = cut_at_each_statement(WRITER, cut.clone(), advances, count).await;
                assert!(met.iter().any(|said| said.to_lowercase().contains("update")), "{met:?}");

                let due_at = ManualClock::default().now();
                let due = async || patiently(|| store.due("closing", due_at, 100)).await;
                let mut number = 0;
                let applies = || {
                    number += 1;
                    let (store, name, at) = (&store, &name, &at);
                    async move {
                        let deadline = Deadline {
                            process: "closing".to_owned(),
                            aggregate_id: Uuid::from_u128(number),
                            due_at,
                            event_id: Uuid::from_u128(1),
                            correlation_id: Uuid::from_u128(2),
                            traceparent: None,
                        };
                        let from = at().await;
                        let advance = Advance::new(name, from, from.plus(1));
                        store.apply(&advance, vec![DeadlineChange::Set(deadline)]).await
                    }
                };
                let moved = at().await.get();
                let (met, _) = cut_at_each_statement(WRITER, cut.clone(), applies, count).await;
                assert!(met.iter().any(|said| said.contains("deadlines")), "{met:?}");
                let brought = due().await.len() as u64;
                assert_eq!(at().await.get() - moved, brought, "each move brought its deadline");

                let reset = Reset { to: Position(1), by: "me".to_owned(), reason: "a test".to_owned() };
                let count = async || patiently(|| store.resets(&name)).await.len() as u64;
                let resets = || store.reset(&name, &reset);
                met_each_kind(&cut_at_each_statement(WRITER, cut.clone(), resets, count).await.0);

                // A subscription of its own each time: one that nobody has heard of being granted is another's until its term is over.
                let granted = std::cell::Cell::new(0);
                let mut version = 100;
                let claims = || {
                    version += 1;
                    let id = SubscriptionId::new("claimed", version);
                    let (store, granted) = (&store, &granted);
                    async move {
                        match store.claim(&id).await? {
                            Claim::Granted(_) => granted.set(granted.get() + 1),
                            taken => panic!("nobody has it: {taken:?}"),
                        }
                        Ok(())
                    }
                };
                let count = async || granted.get();
                met_each_kind(&cut_at_each_statement(WRITER, cut.clone(), claims, count).await.0);
                store.close().await.unwrap();
            }
        }
    };
}

on_a_server!(postgres, "postgres-engine", support::servers::POSTGRES);
on_a_server!(mysql, "mysql-engine", support::servers::MARIADB);
