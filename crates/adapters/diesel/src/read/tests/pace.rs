//! Where a question is answered.

use std::task::{Context, Poll, Waker};
use std::time::Duration;

use portolan_kernel::{Error, Sort, Specification};

use super::super::super::store::pace::Pace;
use super::super::super::{Fault, engine};
use super::super::likeness;
use super::*;

/// Longer than a reader takes to come to rest.
const SOON: Duration = Duration::from_secs(30);

#[tokio::test]
async fn what_is_known_to_be_short_is_answered_where_it_is_asked() {
    let Some(place) = trial::shared_place() else { return };
    let (registry, mappers) = (Registry::new(), Mappers::new());
    let store =
        Store::open(&place.config, OpenMode::ReadWrite, &registry, &mappers, Arc::new(Midnight)).unwrap();
    let pace = Arc::new(Pace::default());
    let asked_at = |kind| store.read_at(&pace, kind, |_| Ok(std::thread::current().id()));
    let here = std::thread::current().id();
    assert_ne!(asked_at(1).await.unwrap(), here, "nothing is known of it");
    pace.took(1, Duration::ZERO);
    if !engine::ANSWERS_BY_ITSELF {
        assert_ne!(asked_at(1).await.unwrap(), here, "a server is waited for on threads of the store's");
        return;
    }
    let begun = std::time::Instant::now();
    while asked_at(1).await.unwrap() != here {
        assert!(begun.elapsed() < SOON, "no reader rests");
        pace.took(1, Duration::ZERO);
    }
    // At once: nobody has to be woken for it.
    let mut asked = Box::pin(asked_at(1));
    let polled = asked.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    assert!(matches!(polled, Poll::Ready(Ok(thread)) if thread == here), "{polled:?}");
    assert_ne!(asked_at(2).await.unwrap(), here, "of another kind");
    // A failure is told, and what panics is the failure of its question alone.
    let refused =
        store.read_at(&pace, 1, |_| Err::<(), Fault>(Error::NotFound("it".to_owned()).into())).await;
    assert!(matches!(refused, Err(Error::NotFound(_))), "{refused:?}");
    let panicked = store.read_at(&pace, 1, |_| -> Result<(), Fault> { panic!("on purpose") }).await;
    assert!(matches!(panicked, Err(Error::Unavailable { .. })), "{panicked:?}");
    // One that takes long is the last for a while.
    pace.took(1, Duration::from_secs(1));
    assert_ne!(asked_at(1).await.unwrap(), here);
}

#[test]
fn questions_that_differ_in_values_alone_are_alike() {
    let likeness = |criteria: &str, sort: &str, is_counted| {
        let criteria = Specification::<Parcel>::parse(criteria).unwrap();
        let query = Query::new(criteria).sort(Sort::parse(sort).unwrap());
        likeness::of(&query.checked().unwrap(), is_counted)
    };
    let all = [
        likeness("weight < 5 and label = \"a\"", "id", false),
        likeness("weight <= 5 and label = \"a\"", "id", false),
        likeness("weight < 5 or label = \"a\"", "id", false),
        likeness("weight < 5", "id", false),
        likeness("not weight < 5 and label = \"a\"", "id", false),
        likeness("weight < 5 and label starts with \"a\"", "id", false),
        likeness("weight < 5 and label = \"a\"", "-id", false),
        likeness("weight < 5 and label = \"a\"", "label,id", false),
        likeness("weight < 5 and label = \"a\"", "id", true),
    ];
    let told_apart: std::collections::BTreeSet<_> = all.iter().collect();
    assert_eq!(told_apart.len(), all.len(), "{all:?}");
    assert_eq!(all[0], likeness("weight < 700 and label = \"another\"", "id", false));
}
