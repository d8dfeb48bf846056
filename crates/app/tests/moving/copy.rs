//! A store is copied into another of any kind, whole, also where that is broken off in between.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use portolan_app::commands::store_copy::copy;
use portolan_app::wiring::{App, Parts, copied_from, copied_to, read_only, read_write};
use portolan_kernel::{Error, Position, RecordedReset, Reset, SubscriptionId};
use portolan_runtime::transfer::NotCopied;

use crate::support::{Meddled, config, is_sound, market, url};

#[tokio::test(flavor = "multi_thread")]
async fn a_store_moves_through_every_kind_and_is_the_same_at_the_end() {
    let place = tempfile::tempdir().unwrap();
    let mut from = url(place.path(), "first", "relational");
    market(&from).await;
    let moved_by_hand = moved_by_hand(&from).await;
    for (name, kind) in [("second", "document"), ("third", "events"), ("fourth", "relational")] {
        let to = url(place.path(), name, kind);
        let copied =
            copy(&*copied_from(&from).await.unwrap(), &*copied_to(&to).await.unwrap(), |_| ()).await.unwrap();
        assert!(copied.events > 1_000 && copied.aggregates > 100 && copied.outcomes > 1_000, "{copied:?}");
        is_sound(&to).await;
        from = to;
    }
    let last = copied_from(&from).await.unwrap();
    assert_eq!(last.recorded_resets(0, 10).await.unwrap(), moved_by_hand);
    assert_eq!(last.recorded_resets(1, 10).await.unwrap(), moved_by_hand[1..]);
    drop(last);
    // It goes on as if nothing had happened: a repeat of all commands writes nothing.
    let before = copied_from(&from).await.unwrap().head().await.unwrap();
    market(&from).await;
    assert_eq!(copied_from(&from).await.unwrap().head().await.unwrap(), before);
}

/// Moves the checkpoint of a process by hand, twice, so that it is where it was; answers what is on record of that.
async fn moved_by_hand(url: &str) -> Vec<RecordedReset> {
    let store = read_write(&config(url)).await.unwrap();
    let subscription = SubscriptionId::new("order_for_sale", 1);
    let at = store.get(&subscription).await.unwrap().unwrap().position;
    for (to, reason) in [(Position(3), "to see it"), (at, "back")] {
        let reset = Reset { to, by: "somebody".to_owned(), reason: reason.to_owned() };
        store.reset(&subscription, &reset).await.unwrap();
    }
    let recorded = store.recorded_resets(0, 10).await.unwrap();
    store.close().await.unwrap();
    let told: Vec<_> = recorded.iter().map(|one| (one.from, one.reset.to, &*one.reset.reason)).collect();
    assert_eq!(told, [(at, Position(3), "to see it"), (Position(3), at, "back")]);
    recorded
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_was_broken_off_opens_for_nothing_else_and_goes_on() {
    let place = tempfile::tempdir().unwrap();
    let (first, second) = (url(place.path(), "first", "relational"), url(place.path(), "second", "events"));
    market(&first).await;
    let from = copied_from(&first).await.unwrap();
    let mut tries = 0;
    loop {
        tries += 1;
        let left = Arc::new(AtomicUsize::new(tries));
        let breaks = Meddled { left, ..Meddled::new(copied_to(&second).await.unwrap()) };
        match copy(&*from, &breaks, |_| ()).await {
            Ok(copied) => {
                assert!(copied.events > 1_000, "{copied:?}");
                break;
            }
            Err(NotCopied::Failed(Error::Unavailable { .. })) => {}
            Err(other) => panic!("{other}"),
        }
        let config = config(&second);
        let refused = read_only(&config).await.unwrap_err().to_string();
        assert!(refused.contains("unfinished copy") && refused.contains("store copy"), "{refused}");
        assert!(App::build(&config, Parts::to_import(&config)).await.is_err());
    }
    assert!(tries > 5, "{tries} tries");
    is_sound(&second).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_with_events_of_its_own_is_no_target() {
    let place = tempfile::tempdir().unwrap();
    let (first, second) =
        (url(place.path(), "first", "relational"), url(place.path(), "second", "relational"));
    market(&first).await;
    market(&second).await;
    let refused = copy(&*copied_from(&first).await.unwrap(), &*copied_to(&second).await.unwrap(), |_| ())
        .await
        .unwrap_err();
    assert!(matches!(&refused, NotCopied::Failed(Error::AlreadyExists(_))), "{refused}");
    is_sound(&second).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_differs_says_where() {
    let place = tempfile::tempdir().unwrap();
    let (first, second) = (url(place.path(), "first", "relational"), url(place.path(), "second", "document"));
    market(&first).await;
    let to = copied_to(&second).await.unwrap();
    let forgets = Meddled { forgets_outcomes: true, ..Meddled::new(to) };
    let refused = copy(&*copied_from(&first).await.unwrap(), &forgets, |_| ()).await.unwrap_err();
    assert!(
        matches!(&refused, NotCopied::Differs(what) if what[0].contains("the outcome of the command")),
        "{refused}"
    );
}
