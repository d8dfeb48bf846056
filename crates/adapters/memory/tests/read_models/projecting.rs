//! What a projection promises: versions, positions, whole batches.

use std::time::Duration;

use portolan_kernel::{
    Batch, Error, Position, Projection, Query, ReadRepository, ReadRepositoryExt, Specification, Version,
};

use crate::ware::{Event, Shop, at, id, offered, ware};

#[tokio::test]
async fn a_row_is_at_the_version_of_its_last_event_used_or_not() {
    let shop = Shop::new();
    shop.apply(&[at(1, "lamp", 1, offered("lamp", None)), at(2, "lamp", 2, Event::Admired)]).await;
    let row = shop.view.get(&id("lamp")).await.unwrap().unwrap();
    assert_eq!((row.version, row.view.stock), (Version(2), 0));
    assert_eq!(shop.view.position().await.unwrap(), Position(2));
}

#[tokio::test]
async fn an_older_version_is_ignored_an_equal_one_changes_nothing_a_newer_one_applies() {
    let shop = Shop::new();
    shop.apply(&[at(1, "lamp", 5, offered("lamp", None)), at(2, "lamp", 6, Event::Counted(3))]).await;
    shop.apply(&[at(3, "lamp", 4, Event::Counted(100)), at(4, "lamp", 6, Event::Counted(100))]).await;
    let row = shop.view.get(&id("lamp")).await.unwrap().unwrap();
    assert_eq!((row.version, row.view.stock), (Version(6), 3));
    shop.apply(&[at(5, "lamp", 7, Event::Counted(1))]).await;
    let row = shop.view.get(&id("lamp")).await.unwrap().unwrap();
    assert_eq!((row.version, row.view.stock), (Version(7), 4));
}

#[tokio::test]
async fn the_same_batch_applied_twice_is_applied_once() {
    let shop = Shop::new();
    let batch = [at(1, "lamp", 1, offered("lamp", None)), at(2, "lamp", 2, Event::Counted(3))];
    shop.apply(&batch).await;
    let once = shop.view.find(&Query::default()).await.unwrap();
    shop.apply(&batch).await;
    let twice = shop.view.find(&Query::default()).await.unwrap();
    assert_eq!((once.rows, once.position), (twice.rows, twice.position));
}

#[tokio::test]
async fn a_removed_row_stays_away_until_it_is_made_again() {
    let shop = Shop::new();
    let made = at(1, "lamp", 1, offered("lamp", None));
    shop.apply(&[made.clone(), at(2, "lamp", 2, Event::Withdrawn)]).await;
    assert_eq!(shop.view.get(&id("lamp")).await.unwrap(), None);
    shop.apply(&[made]).await;
    assert_eq!(shop.view.get(&id("lamp")).await.unwrap(), None);
    assert_eq!(shop.view.count(&Specification::everything()).await.unwrap(), 0);
    shop.apply(&[at(3, "desk", 1, offered("desk", None)), at(4, "lamp", 3, offered("lamp", None))]).await;
    assert_eq!(shop.view.get(&id("lamp")).await.unwrap().unwrap().version, Version(3));
    assert_eq!(shop.view.get(&id("desk")).await.unwrap().unwrap().view.name.as_ref(), "desk");
    assert_eq!(shop.view.count(&Specification::everything()).await.unwrap(), 2);
}

#[tokio::test]
async fn many_rows_come_and_go_and_each_is_found_by_its_id() {
    let shop = Shop::new();
    let names: Vec<String> = (0..20_000).map(|number| format!("ware {number}")).collect();
    let made: Vec<_> =
        (1..).zip(&names).map(|(position, name)| at(position, name, 1, offered(name, None))).collect();
    shop.apply(&made).await;
    let gone: Vec<_> = (20_001..)
        .zip(names.iter().step_by(3))
        .map(|(position, name)| at(position, name, 2, Event::Withdrawn))
        .collect();
    shop.apply(&gone).await;
    for (number, name) in names.iter().enumerate() {
        let row = shop.view.get(&id(name)).await.unwrap();
        assert_eq!(row.map(|row| row.view.name.to_string()), (number % 3 != 0).then(|| name.clone()));
    }
    let left = shop.view.count(&Specification::everything()).await.unwrap();
    assert_eq!(left, names.len() as u64 - gone.len() as u64);
}

