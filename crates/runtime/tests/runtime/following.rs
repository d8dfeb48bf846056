//! Commands that wait for one aggregate are decided on what those before them leave behind, and committed together.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use portolan_kernel::{
    CommandError, Error, Fingerprint, Kept, Origin, Receipt, Refusal, Result, Version, WriteStore,
};
use portolan_runtime::{Cached, Mediator};
use tokio::task::JoinHandle;

use crate::mediator::full;
use crate::support::{
    Add, FakeStore, Service, context, key, on_both_runtimes, registry, start, within, write_side,
};

type Sent = JoinHandle<Result<Receipt, CommandError>>;

/// A process on a store that takes followers, with a counter at 0 and a gate that is closed.
struct Process {
    store: Arc<FakeStore>,
    cached: Arc<Cached<Arc<FakeStore>>>,
    mediator: Mediator<Service>,
}

impl Process {
    async fn begin() -> Self {
        let store = Arc::new(FakeStore::default());
        store.takes_followers.store(true, Ordering::SeqCst);
        let process = Self::on(&store);
        start(process.mediator.write_side(), 1).await;
        store.close_gate();
        process
    }

    fn on(store: &Arc<FakeStore>) -> Self {
        let cached = Arc::new(Cached::new(Arc::clone(store), registry(), 1_000));
        let side = write_side(Arc::clone(&cached) as Arc<dyn WriteStore>);
        let mediator = Mediator::new(Service { store: Arc::clone(store) }, side, full());
        Self { store: Arc::clone(store), cached, mediator }
    }

    /// Sends this, and waits until it is at the gate.
    async fn submit(&self, id: u128, amount: i64) -> Sent {
        let before = self.store.commits.load(Ordering::SeqCst);
        let context = context(id).idempotent(Fingerprint::of(&id.to_be_bytes()), Kept::Forever);
        let mediator = self.mediator.clone();
        let sent = tokio::spawn(async move { mediator.send(Add { counter: 1, amount }, context).await });
        within(async {
            while self.store.commits.load(Ordering::SeqCst) == before {
                tokio::task::yield_now().await;
            }
        })
        .await;
        sent
    }

    /// What the next commits at the gate fail with.
    fn fail_next(&self, error: Error) {
        self.store.commit_faults.lock().unwrap().push_back(error);
    }

    fn open_gate(&self) {
        self.store.gate.add_permits(1_000);
    }
}

async fn done(sent: Sent) -> Result<Receipt, CommandError> {
    within(sent).await.unwrap()
}

#[test]
fn those_that_wait_are_decided_in_order_on_one_copy_and_wait_for_the_store_together() {
    on_both_runtimes(|| async {
        let process = Process::begin().await;
        let mut sent = Vec::new();
        for id in 1..=5 {
            sent.push(process.submit(id, 1).await);
        }
        let loads = process.store.loads();
        assert!(sent.iter().all(|sent| !sent.is_finished()), "nobody is answered before it is durable");
        process.open_gate();
        for (sent, version) in sent.into_iter().zip(2..) {
            assert_eq!(done(sent).await.unwrap().version, Version(version));
        }
        assert_eq!((process.store.value(1), process.store.loads()), (Some(5), loads));
        let loaded = process.cached.load(key(1)).await.unwrap().unwrap();
        assert_eq!((loaded.origin, loaded.version), (Origin::Kept, Version(6)), "it is told of no longer");
    });
}

#[test]
fn a_store_that_takes_no_followers_gets_one_after_another() {
    on_both_runtimes(|| async {
        let process = Process::begin().await;
        process.store.takes_followers.store(false, Ordering::SeqCst);
        let first = process.submit(1, 1).await;
        let commits = process.store.commits.load(Ordering::SeqCst);
        let mediator = process.mediator.clone();
        let second =
            tokio::spawn(async move { mediator.send(Add { counter: 1, amount: 1 }, context(2)).await });
        process.open_gate();
        assert_eq!(done(first).await.unwrap().version, Version(2));
        assert_eq!(done(second).await.unwrap().version, Version(3));
        assert_eq!(process.store.commits.load(Ordering::SeqCst), commits + 1);
    });
}

#[test]
fn what_was_decided_on_a_change_that_came_to_nothing_is_decided_again() {
    on_both_runtimes(|| async {
        let process = Process::begin().await;
        let first = process.submit(1, 10).await;
        // Without the first these would be refused, for a counter is never negative.
        let second = process.submit(2, -4).await;
        let third = process.submit(3, 1).await;
        process.fail_next(Error::unavailable("the disk is full"));
        process.open_gate();
        assert!(matches!(done(first).await, Err(CommandError::Failed(Error::Unavailable { .. }))));
        assert!(is_refused(&done(second).await), "it is decided on what is there");
        assert_eq!(done(third).await.unwrap().version, Version(2));
        assert_eq!(process.store.value(1), Some(1));
    });
}

#[test]
fn another_change_to_the_same_version_is_not_the_one_that_was_decided_on() {
    on_both_runtimes(|| async {
        let process = Process::begin().await;
        // Another process is first at the gate, and leads the counter to the version of the first one here.
        let elsewhere = Process::on(&process.store).submit(100, 1).await;
        let first = process.submit(1, 10).await;
        let second = process.submit(2, 100).await;
        process.open_gate();
        assert_eq!(done(elsewhere).await.unwrap().version, Version(2));
        done(first).await.unwrap();
        done(second).await.unwrap();
        assert_eq!(
            process.store.value(1),
            Some(111),
            "nothing is lost and nothing is built on what never was"
        );
    });
}

#[test]
fn a_refusal_on_what_is_not_committed_stands_or_falls_with_it() {
    on_both_runtimes(|| async {
        for is_kept in [true, false] {
            let process = Process::begin().await;
            let first = process.submit(1, 10).await;
            // The second would be fine on what is there, and the third is not on what the second leaves behind.
            let second = process.submit(2, -10).await;
            let third = process.submit(3, -5).await;
            if !is_kept {
                process.fail_next(Error::unavailable("the disk is full"));
            }
            process.open_gate();
            assert_eq!(done(first).await.is_ok(), is_kept);
            assert_eq!(is_refused(&done(second).await), !is_kept);
            assert!(is_refused(&done(third).await));
            assert_eq!(process.store.value(1), Some(0));
        }
    });
}

#[test]
fn a_caller_that_goes_away_does_not_take_those_behind_it_along() {
    on_both_runtimes(|| async {
        let process = Process::begin().await;
        let first = process.submit(1, 1).await;
        let second = process.submit(2, 1).await;
        first.abort();
        let third = process.submit(3, 1).await;
        process.open_gate();
        assert!(done(second).await.is_ok());
        assert!(done(third).await.is_ok());
        let value = process.store.value(1).unwrap();
        assert!((2..=3).contains(&value), "{value}");
    });
}

fn is_refused(outcome: &Result<Receipt, CommandError>) -> bool {
    matches!(outcome, Err(CommandError::Refused(Refusal { code, .. })) if code == "negative")
}
