//! Copies of hot aggregates: fast, bounded, and never wrong.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use portolan_kernel::{CommandError, Error, Origin, Result, Version, WriteStore};
use portolan_runtime::middleware::Chain;
use portolan_runtime::{Cached, Mediator};

use crate::mediator::full;
use crate::support::{Add, FakeStore, Service, context, key, registry, start, within, write_side};

/// A cache and a mediator on a store that others use too, as processes share a database.
fn process(store: &Arc<FakeStore>, chain: Chain) -> (Arc<Cached<Arc<FakeStore>>>, Mediator<Service>) {
    let cached = Arc::new(Cached::new(Arc::clone(store), registry(), 1_000));
    let side = write_side(Arc::clone(&cached) as Arc<dyn WriteStore>);
    (cached, Mediator::new(Service { store: Arc::clone(store) }, side, chain))
}

fn add(amount: i64) -> Add {
    Add { counter: 1, amount }
}

fn is_refused(outcome: &Result<portolan_kernel::Receipt, CommandError>, with: &str) -> bool {
    matches!(outcome, Err(CommandError::Refused(refusal)) if refusal.code == with)
}

#[tokio::test]
async fn a_hot_aggregate_is_loaded_once_also_across_refusals() {
    let store = Arc::new(FakeStore::default());
    let (cached, mediator) = process(&store, full());
    start(mediator.write_side(), 1).await;
    for n in 1..=20 {
        mediator.send(add(1), context(n)).await.unwrap();
        assert!(is_refused(&mediator.send(add(-100), context(100 + n)).await, "negative"));
    }
    assert_eq!((store.value(1), store.loads(), cached.kept()), (Some(20), 0, (1, 20)));
}

#[tokio::test]
async fn a_copy_that_is_behind_does_not_refuse() {
    let store = Arc::new(FakeStore::default());
    let ((_, here), (_, there)) = (process(&store, full()), process(&store, full()));
    start(here.write_side(), 1).await;
    there.send(add(5), context(1)).await.unwrap();
    // The copy here says 0, and 0 - 5 would be refused.
    here.send(add(-5), context(2)).await.unwrap();
    assert_eq!(store.value(1), Some(0));
}

#[tokio::test]
async fn a_copy_that_is_behind_does_not_say_that_there_is_nothing_to_do() {
    let store = Arc::new(FakeStore::default());
    let ((_, here), (_, there)) = (process(&store, full()), process(&store, full()));
    start(here.write_side(), 1).await;
    there.send(add(5), context(1)).await.unwrap();
    let receipt = here.send(add(0), context(2)).await.unwrap();
    assert_eq!(receipt.version, Version(2));
}

#[tokio::test]
async fn a_copy_that_is_behind_is_not_committed_on() {
    let store = Arc::new(FakeStore::default());
    let ((_, here), (_, there)) = (process(&store, Chain::new()), process(&store, Chain::new()));
    start(here.write_side(), 1).await;
    there.send(add(5), context(1)).await.unwrap();
    let conflict = here.send(add(1), context(2)).await.unwrap_err();
    assert!(
        matches!(conflict, CommandError::Failed(Error::Conflict { expected: 1, actual: 2, .. })),
        "{conflict}"
    );
    // The conflict has dropped it.
    here.send(add(1), context(3)).await.unwrap();
    assert_eq!(store.value(1), Some(6));
}

/// What the cache answers, and where from.
async fn copy(cached: &Cached<Arc<FakeStore>>) -> Option<(i64, Version, Origin)> {
    let loaded = cached.load(key(1)).await.unwrap()?;
    let counter: &crate::support::Counter = portolan_kernel::downcast(&loaded.state).unwrap();
    Some((counter.value, loaded.version, loaded.origin))
}

#[tokio::test]
async fn a_copy_is_brought_up_to_what_others_have_committed() {
    let store = Arc::new(FakeStore::default());
    let ((cached, here), (_, there)) = (process(&store, full()), process(&store, full()));
    start(here.write_side(), 1).await;
    for n in 1..=3 {
        there.send(add(5), context(n)).await.unwrap();
    }
    assert_eq!(copy(&cached).await, Some((0, Version(1), Origin::Kept)));
    // From its own beginning on, of which it knows, and twice.
    store.tell(0..3);
    assert_eq!(copy(&cached).await, Some((10, Version(3), Origin::Kept)));
    store.tell(0..3);
    store.tell(3..4);
    assert_eq!(copy(&cached).await, Some((15, Version(4), Origin::Kept)));
    let loads = store.loads();
    here.send(add(1), context(4)).await.unwrap();
    assert_eq!((store.value(1), store.loads()), (Some(16), loads));
}

#[tokio::test]
async fn a_copy_whose_history_has_a_gap_or_an_end_is_forgotten() {
    let store = Arc::new(FakeStore::default());
    let ((cached, here), (_, there)) = (process(&store, full()), process(&store, full()));
    start(here.write_side(), 1).await;
    for n in 1..=2 {
        there.send(add(5), context(n)).await.unwrap();
    }
    store.tell(2..3);
    assert_eq!(cached.kept().0, 0);
    assert_eq!(copy(&cached).await, Some((10, Version(3), Origin::Stored)));
    // As a removal is written, which the store itself does not know of.
    store.append(portolan_kernel::REMOVED, "{}");
    store.tell(3..4);
    assert_eq!(cached.kept().0, 0);
    // What does not read ends a copy too, and no more.
    copy(&cached).await;
    store.append("Unknown", "{}");
    store.tell(3..5);
    assert_eq!(cached.kept().0, 0);
}

