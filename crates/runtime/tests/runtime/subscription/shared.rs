//! Leases, checkpoints, pauses and the end.

use std::sync::atomic::Ordering;
use std::time::Duration;

use portolan_kernel::{Checkpoints, Position, Reset, Status, SubscriptionId};
use portolan_runtime::subscription::{EngineHandle, NotCaughtUp, SubscriptionState};

use super::process::Mirror;
use super::{SOON, World, shows, status};
use crate::support::{on_both_runtimes, start, within};

async fn world() -> World {
    let world = World::new().await;
    start(&world.side, 2).await;
    start(&world.side, 3).await;
    world
}

async fn started(world: &World) -> EngineHandle {
    world.engine().process(Mirror, 1, world.mediator()).start().await.unwrap()
}

fn id() -> SubscriptionId {
    SubscriptionId::new("mirror", 1)
}

#[test]
fn one_of_two_runs_it_the_other_sees_it_caught_up_and_takes_over() {
    on_both_runtimes(|| async {
        let world = world().await;
        let first = started(&world).await;
        shows(&first, "mirror", |state| *state == SubscriptionState::Running).await;
        let second = started(&world).await;
        let by = Some("process 42".to_owned());
        shows(&second, "mirror", |state| *state == SubscriptionState::Elsewhere { by: by.clone() }).await;
        world.add(3).await;
        second.settled(&["mirror"], SOON).await.unwrap();
        assert_eq!((world.store.value(2), world.head()), (Some(3), 12));
        first.shutdown(SOON).await.unwrap();
        shows(&second, "mirror", |state| *state == SubscriptionState::Running).await;
        world.add(1).await;
        second.settled(&["mirror"], SOON).await.unwrap();
        assert_eq!(world.store.value(3), Some(4));
    });
}

#[tokio::test(start_paused = true)]
async fn a_pause_and_a_resume_by_somebody_else_are_obeyed() {
    let world = world().await;
    let handle = started(&world).await;
    handle.settled(&["mirror"], SOON).await.unwrap();
    world.checkpoints.set_status(&id(), Status::Paused).await.unwrap();
    shows(&handle, "mirror", |state| *state == SubscriptionState::Paused).await;
    world.add(1).await;
    let error = handle.caught_up(["mirror"], Position(world.head()), SOON).await.unwrap_err();
    assert!(matches!(error, NotCaughtUp::Paused { .. }), "{error}");
    assert_eq!((world.store.value(2), status(&handle, "mirror").await.lag), (Some(0), 1));
    world.checkpoints.set_status(&id(), Status::Running).await.unwrap();
    shows(&handle, "mirror", |state| *state == SubscriptionState::Running).await;
    handle.settled(&["mirror"], SOON).await.unwrap();
    assert_eq!(world.store.value(2), Some(1));
}

#[tokio::test(start_paused = true)]
async fn a_reset_by_somebody_else_is_obeyed_while_it_runs() {
    let world = world().await;
    world.add(2).await;
    let handle = started(&world).await;
    handle.settled(&["mirror"], SOON).await.unwrap();
    let reset = Reset { to: Position(1), by: "a test".to_owned(), reason: "to see".to_owned() };
    within(async {
        // Saved first, so that the reset is not overtaken.
        while world.checkpoints.position("mirror").get() < world.head() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    })
    .await;
    let commits = world.store.commits.load(Ordering::SeqCst);
    world.checkpoints.reset(&id(), &reset).await.unwrap();
    within(async {
        // The commands are sent again, and each answers its first outcome.
        while world.store.commits.load(Ordering::SeqCst) < commits + 4
            || world.checkpoints.position("mirror").get() < world.head()
        {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    })
    .await;
    assert_eq!(world.store.value(2), Some(2));
}

#[tokio::test(start_paused = true)]
async fn a_busy_subscription_saves_now_and_then_and_at_the_end() {
    let world = world().await;
    let handle = started(&world).await;
    handle.settled(&["mirror"], SOON).await.unwrap();
    let saves = world.checkpoints.saves.load(Ordering::SeqCst);
    for _ in 0..50 {
        world.add(1).await;
        handle.settled(&["mirror"], SOON).await.unwrap();
    }
    let saved = world.checkpoints.saves.load(Ordering::SeqCst) - saves;
    assert!(saved <= 10, "{saved} saves for 50 commits");
    handle.shutdown(SOON).await.unwrap();
    assert_eq!(world.checkpoints.position("mirror"), Position(world.head()));
    assert_eq!(status(&handle, "mirror").await.state, SubscriptionState::Ended);
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_that_takes_too_long_is_cut_off_and_names_who_was() {
    let world = world().await;
    world.add(1).await;
    world.store.close_gate();
    let handle = started(&world).await;
    within(async {
        while world.store.commits.load(Ordering::SeqCst) < 5 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    })
    .await;
    assert_eq!(handle.shutdown(Duration::from_millis(50)).await, Err(vec![id()]));
    assert_eq!(handle.shutdown(SOON).await, Ok(()));
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_is_too_short_says_how_far_it_came() {
    let world = world().await;
    let handle = started(&world).await;
    handle.settled(&["mirror"], SOON).await.unwrap();
    let error = handle.caught_up(["mirror"], Position(99), Duration::from_millis(10)).await.unwrap_err();
    let late = NotCaughtUp::Late { name: "mirror".to_owned(), have: Position(3), want: Position(99) };
    assert_eq!(error, late);
    let unknown = handle.caught_up(["nobody"], Position(1), SOON).await.unwrap_err();
    assert_eq!(unknown, NotCaughtUp::Unknown("nobody".to_owned()));
}
