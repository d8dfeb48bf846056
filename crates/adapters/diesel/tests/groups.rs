//! Commits that wait together are written together, and each is answered for itself.
#![expect(clippy::unwrap_used, reason = "a test ends where what it stands on fails")]

mod support;

use portolan_diesel::diesel::connection::SimpleConnection as _;
use portolan_kernel::{Committed, Error, Journal as _, Kept, Position, READ_LIMIT};
use support::{Fixture, Work, findings, stored, version};

/// Lets these wait behind another program's lock, so that the writer finds them together.
async fn together(
    fixture: &Fixture,
    store: &portolan_diesel::sqlite::Store,
    works: Vec<Work>,
) -> Vec<portolan_kernel::Result<Committed>> {
    let mut lock = fixture.beside();
    lock.batch_execute("begin immediate").unwrap();
    // The first one waits for the lock inside the writer, the others in its queue.
    let first = tokio::spawn({
        let (store, work) = (store.clone(), fixture.begins("the one that waits"));
        async move { work.commit(&store).await }
    });
    let mut waiting = Vec::new();
    for work in works {
        let store = store.clone();
        let mut commit = Box::pin(async move { work.commit(&store).await });
        // One poll puts it into the queue, so that the order is that of the list.
        assert!(futures_poll(&mut commit).await.is_none());
        waiting.push(commit);
    }
    lock.batch_execute("rollback").unwrap();
    first.await.unwrap().unwrap();
    let mut answers = Vec::new();
    for commit in waiting {
        answers.push(commit.await);
    }
    answers
}

async fn futures_poll<T>(future: &mut (impl Future<Output = T> + Unpin)) -> Option<T> {
    std::future::poll_fn(|context| match std::pin::Pin::new(&mut *future).poll(context) {
        std::task::Poll::Ready(done) => std::task::Poll::Ready(Some(done)),
        std::task::Poll::Pending => std::task::Poll::Ready(None),
    })
    .await
}

#[tokio::test]
async fn fifty_that_wait_take_two_transactions_and_their_positions_are_dense() {
    let fixture = Fixture::new();
    let store = fixture.open();
    let works = (0..50).map(|number| fixture.begins(&format!("{number}"))).collect();
    let answers = together(&fixture, &store, works).await;
    assert!(answers.into_iter().all(|answer| version(answer) == 1));
    assert!(store.groups() <= 2, "{} transactions", store.groups());
    let events = store.read(Position::ZERO, READ_LIMIT).await.unwrap();
    let positions: Vec<u64> = events.iter().map(|event| event.position.get()).collect();
    assert_eq!(positions, (1..=51).collect::<Vec<_>>());
    assert_eq!(findings(&store).await, []);
}

#[tokio::test]
async fn those_decided_on_what_is_not_committed_stand_and_fall_with_it() {
    let fixture = Fixture::new();
    let store = fixture.open();
    version(fixture.begins("a").commit(&store).await);
    let elsewhere = fixture.counts("a", 1, 0);
    // This one comes too late, and what builds on it expects the very version that the other one leads to.
    let late = fixture.counts("a", 1, 0);
    let on_late = fixture.counts("a", 2, 1).behind(&late);
    let on_elsewhere = fixture.counts("a", 2, 1).behind(&elsewhere);
    let further = fixture.counts("a", 3, 2).behind(&on_elsewhere);
    let again = fixture.counts("a", 3, 2).behind(&on_elsewhere);
    let works = vec![elsewhere, late, on_late, on_elsewhere, further, again];
    let answers = together(&fixture, &store, works).await;
    let is_late = |answer: &portolan_kernel::Result<Committed>| matches!(answer, Err(Error::Conflict { .. }));
    let late: Vec<bool> = answers.iter().map(is_late).collect();
    assert_eq!(late, [false, true, true, false, false, true]);
    assert_eq!(stored(&store, "a").await, Some((3, 4)));
    assert_eq!(findings(&store).await, []);
}

