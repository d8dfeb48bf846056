//! Processes that send commands.

use std::sync::Arc;

use portolan_kernel::{Position, Process, Recorded, Refusal, Status, reaction_id};
use portolan_runtime::subscription::{NotCaughtUp, SubscriptionState};

use super::{SOON, World, shows, status};
use crate::support::{Add, Happened, noon, on_both_runtimes, start, within};

/// For each addition to counter 1, adds the same to counters 2 and 3.
pub struct Mirror;

impl Process<Happened> for Mirror {
    type Command = Add;

    fn name(&self) -> &'static str {
        "mirror"
    }

    fn react(&self, event: &Recorded<Happened>) -> Vec<Add> {
        match event.event {
            Happened::Added(amount) if event.aggregate_id.as_u128() == 1 => {
                vec![Add { counter: 2, amount }, Add { counter: 3, amount }]
            }
            _ => vec![],
        }
    }

    fn is_done(&self, refusal: &Refusal) -> bool {
        refusal.code == "negative"
    }
}

async fn world() -> World {
    let world = World::new().await;
    start(&world.side, 2).await;
    start(&world.side, 3).await;
    world
}

#[test]
fn each_command_of_an_event_happens_once_whatever_is_repeated() {
    on_both_runtimes(|| async {
        let world = world().await;
        world.add(5).await;
        let engine = || world.engine().process(Mirror, 1, world.mediator());
        let first = engine().start().await.unwrap();
        first.settled(&["mirror"], SOON).await.unwrap();
        first.shutdown(SOON).await.unwrap();
        assert_eq!((world.store.value(2), world.store.value(3)), (Some(5), Some(5)));
        let head = world.head();
        assert_eq!(world.checkpoints.position("mirror"), Position(head));

        let reset =
            portolan_kernel::Reset { to: Position(0), by: "a test".to_owned(), reason: "to see".to_owned() };
        portolan_kernel::Checkpoints::reset(
            &*world.checkpoints,
            &portolan_kernel::SubscriptionId::new("mirror", 1),
            &reset,
        )
        .await
        .unwrap();
        let second = engine().start().await.unwrap();
        second.settled(&["mirror"], SOON).await.unwrap();
        assert_eq!((world.store.value(2), world.head()), (Some(5), head));
    });
}

/// For each addition to a counter up to this one, adds the same to the next; behind it comes the first again where
/// it goes round.
struct Relay {
    last: u128,
    round: bool,
}

impl Process<Happened> for Relay {
    type Command = Add;

    fn name(&self) -> &'static str {
        "relay"
    }

    fn react(&self, event: &Recorded<Happened>) -> Vec<Add> {
        let from = event.aggregate_id.as_u128();
        match event.event {
            Happened::Added(amount) if from < self.last => vec![Add { counter: from + 1, amount }],
            Happened::Added(amount) if self.round => vec![Add { counter: 1, amount }],
            _ => vec![],
        }
    }

    fn is_done(&self, _: &Refusal) -> bool {
        false
    }
}

#[tokio::test]
async fn settled_waits_for_what_the_processes_caused_and_not_for_busy_writers() {
    let world = world().await;
    let handle =
        world.engine().process(Relay { last: 3, round: false }, 1, world.mediator()).start().await.unwrap();
    world.add(2).await;
    world.store.busy_heads.store(1_000, std::sync::atomic::Ordering::SeqCst);
    handle.settled(&["relay"], SOON).await.unwrap();
    assert_eq!((world.store.value(2), world.store.value(3)), (Some(2), Some(2)));
    // It has seen the head move for a few rounds, and then there was nothing that a process had caused.
    let left = world.store.busy_heads.load(std::sync::atomic::Ordering::SeqCst);
    assert!(left >= 990, "the head was read {} times", 1_000 - left);
}

#[tokio::test]
async fn settled_ends_beside_processes_that_keep_each_other_going() {
    let world = world().await;
    let handle =
        world.engine().process(Relay { last: 3, round: true }, 1, world.mediator()).start().await.unwrap();
    world.add(1).await;
    let head = within(handle.settled(&["relay"], SOON)).await.unwrap();
    assert!(head >= Position(4 + 8), "it followed the chain only to {head}");
}

#[tokio::test]
async fn a_command_carries_its_cause_and_the_time_of_the_event() {
    let world = world().await;
    world.add(1).await;
    let handle = world.engine().process(Mirror, 1, world.mediator()).start().await.unwrap();
    handle.settled(&["mirror"], SOON).await.unwrap();
    let (journal, metadata) = (world.store.journal(), world.store.metadata());
    let (cause, caused) = (&journal[3], &journal[4]);
    assert_eq!(metadata[4].command_id, reaction_id(cause.event_id, "mirror", 0));
    assert_eq!(metadata[5].command_id, reaction_id(cause.event_id, "mirror", 1));
    assert_eq!(metadata[4].causation_id, Some(cause.event_id));
    assert_eq!(metadata[4].correlation_id, metadata[3].correlation_id);
    assert_eq!(metadata[4].traceparent, metadata[3].traceparent);
    assert!(metadata[4].traceparent.is_some());
    assert_eq!((caused.occurred_at, metadata[4].kept), (noon(), Some(portolan_kernel::Kept::Forever)));
}

