//! Leases, checkpoints, pauses and the end.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use portolan_kernel::{Checkpoints, Epoch, Position, Reset, Status, SubscriptionId};
use portolan_runtime::subscription::{EngineHandle, NotCaughtUp, SubscriptionState};

use super::process::Mirror;
use super::{SOON, World, shows, status};
use crate::support::{FakeLeases, SharedWitness, Witness, on_both_runtimes, start, within};

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

/// A world whose leases end by themselves.
async fn world_with_a_term() -> World {
    let leases = Arc::new(FakeLeases::lasting(Duration::from_secs(5)));
    World { leases, ..world().await }
}

#[tokio::test(start_paused = true)]
async fn an_owner_keeps_its_lease_for_many_terms() {
    let world = world_with_a_term().await;
    let first = started(&world).await;
    shows(&first, "mirror", |state| *state == SubscriptionState::Running).await;
    let second = started(&world).await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert!(matches!(status(&second, "mirror").await.state, SubscriptionState::Elsewhere { .. }));
    assert_eq!(status(&first, "mirror").await.state, SubscriptionState::Running);
}

#[tokio::test(start_paused = true)]
async fn an_owner_that_cannot_extend_its_lease_lets_go_before_the_term_is_over() {
    let world = world_with_a_term().await;
    let first = started(&world).await;
    shows(&first, "mirror", |state| *state == SubscriptionState::Running).await;
    world.leases.is_away.store(true, Ordering::SeqCst);
    let since = tokio::time::Instant::now();
    // It asks for it again at once, and gets it as soon as the term is over.
    shows(&first, "mirror", |state| matches!(state, SubscriptionState::Elsewhere { .. })).await;
    assert!(since.elapsed() <= Duration::from_secs(5), "after {:?}", since.elapsed());
    world.leases.is_away.store(false, Ordering::SeqCst);
    shows(&first, "mirror", |state| *state == SubscriptionState::Running).await;
    world.add(2).await;
    first.settled(&["mirror"], SOON).await.unwrap();
    assert_eq!(world.store.value(2), Some(2));
}

#[tokio::test(start_paused = true)]
async fn an_owner_that_is_fenced_lets_go_and_leaves_the_checkpoint_alone() {
    let world = world_with_a_term().await;
    let first = started(&world).await;
    first.settled(&["mirror"], SOON).await.unwrap();
    let before = world.checkpoints.position("mirror");
    // As if somebody had taken over: what this owner writes is refused from here on.
    world.checkpoints.fenced_below.lock().unwrap().insert(id(), Epoch(2));
    world.add(1).await;
    // It claims again, which makes it the next owner.
    within(async {
        while world.checkpoints.position("mirror") == before {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    })
    .await;
    first.settled(&["mirror"], SOON).await.unwrap();
    assert_eq!(world.store.value(2), Some(1));
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

#[test]
fn a_view_in_a_store_is_filled_by_one_of_two_and_goes_on_with_the_other() {
    on_both_runtimes(|| async {
        let world = World::new().await;
        let witness = Witness::new("rows", 0);
        let filling = || {
            let checkpoints = Arc::clone(&world.checkpoints);
            let view = Arc::new(SharedWitness::new(&witness, &checkpoints));
            world.engine().shared_view(view, checkpoints, Arc::clone(&world.leases) as _)
        };
        world.add(24).await;
        let first = filling().start().await.unwrap();
        first.caught_up(["rows"], Position(25), SOON).await.unwrap();
        let second = filling().start().await.unwrap();
        world.add(5).await;
        second.caught_up(["rows"], Position(30), SOON).await.unwrap();
        assert!(matches!(status(&second, "rows").await.state, SubscriptionState::Elsewhere { .. }));
        first.shutdown(SOON).await.unwrap();
        shows(&second, "rows", |state| *state == SubscriptionState::Running).await;
        world.add(5).await;
        second.caught_up(["rows"], Position(35), SOON).await.unwrap();
        assert_eq!(witness.got(), (1..=35).collect::<Vec<_>>(), "each event once");
    });
}

#[tokio::test(start_paused = true)]
async fn a_view_of_a_former_owner_changes_nothing() {
    let world = World::new().await;
    let witness = Witness::new("rows", 0);
    let checkpoints = Arc::clone(&world.checkpoints);
    let view = Arc::new(SharedWitness::new(&witness, &checkpoints));
    let leases = Arc::clone(&world.leases) as _;
    let handle =
        world.engine().shared_view(view, Arc::clone(&checkpoints) as _, leases).start().await.unwrap();
    handle.caught_up(["rows"], Position(1), SOON).await.unwrap();
    let subscription = SubscriptionId::new("rows", 1);
    checkpoints.fenced_below.lock().unwrap().insert(subscription, Epoch(9));
    world.add(1).await;
    shows(&handle, "rows", |state| *state != SubscriptionState::Running).await;
    assert_eq!(witness.got(), [1]);
}

#[tokio::test(start_paused = true)]
async fn a_view_that_was_filled_from_another_journal_is_left_alone() {
    let (ours, theirs) = (World::new().await, World::new().await);
    ours.add(4).await;
    let witness = Witness::new("rows", 0);
    let view = Arc::new(SharedWitness::new(&witness, &ours.checkpoints));
    let follow = |world: &World| {
        let (checkpoints, leases) = (Arc::clone(&ours.checkpoints) as _, Arc::clone(&ours.leases) as _);
        world.engine().shared_view(Arc::clone(&view) as _, checkpoints, leases)
    };
    // Both follow what is empty; one of them fills it.
    let first = follow(&ours).start().await.unwrap();
    let second = follow(&theirs).start().await.unwrap();
    first.caught_up(["rows"], Position(5), SOON).await.unwrap();
    let is_told = |state: &SubscriptionState| matches!(state, SubscriptionState::Stopped { reason } if reason.contains("another store"));
    shows(&second, "rows", is_told).await;
    // Nor does it take over, or stop it for those whose it is.
    first.shutdown(SOON).await.unwrap();
    theirs.add(9).await;
    shows(&second, "rows", is_told).await;
    assert_eq!(witness.got(), [1, 2, 3, 4, 5]);
    second.shutdown(SOON).await.unwrap();
    for elsewhere in [&theirs, &World::new().await] {
        let refused = follow(elsewhere).start().await.unwrap_err().to_string();
        assert!(refused.contains("at position 5") && refused.contains("rebuild rows"), "{refused}");
    }
    let first = follow(&ours).start().await.unwrap();
    ours.add(1).await;
    first.caught_up(["rows"], Position(6), SOON).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_former_owner_stops_nobodys_subscription() {
    let world = World::new().await;
    let first = started(&world).await;
    first.settled(&["mirror"], SOON).await.unwrap();
    // Another owner has taken over, which this one learns by writing that it stopped.
    world.checkpoints.fenced_below.lock().unwrap().insert(id(), Epoch(2));
    world.add(1).await;
    shows(&first, "mirror", |state| matches!(state, SubscriptionState::Elsewhere { .. })).await;
    assert_eq!(world.checkpoints.status("mirror"), Status::Running);
    // As the present owner it does.
    shows(&first, "mirror", |state| matches!(state, SubscriptionState::Stopped { .. })).await;
    assert!(matches!(world.checkpoints.status("mirror"), Status::Stopped { .. }));
}