#[tokio::test]
async fn what_was_committed_meanwhile_is_known_by_its_event() {
    let fixture = Fixture::new();
    let store = fixture.open();
    version(fixture.begins("a").commit(&store).await);
    let (before, other) = (fixture.counts("a", 1, 0), fixture.counts("a", 1, 0));
    let (on_before, on_other) =
        (fixture.counts("a", 2, 1).behind(&before), fixture.counts("a", 2, 1).behind(&other));
    version(before.commit(&store).await);
    // Another process writes, so that this one's memory of versions is gone and the journal is asked.
    version(fixture.begins("b").commit(&fixture.open()).await);
    assert!(matches!(on_other.commit(&store).await, Err(Error::Conflict { expected: 2, actual: 2, .. })));
    assert_eq!(version(on_before.commit(&store).await), 3);
    let removed = fixture.removes("a", 3);
    let on_removed = fixture.counts("a", 4, 2).behind(&removed);
    version(removed.commit(&store).await);
    assert!(matches!(on_removed.commit(&store).await, Err(Error::Conflict { .. })));
    assert_eq!(findings(&store).await, []);
}

#[tokio::test]
async fn those_that_build_on_each_other_commit_in_one_group_and_write_one_state() {
    let fixture = Fixture::new();
    let store = fixture.open();
    let chain = vec![
        fixture.begins("a"),
        fixture.counts("a", 1, 0),
        fixture.counts("a", 2, 1),
        fixture.removes("a", 3),
        fixture.begins("a"),
        fixture.counts("a", 5, 0),
    ];
    let versions: Vec<u64> = together(&fixture, &store, chain).await.into_iter().map(version).collect();
    assert_eq!(versions, [1, 2, 3, 4, 5, 6]);
    assert!(store.groups() <= 2);
    assert_eq!(stored(&store, "a").await, Some((1, 6)));
    assert_eq!(findings(&store).await, []);
}

#[tokio::test]
async fn what_is_removed_and_made_again_in_one_group_keeps_nothing_of_its_former_life() {
    let fixture = Fixture::new();
    let store = fixture.open();
    version(fixture.begins("a").commit(&store).await);
    version(fixture.adds_line("a", "of its former life").commit(&store).await);
    let works = vec![fixture.removes("a", 2), fixture.begins("a"), fixture.counts("a", 4, 0)];
    let versions: Vec<u64> = together(&fixture, &store, works).await.into_iter().map(version).collect();
    assert_eq!(versions, [3, 4, 5]);
    assert_eq!(findings(&store).await, []);
}

#[tokio::test]
async fn what_began_and_ended_in_one_group_leaves_its_history_alone() {
    let fixture = Fixture::new();
    let store = fixture.open();
    let works = vec![fixture.begins("a"), fixture.removes("a", 1)];
    together(&fixture, &store, works).await.into_iter().for_each(|answer| _ = version(answer));
    assert_eq!(stored(&store, "a").await, None);
    assert_eq!(findings(&store).await, []);
}

#[tokio::test]
async fn the_loser_of_a_group_gets_its_conflict_and_the_others_do_not_notice() {
    let fixture = Fixture::new();
    let store = fixture.open();
    let works =
        vec![fixture.begins("a"), fixture.counts("a", 1, 0), fixture.counts("a", 1, 0), fixture.begins("b")];
    let answers = together(&fixture, &store, works).await;
    assert!(matches!(&answers[2], Err(Error::Conflict { expected: 1, actual: 2, .. })), "{:?}", answers[2]);
    assert!(answers[0].is_ok() && answers[1].is_ok() && answers[3].is_ok());
    assert_eq!(stored(&store, "a").await, Some((1, 2)));
    assert_eq!(store.head().await.unwrap(), Position(4));
}

#[tokio::test]
async fn a_repeat_in_the_same_group_answers_the_first_outcome() {
    let fixture = Fixture::new();
    let store = fixture.open();
    let first = fixture.begins("a").kept(Kept::Forever);
    let repeat = Work(first.0.clone());
    let mut other = Work(first.0.clone());
    other.0.idempotency.as_mut().unwrap().fingerprint = portolan_kernel::Fingerprint::of(b"other");
    let answers = together(&fixture, &store, vec![first, repeat, other]).await;
    let Ok(Committed::Done { outcome, .. }) = &answers[0] else { panic!("{:?}", answers[0]) };
    assert_eq!(answers[1], Ok(Committed::Repeated(outcome.clone())));
    assert_eq!(answers[2], Ok(Committed::Reused));
    assert_eq!(store.head().await.unwrap(), Position(2));
}

