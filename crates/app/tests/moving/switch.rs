//! A switch that is broken off at any of its writes leaves one store that takes commands, or none, and never two; and it
//! can be run again, or undone.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use portolan_app::commands::store_switch::switch;
use portolan_app::wiring::{copied_from, copied_to, handed_over_from, read_write};
use portolan_kernel::{Error, Moved, Timestamp};
use portolan_runtime::transfer::{NotCopied, Progress, Switched};
use uuid::Uuid;

use crate::support::{Meddled, config, is_sound, market, url};

const AT_MOST: Duration = Duration::from_secs(60);

/// The hands of another switch.
const SOMEBODY: Uuid = Uuid::from_u128(7);

/// Two stores, the first of which holds a market.
struct Two {
    place: tempfile::TempDir,
    from: String,
    to: String,
}

impl Two {
    async fn new(kind: &str) -> Self {
        let place = tempfile::tempdir().unwrap();
        let (from, to) = (url(place.path(), "first", "relational"), url(place.path(), "second", kind));
        market(&from).await;
        Self { place, from, to }
    }

    fn addresses(&self) -> (String, String) {
        let address = |name: &str| format!("sqlite:{}", self.place.path().join(name).display());
        (address("first"), address("second"))
    }

    /// A switch that is done with so many writes, of both sides together.
    async fn switch(&self, writes: usize, is_late: bool) -> Result<Switched, NotCopied> {
        let left = Arc::new(AtomicUsize::new(writes));
        let meddled = |to| Meddled { left: Arc::clone(&left), is_late, ..Meddled::new(to) };
        let from = meddled(handed_over_from(&self.from).await.unwrap());
        let to = meddled(copied_to(&self.to).await.unwrap());
        switch(&from, &to, &self.addresses(), AT_MOST, |_| ()).await
    }