#[tokio::test]
async fn an_event_that_panics_ends_its_copy_and_neither_the_cache_nor_who_tells_it() {
    let store = Arc::new(FakeStore::default());
    let (cached, here) = process(&store, full());
    start(here.write_side(), 1).await;
    here.send(add(5), context(1)).await.unwrap();
    assert_eq!(cached.kept().0, 1);
    // More than a counter can count.
    store.append("Added", &i64::MAX.to_string());
    store.tell(2..3);
    assert_eq!(cached.kept().0, 0);
    start(here.write_side(), 2).await;
    assert_eq!(cached.load(key(2)).await.unwrap().unwrap().origin, Origin::Kept);
}

#[tokio::test]
async fn the_version_that_the_caller_names_is_compared_with_the_stores_not_with_the_copys() {
    let store = Arc::new(FakeStore::default());
    let ((_, here), (_, there)) = (process(&store, Chain::new()), process(&store, full()));
    start(here.write_side(), 1).await;
    there.send(add(5), context(1)).await.unwrap();
    let naming = |id, version| portolan_kernel::Context { if_match: Some(Version(version)), ..context(id) };
    here.send(add(1), naming(2, 2)).await.unwrap();
    there.send(add(1), naming(3, 3)).await.unwrap();
    // Here the copy is at 3 as well, the store at 4.
    let (_, retrying) = process(&store, full());
    let stale = retrying.send(add(1), naming(4, 3)).await.unwrap_err();
    assert!(matches!(stale, CommandError::Failed(Error::Conflict { expected: 3, actual: 4, .. })), "{stale}");
}

#[tokio::test]
async fn a_commit_that_fails_or_is_abandoned_forgets_and_one_that_nobody_looked_at_does_not() {
    let store = Arc::new(FakeStore::default());
    let (cached, mediator) = process(&store, Chain::new());
    start(mediator.write_side(), 1).await;
    let fail_with = |error: Error| store.commit_faults.lock().unwrap().push_back(error);
    fail_with(Error::Full("the queue".to_owned()));
    mediator.send(add(1), context(1)).await.unwrap_err();
    assert_eq!(cached.kept().0, 1);
    fail_with(Error::outcome_unknown("lost"));
    mediator.send(add(1), context(2)).await.unwrap_err();
    assert_eq!(cached.kept().0, 0);

    mediator.send(add(1), context(3)).await.unwrap();
    assert_eq!(cached.kept().0, 1);
    store.close_gate();
    let begun = store.commits.load(Ordering::SeqCst);
    let abandoned = tokio::spawn({
        let mediator = mediator.clone();
        async move { mediator.send(add(1), context(4)).await }
    });
    while store.commits.load(Ordering::SeqCst) == begun {
        tokio::task::yield_now().await;
    }
    abandoned.abort();
    within(abandoned).await.unwrap_err();
    assert_eq!(cached.kept().0, 0);
}

#[tokio::test]
async fn what_is_not_committed_never_shows_in_the_copy() {
    let store = Arc::new(FakeStore::default());
    let (cached, mediator) = process(&store, Chain::new());
    start(mediator.write_side(), 1).await;
    let unit = mediator.write_side().begin(context(1));
    let counter: portolan_kernel::Handle<crate::support::Counter> =
        unit.repository().get(portolan_kernel::Id::from_uuid(key(1).id)).await.unwrap().unwrap();
    counter.execute(|_| Ok::<_, Error>(vec![crate::support::Happened::Added(7)])).unwrap();
    drop(unit);
    let loaded = cached.load(key(1)).await.unwrap().unwrap();
    let kept: &crate::support::Counter = portolan_kernel::downcast(&loaded.state).unwrap();
    assert_eq!((loaded.origin, loaded.version, kept.value), (Origin::Kept, Version(1), 0));
}

#[tokio::test]
async fn an_older_version_is_never_put_over_a_newer_one() {
    let store = Arc::new(FakeStore::default());
    let (cached, mediator) = process(&store, full());
    start(mediator.write_side(), 1).await;
    cached.forget(key(1));
    // This load reads version 1 and then waits; meanwhile version 2 is committed and kept.
    let mut slow = Box::pin(cached.load(key(1)));
    std::future::poll_fn(|polled| {
        assert!(slow.as_mut().poll(polled).is_pending());
        std::task::Poll::Ready(())
    })
    .await;
    mediator.send(add(1), context(1)).await.unwrap();
    slow.await.unwrap();
    assert_eq!(cached.load(key(1)).await.unwrap().unwrap().version, Version(2));
}

#[tokio::test]
async fn the_cache_stays_within_its_capacity() {
    let store = Arc::new(FakeStore::default());
    let (cached, mediator) = process(&store, Chain::new());
    for n in 1..=5_000 {
        start(mediator.write_side(), n).await;
    }
    let (aggregates, weight) = cached.kept();
    assert!(aggregates > 500 && weight <= 1_000, "{aggregates} aggregates of weight {weight}");
}

#[tokio::test]
async fn aggregates_that_grow_push_others_out() {
    let store = Arc::new(FakeStore::default());
    let (cached, mediator) = process(&store, Chain::new());
    for n in 1..=100 {
        start(mediator.write_side(), n).await;
    }
    assert_eq!(cached.kept(), (100, 100));
    for n in 1..=100 {
        mediator.send(Add { counter: n, amount: 40 }, context(n)).await.unwrap();
    }
    let (aggregates, weight) = cached.kept();
    assert!((10..=25).contains(&aggregates) && weight <= 1_000, "{aggregates} aggregates of weight {weight}");
}