#[tokio::test]
async fn a_member_that_cannot_be_written_fails_alone() {
    let fixture = Fixture::new();
    let store = fixture.open();
    let mut broken = fixture.begins("broken");
    let good = fixture.begins("good");
    // An event id that is there already breaks the transaction of the whole group.
    broken.0.changes[0].events[0].event_id = good.0.changes[0].events[0].event_id;
    let answers = together(&fixture, &store, vec![good, broken, fixture.begins("other")]).await;
    assert!(answers[0].is_ok() && answers[2].is_ok(), "{answers:?}");
    assert!(matches!(answers[1], Err(Error::Unavailable { .. })), "{:?}", answers[1]);
    assert_eq!(stored(&store, "broken").await, None);
    assert_eq!(stored(&store, "other").await, Some((0, 1)));
    assert_eq!(findings(&store).await, []);
}

#[tokio::test]
async fn callers_that_went_away_are_written_whole_or_not_at_all() {
    let fixture = Fixture::new();
    let store = fixture.open();
    let mut lock = fixture.beside();
    lock.batch_execute("begin immediate").unwrap();
    for name in ["a", "b", "c"] {
        let mut commit = Box::pin(fixture.begins(name).commit(&store));
        assert!(futures_poll(&mut commit).await.is_none());
        drop(commit);
    }
    lock.batch_execute("rollback").unwrap();
    // The witness: what is committed later was queued behind them.
    version(fixture.begins("last").commit(&store).await);
    assert_eq!(store.head().await.unwrap(), Position(4));
    assert_eq!(findings(&store).await, []);
}

#[tokio::test]
async fn a_full_queue_refuses_and_goes_on() {
    let fixture = Fixture::new();
    let config = portolan_diesel::sqlite::Config { queue: 2, ..fixture.config() };
    let store = fixture.try_open(&config, portolan_diesel::sqlite::OpenMode::ReadWrite).unwrap();
    let mut lock = fixture.beside();
    lock.batch_execute("begin immediate").unwrap();
    let mut waiting = Vec::new();
    let refused = loop {
        let work = fixture.begins(&format!("{}", waiting.len()));
        let mut commit = Box::pin(async { work.commit(&store).await });
        match futures_poll(&mut commit).await {
            None => waiting.push(commit),
            Some(answer) => break answer,
        }
        assert!(waiting.len() < 1_000, "the queue has no bound");
    };
    assert!(matches!(refused, Err(Error::Full(_))), "{refused:?}");
    lock.batch_execute("rollback").unwrap();
    for commit in waiting {
        version(commit.await);
    }
}

#[tokio::test]
async fn closing_writes_what_waits_and_refuses_what_comes() {
    let fixture = Fixture::new();
    let store = fixture.open();
    let mut commit = Box::pin(fixture.begins("a").commit(&store));
    assert!(futures_poll(&mut commit).await.is_none());
    store.close().await.unwrap();
    version(commit.await);
    assert!(matches!(fixture.begins("b").commit(&store).await, Err(Error::Closed(_))));
    assert!(matches!(store.head().await, Err(Error::Closed(_))));
    assert!(matches!(store.changed(Position(1)).await, Err(Error::Closed(_))));
    assert!(!fixture.folder.path().join("store.db-wal").exists(), "the log is left behind");
    assert_eq!(stored(&fixture.open(), "a").await, Some((0, 1)));
}

#[tokio::test]
async fn a_queue_of_large_commits_is_full_by_its_bytes() {
    let fixture = Fixture::new();
    let store = fixture.open();
    let mut lock = fixture.beside();
    lock.batch_execute("begin immediate").unwrap();
    let large = |name: &str| {
        let mut work = fixture.begins(name);
        work.0.changes[0].events[0].payload.push_str(&" ".repeat(8 << 20));
        work
    };
    let mut waiting = Vec::new();
    let mut send = async |work: Work| {
        let store = store.clone();
        let mut commit = Box::pin(async move { work.commit(&store).await });
        let answered = futures_poll(&mut commit).await;
        waiting.push(commit);
        answered
    };
    for number in 0..7 {
        assert!(send(large(&format!("{number}"))).await.is_none(), "{number} has a place");
    }
    let refused = send(large("one too many")).await;
    assert!(matches!(refused, Some(Err(Error::Full(_)))), "{refused:?}");
    assert!(send(fixture.begins("a small one")).await.is_none(), "there is room for it");
    assert_eq!(store.commits_waiting(), 8);
    lock.batch_execute("rollback").unwrap();
    drop(waiting.remove(7));
    for commit in waiting {
        version(commit.await);
    }
    assert_eq!(store.commits_waiting(), 0);
}