    /// Which of the two takes commands.
    async fn takes_commands(&self) -> (bool, bool) {
        let takes = async |url: &str| match read_write(&config(url)).await {
            Ok(store) => store.close().await.is_ok(),
            Err(_) => false,
        };
        (takes(&self.from).await, takes(&self.to).await)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn broken_off_at_any_write_it_leaves_one_store_or_none_and_goes_on() {
    for is_late in [false, true] {
        let two = Two::new("document").await;
        let (mut writes, mut seen) = (0, Vec::new());
        loop {
            writes += 1;
            let done = two.switch(writes, is_late).await;
            let takes = two.takes_commands().await;
            if !seen.contains(&takes) {
                seen.push(takes);
            }
            match done {
                Ok(Switched { .. }) => break,
                Err(NotCopied::Failed(Error::Unavailable { .. })) => {}
                Err(other) => panic!("after {writes} writes: {other}"),
            }
        }
        assert_eq!(seen, [(true, false), (false, false), (false, true)], "never both");
        assert!(writes > 10, "{writes}");
        is_sound(&two.to).await;
        // It goes on as if nothing had happened: a repeat of all commands writes nothing.
        let before = copied_from(&two.to).await.unwrap().head().await.unwrap();
        market(&two.to).await;
        assert_eq!(copied_from(&two.to).await.unwrap().head().await.unwrap(), before);
        // Run once more, it says that it is done.
        assert_eq!(two.switch(usize::MAX, false).await.unwrap().read_only, None);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_meanwhile_is_in_the_copy_and_none_is_written_after() {
    let place = tempfile::tempdir().unwrap();
    let (from, to) = (url(place.path(), "first", "relational"), url(place.path(), "second", "events"));
    let writer = read_write(&config(&from)).await.unwrap();
    market(&from).await;
    let source = handed_over_from(&from).await.unwrap();
    let target = copied_to(&to).await.unwrap();
    let before = source.head().await.unwrap();
    let mut seen = Vec::new();
    let addresses = ("a".to_owned(), "b".to_owned());
    let switched =
        switch(&*source, &*target, &addresses, AT_MOST, |progress| seen.push(progress)).await.unwrap();
    assert_eq!(switched.copied.events, before.get());
    assert!(seen.contains(&Progress::HandingOver) && seen.contains(&Progress::ReadOnly));
    // A store that was open before obeys too, whatever it writes.
    let id = portolan_kernel::SubscriptionId::new("somebody", 1);
    for refused in [
        portolan_kernel::Checkpoints::initialise(&*writer, &id, portolan_kernel::Position::ZERO).await,
        portolan_kernel::Leases::claim(&*writer, &id).await.map(drop),
    ] {
        let Err(Error::Unavailable { message, outcome_unknown: false }) = refused else {
            panic!("{refused:?}")
        };
        assert!(message.contains("has moved to b"), "{message}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_switch_that_takes_too_long_gives_the_source_back() {
    let two = Two::new("document").await;
    let (from, to) = (handed_over_from(&two.from).await.unwrap(), copied_to(&two.to).await.unwrap());
    let refused = switch(&*from, &*to, &two.addresses(), Duration::ZERO, |_| ()).await.unwrap_err();
    assert!(matches!(refused, NotCopied::TooSlow(_)), "{refused}");
    assert_eq!(two.takes_commands().await, (true, false));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_in_other_hands_is_not_ended() {
    let two = Two::new("relational").await;
    let (first, second) = (Uuid::from_u128(1), Uuid::from_u128(2));
    let to = copied_to(&two.to).await.unwrap();
    let from = copied_from(&two.from).await.unwrap();
    to.begin_copy(&from.store_id().await.unwrap()).await.unwrap();
    to.claim_copy(first, None).await.unwrap();
    to.claim_copy(second, None).await.unwrap();
    let is_fenced = |done: portolan_kernel::Result<()>| matches!(done, Err(Error::Fenced(_)));
    assert!(is_fenced(to.end_copy(first).await));
    assert!(is_fenced(to.claim_copy(first, Some(first)).await));
    to.end_copy(second).await.unwrap();
    // Nothing is taken over any more: it may have commands of its own.
    assert!(is_fenced(to.take_over(portolan_kernel::Part::NoDeadlines).await));
    assert!(is_fenced(to.claim_copy(first, None).await));
}

/// What another switch to the same store does while this one is at the end of its way.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Meanwhile {
    /// It takes the copy into its hands, and has a long way to go.
    TakesTheCopy,
    /// And is where it hands the source over.
    TakesBoth,
}

/// A switch while another one comes in between. Answers how it ended, and where the source leads to then.
async fn with_another(
    two: &Two,
    at: Progress,
    meanwhile: Meanwhile,
) -> (Result<Switched, NotCopied>, Option<Moved>) {
    let (from, to) = (handed_over_from(&two.from).await.unwrap(), copied_to(&two.to).await.unwrap());
    let other = async || {
        to.claim_copy(SOMEBODY, None).await.unwrap();
        if meanwhile == Meanwhile::TakesBoth {
            let moved = from.moved().await.unwrap().unwrap();
            from.take_back(&moved.store_id, moved.hands).await.unwrap();
            from.hand_over(&Moved { hands: SOMEBODY, ..moved }).await.unwrap();
        }
    };
    let ended = switch(&*from, &*to, &two.addresses(), AT_MOST, |progress| {
        if progress == at {
            tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(other()));
        }
    })
    .await;
    (ended, from.moved().await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_loses_its_copy_gives_the_source_back_which_it_has_handed_over_and_no_other_does() {
    for at in [Progress::HandingOver, Progress::ReadOnly] {
        let two = Two::new("document").await;
        let (ended, moved) = with_another(&two, at, Meanwhile::TakesTheCopy).await;
        assert!(matches!(ended, Err(NotCopied::Failed(Error::Fenced(_)))), "{ended:?}");
        assert_eq!(moved, None, "the other one has a long way to go");
        assert_eq!(two.takes_commands().await, (true, false));
        two.switch(usize::MAX, false).await.unwrap();
    }
    let two = Two::new("document").await;
    let (ended, moved) = with_another(&two, Progress::ReadOnly, Meanwhile::TakesBoth).await;
    assert!(matches!(ended, Err(NotCopied::Failed(Error::Fenced(_)))), "{ended:?}");
    assert_eq!(moved.map(|moved| moved.hands), Some(SOMEBODY), "it is the other one's");
    assert_eq!(two.takes_commands().await, (false, false));
    // That one has ended there, and the next goes on.
    two.switch(usize::MAX, false).await.unwrap();
    assert_eq!(two.takes_commands().await, (false, true));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_finds_the_source_handed_over_by_a_switch_that_lost_its_copy_goes_on() {
    let two = Two::new("document").await;
    let (from, to) = (handed_over_from(&two.from).await.unwrap(), copied_to(&two.to).await.unwrap());
    let moved = Moved {
        to: two.addresses().1,
        store_id: to.store_id().await.unwrap(),
        hands: SOMEBODY,
        since: Timestamp::default(),
        is_done: false,
    };
    let mut times = 0;
    let switched = switch(&*from, &*to, &two.addresses(), AT_MOST, |progress| {
        if progress == Progress::HandingOver {
            times += 1;
            if times == 1 {
                let late = from.hand_over(&moved);
                tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(late).unwrap());
            }
        }
    })
    .await;
    assert!(switched.unwrap().read_only.is_some());
    assert_eq!(times, 2);
    assert_eq!(two.takes_commands().await, (false, true));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_moves_to_one_store_alone() {
    let two = Two::new("relational").await;
    two.switch(usize::MAX, false).await.unwrap();
    let third = url(Path::new(two.place.path()), "third", "relational");
    let (from, to) = (handed_over_from(&two.from).await.unwrap(), copied_to(&third).await.unwrap());
    let refused = switch(&*from, &*to, &two.addresses(), AT_MOST, |_| ()).await.unwrap_err();
    assert!(matches!(refused, NotCopied::Failed(Error::AlreadyExists(_))), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_is_taken_back_from_that_store_alone_that_it_was_handed_over_to() {
    let two = Two::new("relational").await;
    // Another switch is where the source stands still.
    let other = handed_over_from(&two.from).await.unwrap();
    let moved = Moved {
        to: "sqlite:elsewhere".to_owned(),
        store_id: "elsewhere".to_owned(),
        hands: SOMEBODY,
        since: Timestamp::default(),
        is_done: false,
    };
    let (from, to) = (handed_over_from(&two.from).await.unwrap(), copied_to(&two.to).await.unwrap());
    let refused = switch(&*from, &*to, &two.addresses(), AT_MOST, |progress| {
        if progress == Progress::HandingOver {
            tokio::task::block_in_place(|| {
                tokio::runtime::Handle::current().block_on(other.hand_over(&moved)).unwrap();
            });
        }
    })
    .await
    .unwrap_err();
    assert!(
        matches!(&refused, NotCopied::Failed(Error::AlreadyExists(what)) if what.contains("elsewhere")),
        "{refused}"
    );
    assert_eq!(other.moved().await.unwrap(), Some(moved), "it is handed over still");
    assert!(matches!(other.take_back("another", SOMEBODY).await, Err(Error::AlreadyExists(_))));
    assert!(matches!(other.take_back("elsewhere", Uuid::nil()).await, Err(Error::AlreadyExists(_))));
    other.take_back("elsewhere", SOMEBODY).await.unwrap();
    assert_eq!(other.moved().await.unwrap(), None);
}
