//! The middleware, each by itself and in its chain.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use portolan_kernel::{CommandError, Error, Fingerprint, Kept, Receipt, Result, Version};
use portolan_runtime::middleware::{
    Chain, CommandCall, CommandMiddleware, Idempotency, NextCommand, NextQuery, OneAtATime, QueryCall,
    QueryMiddleware, Retry, Timeout, Trace,
};
use portolan_runtime::{Backoff, Mediator, SystemIds};
use tokio::task::JoinSet;

use crate::mediator::mediator;
use crate::support::{Add, FakeStore, Peek, Service, context, key, on_both_runtimes, within};

const ADD_ONE: Add = Add { counter: 1, amount: 1 };
const QUICK: Backoff = Backoff { first: Duration::from_millis(1), longest: Duration::from_millis(2) };

/// Writes down what it sees, on the way in and on the way out.
struct Seen {
    name: &'static str,
    log: Arc<Mutex<Vec<String>>>,
}

#[async_trait]
impl CommandMiddleware for Seen {
    async fn command(&self, call: CommandCall<'_>, next: NextCommand<'_>) -> Result<Receipt, CommandError> {
        self.log.lock().unwrap().push(format!("{} > {} {}", self.name, call.name, call.target.unwrap()));
        let outcome = next.run(call).await;
        self.log.lock().unwrap().push(format!("{} < {}", self.name, outcome.is_ok()));
        outcome
    }
}

#[async_trait]
impl QueryMiddleware for Seen {
    async fn query(&self, call: QueryCall, next: NextQuery<'_>) -> Result<()> {
        self.log.lock().unwrap().push(format!("{} > {}", self.name, call.name));
        next.run(call).await
    }
}

#[tokio::test]
async fn the_first_in_the_chain_is_the_outermost() {
    let log: Arc<Mutex<Vec<String>>> = Arc::default();
    let seen = |name| Seen { name, log: Arc::clone(&log) };
    let (_, mediator) = mediator(Chain::new().around_both(seen("outer")).around_both(seen("inner"))).await;
    mediator.send(ADD_ONE, context(1)).await.unwrap();
    mediator.ask(Peek(1)).await.unwrap();
    let key = key(1);
    let expected = [
        format!("outer > add {key}"),
        format!("inner > add {key}"),
        "inner < true".to_owned(),
        "outer < true".to_owned(),
        "outer > peek".to_owned(),
        "inner > peek".to_owned(),
    ];
    assert_eq!(*log.lock().unwrap(), expected);
}

/// Answers queries without asking them.
struct Swallow;

#[async_trait]
impl QueryMiddleware for Swallow {
    async fn query(&self, _: QueryCall, _: NextQuery<'_>) -> Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_query_that_a_middleware_swallows_is_an_error_and_no_panic() {
    let (_, mediator) = mediator(Chain::new().around_queries(Swallow)).await;
    assert!(matches!(mediator.ask(Peek(1)).await, Err(Error::Invalid(_))));
}

#[tokio::test]
async fn a_command_without_a_trace_gets_one_and_its_own_is_kept() {
    let chain = || Chain::new().around_commands(Trace::new(Arc::new(SystemIds::new())));
    let (store, mediator) = mediator(chain()).await;
    mediator.send(ADD_ONE, context(1)).await.unwrap();
    let own = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00".to_owned();
    let traced = portolan_kernel::Context { traceparent: Some(own.clone()), ..context(2) };
    mediator.send(ADD_ONE, traced).await.unwrap();
    let parents: Vec<_> =
        store.metadata().into_iter().skip(1).map(|meta| meta.traceparent.unwrap()).collect();
    assert_eq!(parents[1], own);
    let parts: Vec<_> = parents[0].split('-').map(str::len).collect();
    assert_eq!((parts, &parents[0][..3], &parents[0][52..]), (vec![2, 32, 16, 2], "00-", "-01"));
}

/// Starts sends without ending them: the store's gate is closed.
async fn pending(
    mediator: &Mediator<Service>,
    store: &FakeStore,
    ids: &[u128],
) -> JoinSet<Result<Receipt, CommandError>> {
    store.close_gate();
    let begun = store.commits.load(Ordering::SeqCst);
    let mut sends = JoinSet::new();
    for id in ids {
        let (mediator, context) = (mediator.clone(), idempotent(*id));
        sends.spawn(async move { mediator.send(ADD_ONE, context).await });
    }
    within(async {
        while store.commits.load(Ordering::SeqCst) == begun {
            tokio::task::yield_now().await;
        }
    })
    .await;
    sends
}

fn idempotent(id: u128) -> portolan_kernel::Context {
    context(id).idempotent(Fingerprint::of(b"add one"), Kept::Forever)
}

#[test]
fn a_repeat_of_a_running_command_is_in_progress_and_afterwards_answers_its_outcome() {
    on_both_runtimes(|| async {
        let (store, mediator) = mediator(Chain::new().around_commands(Idempotency::new())).await;
        let mut running = pending(&mediator, &store, &[7]).await;
        let second = mediator.send(ADD_ONE, idempotent(7)).await.unwrap_err();
        assert!(matches!(second, CommandError::InProgress { command_id } if command_id.as_u128() == 7));
        store.gate.add_permits(10);
        let first = within(running.join_next()).await.unwrap().unwrap().unwrap();
        assert_eq!(mediator.send(ADD_ONE, idempotent(7)).await.unwrap(), first);
        assert_eq!(store.value(1), Some(1));
    });
}

/// Fails the first calls.
struct Failing {
    error: Error,
    left: AtomicU32,
    calls: Arc<AtomicU32>,
}

#[async_trait]
impl CommandMiddleware for Failing {
    async fn command(&self, call: CommandCall<'_>, next: NextCommand<'_>) -> Result<Receipt, CommandError> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        let fails = self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        if fails.is_ok() {
            return Err(self.error.clone().into());
        }
        next.run(call).await
    }
}

