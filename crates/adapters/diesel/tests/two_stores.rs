//! Two stores on one file, as two processes have it.

mod support;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use portolan_diesel::diesel::connection::SimpleConnection as _;
use portolan_kernel::{
    Advance, Checkpoints as _, Claim, Envelope, Error, Journal as _, Leases as _, Position, READ_LIMIT,
    SubscriptionId, Watcher, WriteStore as _,
};
use support::{Fixture, Work, findings, stored, version};

#[tokio::test]
async fn each_sees_what_the_other_wrote() {
    let fixture = Fixture::new();
    let (one, other) = (fixture.open(), fixture.open());
    version(fixture.begins("a").commit(&one).await);
    assert_eq!(version(fixture.counts("a", 1, 0).commit(&other).await), 2);
    // The first remembers version 1, and must notice that it is the truth no more.
    let stale = fixture.counts("a", 1, 0).commit(&one).await;
    assert!(matches!(stale, Err(Error::Conflict { expected: 1, actual: 2, .. })), "{stale:?}");
    assert_eq!(version(fixture.counts("a", 2, 1).commit(&one).await), 3);
    assert_eq!(stored(&other, "a").await, Some((2, 3)));
    let taken = fixture.begins("a").commit(&other).await;
    assert!(matches!(taken, Err(Error::AlreadyExists(_))), "{taken:?}");
}

/// Notes what it is told.
#[derive(Default)]
struct Told(Mutex<Vec<u64>>);

impl Watcher for Told {
    fn committed_elsewhere(&self, events: &[Envelope]) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend(events.iter().map(|event| event.position.get()));
    }
}