#[tokio::test]
async fn the_position_passes_over_events_of_no_use() {
    let shop = Shop::new();
    shop.apply(&[at(1, "lamp", 1, Event::Rained)]).await;
    shop.projection.apply(Batch::<Event>::new(&[], Position(9)).unwrap()).await.unwrap();
    assert_eq!(shop.view.position().await.unwrap(), Position(9));
    assert_eq!(shop.view.count(&Specification::everything()).await.unwrap(), 0);
}

#[tokio::test]
async fn a_reset_empties_this_view_and_no_other() {
    let (shop, other) = (Shop::with(&[("lamp", None)]).await, Shop::with(&[("lamp", None)]).await);
    Projection::<Event>::reset(&shop.projection).await.unwrap();
    assert_eq!(shop.view.position().await.unwrap(), Position::ZERO);
    assert_eq!(shop.view.get(&id("lamp")).await.unwrap(), None);
    assert!(other.view.get(&id("lamp")).await.unwrap().is_some());
    shop.apply(&[at(1, "lamp", 1, offered("lamp", None))]).await;
    assert!(shop.view.get(&id("lamp")).await.unwrap().is_some());
}

#[tokio::test(start_paused = true)]
async fn a_position_is_waited_for_or_stale_at_the_deadline() {
    let shop = Shop::with(&[("lamp", None)]).await;
    let want = Query::default().at_least(Position(2));
    let stale = Error::Stale { have: Position(1), want: Position(2) };
    assert_eq!(shop.view.find(&want).await.unwrap_err(), stale);
    let patience = Duration::from_secs(5);
    assert_eq!(shop.view.find_within(&want, patience).await.unwrap_err(), stale);

    let reader = shop.view.clone();
    let waiting = tokio::spawn(async move { reader.find_within(&want, patience).await });
    tokio::task::yield_now().await;
    shop.apply(&[at(2, "desk", 1, offered("desk", None))]).await;
    let page = waiting.await.unwrap().unwrap();
    assert_eq!((page.rows.len(), page.position), (2, Position(2)));
    assert_eq!(shop.view.wait_for(Position(1), Duration::ZERO).await.unwrap(), Position(2));
}

#[tokio::test]
async fn nobody_waits_for_a_view_that_is_filled_no_more() {
    let Shop { view, projection } = Shop::with(&[("lamp", None)]).await;
    drop(projection);
    let waited = view.wait_for(Position(2), Duration::from_secs(60)).await;
    assert!(matches!(waited, Err(Error::Closed(_))), "{waited:?}");
    assert!(view.get(&id("lamp")).await.unwrap().is_some());
}

#[tokio::test]
async fn after_a_panic_nobody_sees_half_a_batch() {
    let shop = std::sync::Arc::new(Shop::with(&[("lamp", None)]).await);
    let failing = std::sync::Arc::clone(&shop);
    let half = [at(2, "desk", 1, offered("desk", None)), at(3, "lamp", 2, Event::Cursed)];
    let failed = tokio::spawn(async move { failing.apply(&half).await }).await;
    assert!(failed.unwrap_err().is_panic());
    let answer = shop.view.get(&id("desk")).await;
    assert!(matches!(answer, Err(Error::Unavailable { .. })), "{answer:?}");
    assert!(shop.view.find(&Query::new(ware::stock().eq(0))).await.is_err());
    assert!(shop.projection.apply(Batch::<Event>::new(&[], Position(9)).unwrap()).await.is_err());

    Projection::<Event>::reset(&shop.projection).await.unwrap();
    assert_eq!(shop.view.get(&id("desk")).await.unwrap(), None);
    shop.apply(&[at(1, "lamp", 1, offered("lamp", None))]).await;
    assert!(shop.view.get(&id("lamp")).await.unwrap().is_some());
}
