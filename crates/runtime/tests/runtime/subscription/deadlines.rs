//! Deadlines: what ends by itself.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use portolan_kernel::{
    CommandError, Context, Deadline, DeadlineProcess, Error, Position, Receipt, Recorded, Refusal, Schedule,
    Status, Version, reaction_id,
};
use portolan_runtime::Sender;
use portolan_runtime::subscription::{EngineHandle, SubscriptionState};

use super::{SOON, World, shows};
use crate::support::{Add, Happened, noon, on_both_runtimes, start, within};

/// A counter ends as many seconds after noon as were added last; an addition of 1,000 clears that.
struct Ends;

impl DeadlineProcess<Happened> for Ends {
    type Command = Add;

    fn name(&self) -> &'static str {
        "ends"
    }

    fn schedule(&self, event: &Recorded<Happened>) -> Schedule {
        match event.event {
            Happened::Started(_) => Schedule::Keep,
            Happened::Added(1_000) => Schedule::Clear,
            Happened::Added(seconds) => {
                Schedule::At(noon().plus(Duration::from_secs(u64::try_from(seconds).unwrap())))
            }
        }
    }

    fn command(&self, deadline: &Deadline) -> Add {
        Add { counter: deadline.aggregate_id.as_u128(), amount: 0 }
    }

    fn is_done(&self, refusal: &Refusal) -> bool {
        refusal.code == "not_published"
    }
}

/// Writes down what is sent, and answers as told.
#[derive(Default)]
struct Spy {
    sent: Mutex<Vec<(u128, Context)>>,
    answers: Mutex<VecDeque<CommandError>>,
    gate: Option<tokio::sync::Semaphore>,
    at_once: AtomicUsize,
    most_at_once: AtomicUsize,
}

#[async_trait]
impl Sender<Add> for Spy {
    async fn send(&self, command: Add, context: Context) -> Result<Receipt, CommandError> {
        let at_once = self.at_once.fetch_add(1, Ordering::SeqCst) + 1;
        self.most_at_once.fetch_max(at_once, Ordering::SeqCst);
        self.sent.lock().unwrap().push((command.counter, context.clone()));
        if let Some(gate) = &self.gate {
            gate.acquire().await.unwrap().forget();
        }
        self.at_once.fetch_sub(1, Ordering::SeqCst);
        match self.answers.lock().unwrap().pop_front() {
            Some(error) => Err(error),
            None => Ok(Receipt { id: context.command_id, version: Version(1), position: Position(1) }),
        }
    }
}

impl Spy {
    fn counters(&self) -> Vec<u128> {
        self.sent.lock().unwrap().iter().map(|(counter, _)| *counter).collect()
    }