impl Told {
    fn take(&self) -> Vec<u64> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[tokio::test]
async fn who_watches_is_told_what_the_other_wrote_and_nothing_of_its_own() {
    let fixture = Fixture::new();
    let (one, other) = (fixture.open(), fixture.open());
    let told = Arc::new(Told::default());
    one.watched_by(Arc::clone(&told) as Arc<dyn Watcher>);
    version(fixture.begins("a").commit(&one).await);
    version(fixture.counts("a", 1, 0).commit(&one).await);
    assert!(told.take().is_empty());
    version(fixture.begins("b").commit(&other).await);
    version(fixture.counts("a", 2, 1).commit(&other).await);
    // It hears of it where it comes to write, also where that is refused.
    fixture.counts("a", 2, 1).commit(&one).await.unwrap_err();
    // First of what it conflicts with, on which it is decided again; of the rest when the transaction is over.
    assert_eq!(told.take().first(), Some(&4));
    // What it has heard of it remembers: the newest event of `b` is known, and that of `a`.
    assert_eq!(version(fixture.counts("b", 1, 0).commit(&one).await), 2);
    assert_eq!(version(fixture.counts("a", 3, 2).commit(&one).await), 4);
    version(fixture.removes("b", 2).commit(&other).await);
    let gone = fixture.counts("b", 2, 1).commit(&one).await;
    assert!(gone.is_err(), "{gone:?}");
    let told_since: Vec<u64> = told.take().into_iter().filter(|position| *position != 3).collect();
    assert_eq!(told_since, [7]);
    assert_eq!(version(fixture.begins("b").commit(&one).await), 4);
}

#[tokio::test]
async fn who_is_far_behind_takes_nothing_that_it_remembers_for_the_truth() {
    let fixture = Fixture::new();
    let (one, other) = (fixture.open(), fixture.open());
    version(fixture.begins("a").commit(&one).await);
    let many: Vec<_> = (0..1_100).map(|number| fixture.begins(&number.to_string())).collect();
    for work in many {
        version(work.commit(&other).await);
    }
    version(fixture.counts("a", 1, 0).commit(&other).await);
    let stale = fixture.counts("a", 1, 0).commit(&one).await;
    assert!(matches!(stale, Err(Error::Conflict { expected: 1, actual: 2, .. })), "{stale:?}");
    assert_eq!(version(fixture.counts("1", 1, 0).commit(&one).await), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn positions_stay_dense_while_both_write() {
    let fixture = Fixture::new();
    let stores = [fixture.open(), fixture.open()];
    let mut tasks = Vec::new();
    for number in 0..200 {
        let (store, work) = (stores[number % 2].clone(), fixture.begins(&format!("{number}")));
        tasks.push(tokio::spawn(async move { work.commit(&store).await }));
    }
    for task in tasks {
        version(task.await.unwrap());
    }
    let events = stores[0].read(Position::ZERO, READ_LIMIT).await.unwrap();
    let positions: Vec<u64> = events.iter().map(|event| event.position.get()).collect();
    assert_eq!(positions, (1..=200).collect::<Vec<_>>());
    assert_eq!(findings(&stores[1]).await, []);
}

#[tokio::test]
async fn a_waiting_reader_hears_of_the_others_commit() {
    let fixture = Fixture::new();
    let (one, other) = (fixture.open(), fixture.open());
    let waiting = tokio::spawn({
        let one = one.clone();
        async move { one.changed(Position::ZERO).await }
    });
    version(fixture.begins("a").commit(&other).await);
    let heard = tokio::time::timeout(Duration::from_secs(20), waiting).await.unwrap().unwrap();
    assert_eq!(heard, Ok(Position(1)));
}

fn named(name: &str) -> SubscriptionId {
    SubscriptionId::new(name, 1)
}

#[tokio::test]
async fn a_lease_has_one_owner_and_names_its_process() {
    let fixture = Fixture::new();
    let (one, other) = (fixture.open(), fixture.open());
    let Claim::Granted(lease) = one.claim(&named("orders")).await.unwrap() else { panic!("not granted") };
    let Claim::Taken { by } = other.claim(&named("orders")).await.unwrap() else { panic!("granted twice") };
    assert_eq!(by, Some(format!("process {}", std::process::id())));
    assert!(matches!(one.claim(&named("orders")).await.unwrap(), Claim::Taken { .. }));
    assert!(matches!(other.claim(&named("Other name")).await.unwrap(), Claim::Granted(_)));
    let step = Advance::new(&named("orders"), Position::ZERO, Position(1)).under(lease.epoch());
    one.initialise(&named("orders"), Position::ZERO).await.unwrap();
    drop(lease);
    let Claim::Granted(lease) = other.claim(&named("orders")).await.unwrap() else { panic!("not granted") };
    assert!(lease.epoch() > step.epoch);
    assert!(matches!(one.advance(&step).await, Err(Error::Fenced(_))));
    assert_eq!(other.advance(&step.under(lease.epoch())).await, Ok(()));
}

#[cfg(unix)]
#[tokio::test]
async fn a_lease_has_one_owner_by_whatever_path_the_store_was_opened() {
    let fixture = Fixture::new();
    let one = fixture.open();
    let link = fixture.folder.path().join("link.db");
    std::os::unix::fs::symlink(fixture.path(), &link).unwrap();
    let config = portolan_diesel::sqlite::Config::file(&link);
    let other = fixture.try_open(&config, portolan_diesel::sqlite::OpenMode::ReadWrite).unwrap();
    let Claim::Granted(_lease) = one.claim(&named("orders")).await.unwrap() else { panic!("not granted") };
    assert!(matches!(other.claim(&named("orders")).await.unwrap(), Claim::Taken { .. }), "granted twice");
    // Nor is there a second queue for their commits.
    assert!(!fixture.folder.path().join("link.db-turn").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn two_that_make_the_store_at_once_make_one() {
    for _ in 0..10 {
        let fixture = Fixture::new();
        let open = || {
            let config = fixture.config();
            let clock = fixture.clock.clone();
            tokio::task::spawn_blocking(move || {
                use portolan_diesel::Mappers;
                use portolan_diesel::sqlite::{OpenMode, Store};
                let mappers = Mappers::new().with(support::CounterMapper);
                let registry = portolan_testkit::counter::registry();
                Store::open(&config, OpenMode::ReadWrite, &registry, &mappers, std::sync::Arc::new(clock))
            })
        };
        let (one, other) = (open(), open());
        let (one, other) = (one.await.unwrap().unwrap(), other.await.unwrap().unwrap());
        version(fixture.begins("a").commit(&one).await);
        assert_eq!(stored(&other, "a").await, Some((0, 1)));
    }
}

#[tokio::test]
async fn what_comes_while_another_writes_is_one_group() {
    let fixture = Fixture::new();
    let store = fixture.open();
    let mut other = fixture.beside();
    other.batch_execute("begin immediate").unwrap();
    let first = tokio::spawn({
        let (work, store) = (fixture.begins("first"), store.clone());
        async move { work.commit(&store).await }
    });
    // The writer waits with the first of them from here on.
    let deadline = Instant::now() + Duration::from_secs(20);
    while store.obstacle().is_none() {
        assert!(Instant::now() < deadline, "nobody waits");
        tokio::task::yield_now().await;
    }
    let mut tasks = vec![first];
    for number in 0..20 {
        let (work, store) = (fixture.begins(&number.to_string()), store.clone());
        tasks.push(tokio::spawn(async move { work.commit(&store).await }));
    }
    while store.commits_waiting() < tasks.len() {
        assert!(Instant::now() < deadline, "{} wait", store.commits_waiting());
        tokio::task::yield_now().await;
    }
    let before = store.groups();
    other.batch_execute("rollback").unwrap();
    for task in tasks {
        version(task.await.unwrap());
    }
    assert_eq!(store.groups() - before, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_overtaken_and_comes_again_at_once_is_in_the_same_transaction() {
    let fixture = Fixture::new();
    let (one, other) = (fixture.open(), fixture.open());
    version(fixture.begins("a").commit(&one).await);
    let (mut at, deadline) = (1, Instant::now() + Duration::from_secs(20));
    loop {
        version(fixture.counts("a", at, at as i64 - 1).commit(&other).await);
        let before = one.groups();
        let overtaken = fixture.counts("a", at, at as i64 - 1).commit(&one).await;
        assert!(matches!(overtaken, Err(Error::Conflict { .. })), "{overtaken:?}");
        version(fixture.counts("a", at + 1, at as i64).commit(&one).await);
        // The transaction waits a moment alone, which may be over.
        if one.groups() - before == 1 {
            break;
        }
        at += 2;
        assert!(Instant::now() < deadline, "it never was");
    }
    assert_eq!(findings(&other).await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_many_that_was_overtaken_comes_with_the_next_group_and_is_waited_for_then() {
    let fixture = Fixture::new();
    let (one, other) = (fixture.open(), fixture.open());
    version(fixture.begins("a").commit(&one).await);
    let deadline = Instant::now() + Duration::from_secs(20);
    // One of a group, of which the others are new and touch nothing else.
    let among_others = async |name: &str, work: Work| {
        let mut holder = fixture.beside();
        holder.batch_execute("begin immediate").unwrap();
        let mut works: Vec<Work> = (0..8).map(|number| fixture.begins(&format!("{name}-{number}"))).collect();
        works.push(work);
        let works = works.into_iter().map(|work| {
            let store = one.clone();
            tokio::spawn(async move { work.commit(&store).await })
        });
        let mut tasks: Vec<_> = works.collect();
        while one.commits_waiting() < tasks.len() {
            assert!(Instant::now() < deadline, "{} wait", one.commits_waiting());
            tokio::task::yield_now().await;
        }
        holder.batch_execute("rollback").unwrap();
        let told = tasks.pop().unwrap().await.unwrap();
        assert!(matches!(told, Err(Error::Conflict { .. })), "{told:?}");
        tasks
    };
    let mut at = 1;
    loop {
        let overtake = async |at: u64| version(fixture.counts("a", at, at as i64 - 1).commit(&other).await);
        let command_id = fixture.counts("a", at, at as i64 - 1).0.command_id;
        let again = |at: u64| {
            let mut work = fixture.counts("a", at, at as i64 - 1);
            work.0.command_id = command_id;
            work
        };
        overtake(at).await;
        let before = one.groups();
        let others = among_others(&format!("first-{at}"), again(at)).await;
        assert_eq!(one.groups() - before, 1, "it was told behind the commit of the others");
        for other in others {
            version(other.await.unwrap());
        }
        overtake(at + 1).await;
        let before = one.groups();
        let others = among_others(&format!("again-{at}"), again(at + 1)).await;
        version(again(at + 2).commit(&one).await);
        // The transaction waits a moment alone, which may be over.
        let is_together = one.groups() - before == 1;
        for other in others {
            version(other.await.unwrap());
        }
        if is_together {
            break;
        }
        at += 3;
        assert!(Instant::now() < deadline, "it never was waited for");
    }
    assert_eq!(findings(&other).await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_writes_group_after_group_does_not_keep_the_other_out() {
    let fixture = Arc::new(Fixture::new());
    let (busy, other) = (fixture.open(), fixture.open());
    let stop = Arc::new(AtomicBool::new(false));
    let mut tasks = Vec::new();
    for task in 0..64 {
        let (busy, fixture, stop) = (busy.clone(), Arc::clone(&fixture), Arc::clone(&stop));
        tasks.push(tokio::spawn(async move {
            for number in 0.. {
                if stop.load(Ordering::Relaxed) {
                    break;
                }
                version(fixture.begins(&format!("{task}-{number}")).commit(&busy).await);
            }
        }));
    }
    let mut worst = 0;
    for number in 0..200 {
        let before = busy.groups();
        version(fixture.begins(&format!("other-{number}")).commit(&other).await);
        worst = worst.max(busy.groups() - before);
    }
    stop.store(true, Ordering::Relaxed);
    for task in tasks {
        task.await.unwrap();
    }
    // One group that was being written, and some more until this test was awake at both ends.
    assert!(busy.groups() > 50, "{} groups are no company", busy.groups());
    assert!(worst <= 20, "{worst} groups of one went before a commit of the other");
    assert_eq!(findings(&other).await, []);
}