/// How often a command is decided at five attempts, and how it ends.
async fn attempts(
    failures: u32,
    error: Error,
    if_match: Option<u64>,
) -> (u32, Result<Receipt, CommandError>) {
    let calls = Arc::new(AtomicU32::new(0));
    let failing = Failing { error, left: failures.into(), calls: Arc::clone(&calls) };
    let chain = Chain::new().around_commands(Retry::new(5, QUICK)).around_commands(failing);
    let (_, mediator) = mediator(chain).await;
    let context = portolan_kernel::Context { if_match: if_match.map(Version), ..context(1) };
    let outcome = mediator.send(ADD_ONE, context).await;
    (calls.load(Ordering::SeqCst), outcome)
}

fn conflict(expected: u64) -> Error {
    Error::conflict(key(1), Some(Version(expected)), Some(Version(9)))
}

#[tokio::test(start_paused = true)]
async fn a_conflict_is_decided_again_until_the_attempts_are_spent() {
    let (calls, outcome) = attempts(3, conflict(1), None).await;
    assert_eq!((calls, outcome.is_ok()), (4, true));
    let (calls, outcome) = attempts(99, conflict(1), None).await;
    assert_eq!((calls, outcome), (5, Err(conflict(1).into())));
}

#[tokio::test(start_paused = true)]
async fn the_first_two_further_attempts_follow_at_once_and_later_ones_wait() {
    let days = Backoff { first: Duration::from_secs(86_400), longest: Duration::from_secs(86_400) };
    let took = async |failures: u64| {
        let failing = Failing { error: conflict(1), left: (failures as u32).into(), calls: Arc::default() };
        let chain = Chain::new().around_commands(Retry::new(5, days)).around_commands(failing);
        let (_, mediator) = mediator(chain).await;
        let begun = tokio::time::Instant::now();
        mediator.send(ADD_ONE, context(1)).await.unwrap();
        begun.elapsed()
    };
    assert_eq!(took(2).await, Duration::ZERO, "a store may hold its transaction open for them");
    // The wait is drawn from a day: of several one is not nothing.
    assert!(took(4).await > Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_conflict_with_the_version_that_the_caller_named_is_decided_once_more_only() {
    let (calls, outcome) = attempts(99, conflict(1), Some(1)).await;
    assert_eq!((calls, outcome), (2, Err(conflict(1).into())));
    // About another aggregate it is a conflict like any other.
    let other = Error::conflict(key(2), Some(Version(1)), Some(Version(9)));
    let (calls, _) = attempts(99, other, Some(1)).await;
    assert_eq!(calls, 5);
}

#[tokio::test(start_paused = true)]
async fn nothing_but_a_conflict_is_tried_again() {
    let errors = [
        Error::outcome_unknown("lost"),
        Error::unavailable("away"),
        Error::Full("the queue".to_owned()),
        Error::AlreadyExists("it".to_owned()),
    ];
    for error in errors {
        let (calls, outcome) = attempts(99, error.clone(), None).await;
        assert_eq!((calls, outcome), (1, Err(error.into())));
    }
}

#[tokio::test(start_paused = true)]
async fn a_command_that_takes_too_long_has_an_unknown_outcome_and_a_query_none() {
    let (store, mediator) =
        mediator(Chain::new().around_both(Timeout::new(Duration::from_secs(3), Duration::from_secs(1))))
            .await;
    store.close_gate();
    let late = mediator.send(ADD_ONE, context(1)).await.unwrap_err();
    assert!(matches!(late, CommandError::Failed(Error::Unavailable { outcome_unknown: true, .. })), "{late}");
    *store.slow_query.lock().unwrap() = true;
    let late = mediator.ask(Peek(1)).await.unwrap_err();
    assert!(matches!(late, Error::Unavailable { outcome_unknown: false, .. }), "{late}");
}

/// A queue in which nobody's turn comes.
struct Stuck;

#[async_trait]
impl CommandMiddleware for Stuck {
    async fn command(&self, _: CommandCall<'_>, _: NextCommand<'_>) -> Result<Receipt, CommandError> {
        std::future::pending().await
    }
}

#[tokio::test(start_paused = true)]
async fn a_command_that_is_not_with_the_store_when_its_time_is_over_was_certainly_not_done() {
    let timeout =
        || Chain::new().around_commands(Timeout::new(Duration::from_secs(3), Duration::from_secs(1)));
    let is_certain = |late: &CommandError| {
        matches!(late, CommandError::Failed(Error::Unavailable { outcome_unknown: false, .. }))
    };
    let (store, stuck) = mediator(timeout().around_commands(Stuck)).await;
    let late = stuck.send(ADD_ONE, context(1)).await.unwrap_err();
    assert!(is_certain(&late) && store.value(1) == Some(0), "{late}");

    // What the store answered with a conflict is not in doubt while the next attempt waits.
    let minutes = Backoff { first: Duration::from_secs(600), longest: Duration::from_secs(600) };
    let (store, retrying) = mediator(timeout().around_commands(Retry::new(100, minutes))).await;
    store.commit_faults.lock().unwrap().extend((0..100).map(|_| conflict(1)));
    let late = retrying.send(ADD_ONE, context(1)).await.unwrap_err();
    assert!(is_certain(&late) && store.commit_faults.lock().unwrap().len() < 100, "{late}");
}

#[test]
fn commands_on_one_aggregate_run_in_the_order_of_their_arrival_without_conflict() {
    on_both_runtimes(|| async {
        let (store, mediator) = mediator(Chain::new().around_commands(OneAtATime::new(100))).await;
        let ids: Vec<u128> = (1..=50).collect();
        let mut sends = JoinSet::new();
        store.close_gate();
        for id in &ids {
            let (mediator, context) = (mediator.clone(), context(*id));
            let mut send = Box::pin(async move { mediator.send(ADD_ONE, context).await });
            // Polled once here, so that they arrive in this order; then anybody may go on.
            std::future::poll_fn(|polled| {
                assert!(send.as_mut().poll(polled).is_pending());
                std::task::Poll::Ready(())
            })
            .await;
            sends.spawn(send);
        }
        store.gate.add_permits(1_000);
        while let Some(sent) = within(sends.join_next()).await {
            sent.unwrap().unwrap();
        }
        let order: Vec<_> = store.metadata().iter().skip(1).map(|meta| meta.command_id.as_u128()).collect();
        assert_eq!(order, ids);
    });
}

#[tokio::test]
async fn without_it_the_same_commands_conflict() {
    let (store, mediator) = mediator(Chain::new()).await;
    let mut sends = pending(&mediator, &store, &[1, 2, 3]).await;
    store.gate.add_permits(10);
    let mut conflicts = 0;
    while let Some(sent) = within(sends.join_next()).await {
        conflicts += u32::from(matches!(sent.unwrap(), Err(CommandError::Failed(Error::Conflict { .. }))));
    }
    assert_eq!(conflicts, 2);
}

#[tokio::test]
async fn commands_on_different_aggregates_do_not_wait_for_each_other() {
    let (store, mediator) = mediator(Chain::new().around_commands(OneAtATime::new(100))).await;
    crate::support::start(mediator.write_side(), 2).await;
    let mut running = pending(&mediator, &store, &[1]).await;
    let other = mediator.send(Add { counter: 2, amount: 0 }, context(2));
    within(other).await.unwrap();
    store.gate.add_permits(10);
    within(running.join_next()).await.unwrap().unwrap().unwrap();
}

#[tokio::test]
async fn too_many_waiting_for_one_aggregate_are_refused_and_those_who_left_keep_no_place() {
    let (store, mediator) = mediator(Chain::new().around_commands(OneAtATime::new(2))).await;
    let mut running = pending(&mediator, &store, &[1]).await;
    let waiting: Vec<_> = [2, 3]
        .map(|id| {
            let mediator = mediator.clone();
            tokio::spawn(async move { mediator.send(ADD_ONE, context(id)).await })
        })
        .into();
    tokio::task::yield_now().await;
    let refused = mediator.send(ADD_ONE, context(4)).await.unwrap_err();
    assert!(matches!(refused, CommandError::Failed(Error::Full(_))), "{refused}");
    for left in waiting {
        left.abort();
        assert!(left.await.unwrap_err().is_cancelled());
    }
    let next = tokio::spawn({
        let mediator = mediator.clone();
        async move { mediator.send(ADD_ONE, context(5)).await }
    });
    tokio::task::yield_now().await;
    store.gate.add_permits(10);
    within(running.join_next()).await.unwrap().unwrap().unwrap();
    within(next).await.unwrap().unwrap();
    assert_eq!(store.value(1), Some(2));
}