#[tokio::test(start_paused = true)]
async fn a_refusal_that_says_done_counts_as_done() {
    let world = world().await;
    // Counters 2 and 3 are at 0: taking away from them is refused as `negative`.
    world.store.append("Added", "-1");
    let handle = world.engine().process(Mirror, 1, world.mediator()).start().await.unwrap();
    handle.settled(&["mirror"], SOON).await.unwrap();
    assert_eq!(world.store.value(2), Some(0));
}

#[tokio::test(start_paused = true)]
async fn a_refusal_that_is_none_stops_the_process_at_once_and_a_resume_goes_on() {
    let world = World::new().await;
    world.add(1).await;
    let handle = world.engine().process(Mirror, 1, world.mediator()).start().await.unwrap();
    let shown = shows(&handle, "mirror", |state| matches!(state, SubscriptionState::Stopped { .. })).await;
    assert_eq!(shown.position, Position(1));
    let Status::Stopped { reason } = world.checkpoints.status("mirror") else { panic!("not stopped") };
    assert!(reason.contains("behind position 1: the command `add` for the event at position 2"), "{reason}");
    assert!(reason.contains("`not_found`"), "{reason}");
    let error = handle.caught_up(["mirror"], Position(2), SOON).await.unwrap_err();
    assert!(matches!(error, NotCaughtUp::Stopped { .. }), "{error}");
    let id = portolan_kernel::SubscriptionId::new("mirror", 1);
    let step = portolan_kernel::Advance::new(&id, Position(1), Position(2)).under(portolan_kernel::Epoch(1));
    portolan_kernel::Checkpoints::advance(&*world.checkpoints, &step).await.unwrap();
    portolan_kernel::Checkpoints::set_status(&*world.checkpoints, &id, Status::Running).await.unwrap();
    shows(&handle, "mirror", |state| *state == SubscriptionState::Running).await;
    assert_eq!(status(&handle, "mirror").await.position, Position(2));
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_full_is_waited_for_and_failures_are_tried_again() {
    let world = world().await;
    world.add(1).await;
    {
        let mut faults = world.store.commit_faults.lock().unwrap();
        faults.extend((0..20).map(|_| portolan_kernel::Error::Full("the queue".to_owned())));
        faults.extend((0..4).map(|_| portolan_kernel::Error::outcome_unknown("lost")));
    }
    let handle = world.engine().process(Mirror, 1, world.mediator()).start().await.unwrap();
    handle.settled(&["mirror"], SOON * 60).await.unwrap();
    assert_eq!((world.store.value(2), world.store.value(3)), (Some(1), Some(1)));
}

#[tokio::test(start_paused = true)]
async fn a_store_that_cannot_be_written_is_waited_for_without_end() {
    let world = world().await;
    world.add(1).await;
    {
        let mut faults = world.store.commit_faults.lock().unwrap();
        faults.extend((0..50).map(|_| portolan_kernel::Error::unavailable("the disk is full")));
        faults.extend((0..50).map(|_| portolan_kernel::Error::outcome_unknown("lost")));
    }
    let handle = world.engine().process(Mirror, 1, world.mediator()).start().await.unwrap();
    let retries = |state: &SubscriptionState| matches!(state, SubscriptionState::Retrying { failures, .. } if *failures > 6);
    let shown = shows(&handle, "mirror", retries).await;
    assert!(format!("{:?}", shown.state).contains("the disk is full"), "{shown:?}");
    handle.settled(&["mirror"], SOON * 60).await.unwrap();
    assert_eq!((world.store.value(2), world.store.value(3)), (Some(1), Some(1)));
}

#[tokio::test(start_paused = true)]
async fn the_attempts_are_spent_in_seconds() {
    let world = world().await;
    world.add(1).await;
    let wrong = (0..1_000).map(|_| portolan_kernel::Error::Invalid("wrong".to_owned()));
    world.store.commit_faults.lock().unwrap().extend(wrong);
    let handle = world.engine().process(Mirror, 1, Arc::clone(&world.mediator()) as _).start().await.unwrap();
    let began = tokio::time::Instant::now();
    shows(&handle, "mirror", |state| matches!(state, SubscriptionState::Stopped { .. })).await;
    assert_eq!(world.store.commit_faults.lock().unwrap().len(), 1_000 - 6);
    assert!(began.elapsed() < std::time::Duration::from_secs(8));
}
