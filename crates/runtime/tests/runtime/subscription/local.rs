//! Views and handlers of domain events.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

use portolan_kernel::{Error, Position, Projection};
use portolan_runtime::subscription::{EventMap, NotCaughtUp, SubscriptionKind, SubscriptionState};

use super::{SOON, World, shows, status};
use crate::support::{Fault, Happened, Logs, Witness, on_both_runtimes, within};

fn view(witness: &Arc<Witness>) -> Arc<dyn Projection<Happened>> {
    Arc::clone(witness) as Arc<dyn Projection<Happened>>
}

fn broken() -> Fault {
    Fault::Fails(Error::Invalid("broken".to_owned()))
}

#[test]
fn views_catch_up_together_decoding_once_and_then_follow() {
    on_both_runtimes(|| async {
        let world = World::new().await;
        world.add(99).await;
        let views = [Witness::new("a", 0), Witness::new("b", 0), Witness::new("c", 0)];
        let progress: Arc<Mutex<Vec<(u64, u64)>>> = Arc::default();
        let seen = Arc::clone(&progress);
        let mut engine = world
            .engine()
            .on_progress(move |at| seen.lock().unwrap().push((at.position.get(), at.head.get())));
        for witness in &views {
            engine = engine.view(view(witness));
        }
        let handle = engine.start().await.unwrap();
        let names: Vec<_> = handle.names(SubscriptionKind::Local).collect();
        assert_eq!(names, ["a", "b", "c"]);
        handle.caught_up(names, Position(100), SOON).await.unwrap();
        assert_eq!(world.decoder.decoded.load(Ordering::SeqCst), 100);
        world.add(20).await;
        for witness in &views {
            witness.at(120).await;
            assert_eq!(witness.got(), (1..=120).collect::<Vec<_>>());
        }
        let expected: Vec<_> = (1..=10).map(|n| (n * 10, 100)).collect();
        assert_eq!(*progress.lock().unwrap(), expected);
        handle.shutdown(SOON).await.unwrap();
        assert_eq!(status(&handle, "a").await.state, SubscriptionState::Ended);
    });
}

#[tokio::test]
async fn a_view_begins_where_it_is() {
    let world = World::new().await;
    world.add(9).await;
    let (ahead, behind) = (Witness::new("ahead", 7), Witness::new("behind", 0));
    let engine = world.engine().view(view(&ahead)).view(view(&behind));
    let handle = engine.start().await.unwrap();
    handle.caught_up(["ahead", "behind"], Position(10), SOON).await.unwrap();
    assert_eq!((ahead.got(), behind.got()), (vec![8, 9, 10], (1..=10).collect()));
}