    async fn sent(&self, times: usize) {
        within(async {
            while self.sent.lock().unwrap().len() < times {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        })
        .await;
    }
}

async fn ends(world: &World, counter: u128, seconds: i64) {
    let id = 7_000_000 + counter * 1_000 + u128::try_from(seconds).unwrap();
    world.mediator().send(Add { counter, amount: seconds }, crate::support::context(id)).await.unwrap();
}

async fn started(world: &World, spy: &Arc<Spy>) -> EngineHandle {
    let deadlines = Arc::clone(&world.deadlines) as _;
    let spy = Arc::clone(spy) as Arc<dyn Sender<Add>>;
    world.engine().deadlines(Ends, 1, deadlines, spy).start().await.unwrap()
}

fn refused(code: &'static str) -> CommandError {
    CommandError::Refused(Refusal { code: code.into(), message: String::new(), details: Default::default() })
}

#[test]
fn a_deadline_fires_once_at_its_time_with_its_cause() {
    on_both_runtimes(|| async {
        let world = World::new().await;
        let spy = Arc::new(Spy::default());
        let handle = started(&world, &spy).await;
        ends(&world, 1, 60).await;
        handle.settled(&["ends"], SOON).await.unwrap();
        assert!(spy.counters().is_empty());
        world.clock.advance(Duration::from_secs(60));
        spy.sent(1).await;
        let (_, context) = spy.sent.lock().unwrap()[0].clone();
        let cause = world.store.journal()[1].event_id;
        assert_eq!(context.command_id, reaction_id(cause, "ends", 0));
        assert_eq!(context.causation_id, Some(cause));
        // It goes on with the conversation and the trace of the event that set it.
        let set_by = &world.store.metadata()[1];
        assert_eq!(context.correlation_id, set_by.correlation_id);
        assert!(context.traceparent.is_some() && context.traceparent == set_by.traceparent);
        assert_eq!(context.occurred_at, noon().plus(Duration::from_secs(60)));
        within(async {
            while world.deadlines.len() > 0 {
                tokio::task::yield_now().await;
            }
        })
        .await;
        handle.shutdown(SOON).await.unwrap();
        assert_eq!(spy.counters(), [1]);
    });
}

#[tokio::test(start_paused = true)]
async fn a_deadline_that_is_set_while_the_timer_sleeps_wakes_it() {
    let world = World::new().await;
    let spy = Arc::new(Spy::default());
    let handle = started(&world, &spy).await;
    ends(&world, 1, 3_000).await;
    handle.settled(&["ends"], SOON).await.unwrap();
    start(&world.side, 2).await;
    world.clock.advance(Duration::from_secs(10));
    // Due already when it is set.
    ends(&world, 2, 5).await;
    spy.sent(1).await;
    assert_eq!(spy.counters(), [2]);
}

#[tokio::test(start_paused = true)]
async fn one_that_is_moved_fires_at_its_new_time_and_one_that_is_cleared_never() {
    let world = World::new().await;
    start(&world.side, 2).await;
    let spy = Arc::new(Spy::default());
    let handle = started(&world, &spy).await;
    ends(&world, 1, 10).await;
    ends(&world, 1, 30).await;
    ends(&world, 2, 10).await;
    ends(&world, 2, 1_000).await;
    handle.settled(&["ends"], SOON).await.unwrap();
    world.clock.advance(Duration::from_secs(20));
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert!(spy.counters().is_empty());
    world.clock.advance(Duration::from_secs(10));
    spy.sent(1).await;
    assert_eq!(spy.counters(), [1]);
    assert_eq!(world.deadlines.len(), 0);
}

#[tokio::test(start_paused = true)]
async fn overdue_ones_start_at_once_in_the_order_of_their_time_a_few_together() {
    let world = World::new().await;
    let order: Vec<u128> = vec![5, 3, 9, 2, 8, 4, 7, 6];
    for (place, counter) in order.iter().enumerate() {
        start(&world.side, *counter).await;
        ends(&world, *counter, 10 + i64::try_from(place).unwrap()).await;
    }
    // Slept through.
    world.clock.advance(Duration::from_secs(3_600));
    let spy = Arc::new(Spy { gate: Some(tokio::sync::Semaphore::new(0)), ..Spy::default() });
    let began = tokio::time::Instant::now();
    let handle = started(&world, &spy).await;
    spy.sent(4).await;
    assert!(began.elapsed() < Duration::from_secs(1));
    assert_eq!(spy.counters(), order[..4]);
    spy.gate.as_ref().unwrap().add_permits(100);
    spy.sent(8).await;
    assert_eq!((spy.counters(), spy.most_at_once.load(Ordering::SeqCst)), (order, 4));
    handle.shutdown(SOON).await.unwrap();
    assert_eq!(world.deadlines.len(), 0);
}

#[tokio::test(start_paused = true)]
async fn too_early_is_sent_again_a_little_later_and_done_is_done() {
    let world = World::new().await;
    let spy = Arc::new(Spy::default());
    spy.answers.lock().unwrap().extend([
        refused("not_ended"),
        Error::Full("the queue".to_owned()).into(),
        Error::outcome_unknown("lost").into(),
        refused("not_published"),
    ]);
    ends(&world, 1, 10).await;
    world.clock.advance(Duration::from_secs(10));
    let handle = started(&world, &spy).await;
    spy.sent(4).await;
    handle.shutdown(SOON).await.unwrap();
    let ids: Vec<_> = spy.sent.lock().unwrap().iter().map(|(_, context)| context.command_id).collect();
    assert!(ids.len() == 4 && ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    assert_eq!(world.deadlines.len(), 0);
}

#[tokio::test(start_paused = true)]
async fn one_that_is_refused_for_good_stops_the_subscription_visibly_and_is_not_lost() {
    let world = World::new().await;
    let spy = Arc::new(Spy::default());
    spy.answers.lock().unwrap().extend((0..6).map(|_| refused("not_ended")));
    ends(&world, 1, 10).await;
    world.clock.advance(Duration::from_secs(10));
    let handle = started(&world, &spy).await;
    let shown = shows(&handle, "ends", |state| matches!(state, SubscriptionState::Stopped { .. })).await;
    assert!(
        matches!(&shown.state, SubscriptionState::Stopped { reason } if reason.contains("`not_ended`")),
        "{shown:?}"
    );
    assert_eq!((spy.counters().len(), world.deadlines.len()), (6, 1));
    let id = portolan_kernel::SubscriptionId::new("ends", 1);
    portolan_kernel::Checkpoints::set_status(&*world.checkpoints, &id, Status::Running).await.unwrap();
    spy.sent(7).await;
    handle.shutdown(SOON).await.unwrap();
    assert_eq!(world.deadlines.len(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_cannot_be_written_is_waited_for_without_end() {
    let world = World::new().await;
    let spy = Arc::new(Spy::default());
    spy.answers.lock().unwrap().extend((0..30).map(|_| Error::outcome_unknown("lost").into()));
    ends(&world, 1, 10).await;
    world.clock.advance(Duration::from_secs(10));
    let began = tokio::time::Instant::now();
    let handle = started(&world, &spy).await;
    let retries = |state: &SubscriptionState| matches!(state, SubscriptionState::Retrying { failures, reason } if *failures > 6 && reason.contains("lost"));
    shows(&handle, "ends", retries).await;
    tokio::time::timeout(SOON * 60, async {
        while world.deadlines.len() > 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    })
    .await
    .unwrap();
    // The waits grow as everywhere.
    assert!(spy.counters().len() == 31 && began.elapsed() > Duration::from_secs(10));
    shows(&handle, "ends", |state| *state == SubscriptionState::Running).await;
}

#[tokio::test(start_paused = true)]
async fn nothing_fires_while_it_is_paused() {
    let world = World::new().await;
    let spy = Arc::new(Spy::default());
    let handle = started(&world, &spy).await;
    ends(&world, 1, 10).await;
    handle.settled(&["ends"], SOON).await.unwrap();
    let id = portolan_kernel::SubscriptionId::new("ends", 1);
    portolan_kernel::Checkpoints::set_status(&*world.checkpoints, &id, Status::Paused).await.unwrap();
    shows(&handle, "ends", |state| *state == SubscriptionState::Paused).await;
    world.clock.advance(Duration::from_secs(3_600));
    tokio::time::sleep(Duration::from_secs(30)).await;
    assert!(spy.counters().is_empty());
    portolan_kernel::Checkpoints::set_status(&*world.checkpoints, &id, Status::Running).await.unwrap();
    spy.sent(1).await;
}

#[tokio::test(start_paused = true)]
async fn a_sleeping_timer_asks_the_store_for_nothing() {
    let world = World::new().await;
    let spy = Arc::new(Spy::default());
    let handle = started(&world, &spy).await;
    ends(&world, 1, 3_000).await;
    handle.settled(&["ends"], SOON).await.unwrap();
    tokio::time::sleep(Duration::from_secs(2)).await;
    let looks = world.deadlines.looks.load(Ordering::SeqCst);
    tokio::time::sleep(Duration::from_secs(600)).await;
    assert_eq!(world.deadlines.looks.load(Ordering::SeqCst), looks);
}