#[tokio::test]
async fn a_view_whose_journal_was_away_runs_again_though_nothing_happens() {
    let world = World::new().await;
    let away = [Error::unavailable("away"), Error::unavailable("away")];
    world.store.wait_faults.lock().unwrap().extend(away);
    let witness = Witness::new("a", 0);
    let handle = world.engine().view(view(&witness)).start().await.unwrap();
    handle.caught_up(["a"], Position(1), SOON).await.unwrap();
    within(async {
        while !world.store.wait_faults.lock().unwrap().is_empty()
            || status(&handle, "a").await.state != SubscriptionState::Running
        {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_batch_never_ends_inside_a_commit() {
    let world = World::new().await;
    for n in 2..40 {
        let unit = world.side.begin(crate::support::context(n));
        let id = portolan_kernel::Id::from_uuid(uuid_of(n));
        let events = vec![Happened::Started(id), Happened::Added(1), Happened::Added(2)];
        unit.repository::<crate::support::Counter>().add(events).unwrap();
        unit.commit(crate::support::key(n)).await.unwrap();
    }
    let witness = Witness::new("a", 0);
    let handle = world.engine().view(view(&witness)).start().await.unwrap();
    handle.caught_up(["a"], Position(world.head()), SOON).await.unwrap();
    let ends: Vec<_> = witness.batches.lock().unwrap().iter().map(|(to, _)| *to).collect();
    assert!(ends.len() > 5 && ends.iter().all(|to| (to - 1) % 3 == 0), "{ends:?}");
}

fn uuid_of(n: u128) -> uuid::Uuid {
    crate::support::key(n).id
}

#[tokio::test(start_paused = true)]
async fn a_view_that_fails_for_a_while_misses_nothing_and_holds_nobody_up() {
    let world = World::new().await;
    world.add(49).await;
    let (good, bad) = (Witness::new("good", 0), Witness::new("bad", 0));
    bad.fail(2, broken);
    bad.fail(1, || Fault::Panics);
    let handle = world.engine().view(view(&good)).view(view(&bad)).start().await.unwrap();
    good.at(50).await;
    assert!(bad.got().is_empty());
    handle.caught_up(["bad"], Position(50), SOON * 10).await.unwrap();
    assert_eq!(bad.got(), (1..=50).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn a_view_that_goes_on_failing_stops_visibly_and_alone() {
    let world = World::new().await;
    let (good, bad) = (Witness::new("good", 0), Witness::new("bad", 0));
    let handle = world.engine().view(view(&good)).view(view(&bad)).start().await.unwrap();
    handle.caught_up(["good", "bad"], Position(1), SOON).await.unwrap();
    bad.fail(1_000, broken);
    world.add(3).await;
    good.at(4).await;
    let error = handle.caught_up(["good", "bad"], Position(4), SOON * 10).await.unwrap_err();
    assert!(matches!(&error, NotCaughtUp::Stopped { name, .. } if name == "bad"), "{error}");
    let shown = status(&handle, "bad").await;
    assert_eq!((shown.position, shown.lag, shown.kind), (Position(1), 3, SubscriptionKind::Local));
    assert!(
        matches!(&shown.state, SubscriptionState::Stopped { reason } if reason == "behind position 1: broken"),
        "{shown:?}"
    );
    // Six attempts as set, no more.
    assert_eq!(bad.faults.lock().unwrap().len(), 1_000 - 6);
}

#[tokio::test(start_paused = true)]
async fn an_event_that_does_not_decode_stops_those_who_come_to_it_and_is_not_passed() {
    for unreadable in ["Unknown", "Panics"] {
        let world = World::new().await;
        world.add(4).await;
        world.store.append(unreadable, "{}");
        world.store.append("Added", "1");
        let (from_start, later) = (Witness::new("a", 0), Witness::new("b", 6));
        let handle = world.engine().view(view(&from_start)).view(view(&later)).start().await.unwrap();
        let shown = shows(&handle, "a", |state| matches!(state, SubscriptionState::Stopped { .. })).await;
        let SubscriptionState::Stopped { reason } = shown.state else { unreachable!() };
        assert!(reason.starts_with("behind position 5: ") && reason.contains("position"), "{reason}");
        assert_eq!(from_start.got(), [1, 2, 3, 4, 5]);
        handle.caught_up(["b"], Position(7), SOON).await.unwrap();
        assert_eq!(later.got(), [7]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_journal_that_cannot_be_read_is_waited_for_without_end() {
    let world = World::new().await;
    let away = (0..40).map(|_| Error::unavailable("away"));
    world.store.read_faults.lock().unwrap().extend(away);
    let witness = Witness::new("a", 0);
    let handle = world.engine().view(view(&witness)).start().await.unwrap();
    shows(
        &handle,
        "a",
        |state| matches!(state, SubscriptionState::Retrying { reason, .. } if reason == "away"),
    )
    .await;
    handle.caught_up(["a"], Position(1), SOON * 60).await.unwrap();
    assert_eq!(witness.got(), [1]);
}

#[test]
fn several_handlers_get_each_event_in_their_order_from_the_start_on() {
    on_both_runtimes(|| async {
        let world = World::new().await;
        world.add(5).await;
        let log: Arc<Mutex<Vec<String>>> = Arc::default();
        let last = Witness::new("last", 0);
        let logs = |name| Logs { name, log: Arc::clone(&log), witness: Arc::clone(&last) };
        let map = EventMap::new("notes")
            .every(logs("first"))
            .on(|event| matches!(event, Happened::Started(_)), logs("starts"))
            .every(logs("last"));
        assert_eq!(map.handlers().collect::<Vec<_>>(), ["first", "starts", "last"]);
        let handle = world.engine().handlers(map).start().await.unwrap();
        world.add(1).await;
        crate::support::start(&world.side, 2).await;
        handle.caught_up(["notes"], Position(8), SOON).await.unwrap();
        assert_eq!(*log.lock().unwrap(), ["first 7", "last 7", "first 8", "starts 8", "last 8"]);
    });
}

#[tokio::test(start_paused = true)]
async fn after_a_failure_the_handlers_before_are_not_called_again() {
    let world = World::new().await;
    let log: Arc<Mutex<Vec<String>>> = Arc::default();
    let (good, bad) = (Witness::new("good", 0), Witness::new("bad", 0));
    bad.fail(2, broken);
    bad.fail(1, || Fault::Panics);
    let logs =
        |name, witness: &Arc<Witness>| Logs { name, log: Arc::clone(&log), witness: Arc::clone(witness) };
    let map = EventMap::new("notes").every(logs("good", &good)).every(logs("bad", &bad));
    let handle = world.engine().handlers(map).start().await.unwrap();
    world.add(2).await;
    handle.caught_up(["notes"], Position(3), SOON * 10).await.unwrap();
    assert_eq!(*log.lock().unwrap(), ["good 2", "bad 2", "good 3", "bad 3"]);
}

#[tokio::test]
async fn an_idle_engine_reads_nothing() {
    let world = World::new().await;
    let witness = Witness::new("a", 0);
    let handle = world.engine().view(view(&witness)).start().await.unwrap();
    handle.caught_up(["a"], Position(1), SOON).await.unwrap();
    let reads = world.store.reads.load(Ordering::SeqCst);
    for _ in 0..1_000 {
        tokio::task::yield_now().await;
    }
    assert_eq!(world.store.reads.load(Ordering::SeqCst), reads);
    world.add(1).await;
    witness.at(2).await;
    assert_eq!(world.store.reads.load(Ordering::SeqCst), reads + 1);
}

#[tokio::test]
async fn dropping_the_handle_ends_everything() {
    let world = World::new().await;
    let witness = Witness::new("a", 0);
    let handle = world.engine().view(view(&witness)).start().await.unwrap();
    witness.at(1).await;
    drop(handle);
    within(async {
        while Arc::strong_count(&witness) > 1 {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn two_subscriptions_of_one_name_are_refused() {
    let world = World::new().await;
    let engine = world.engine().view(view(&Witness::new("a", 0))).handlers(EventMap::new("a"));
    assert!(matches!(engine.start().await, Err(Error::Invalid(message)) if message.contains("`a`")));
}
