//! A store that is exchanged for its copy.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use portolan_kernel::{Claim, Error, Journal as _, Leases as _, Position, SubscriptionId, WriteStore as _};
use portolan_runtime::{StorePorts, Switchable};

use crate::support::{FakeCheckpoints, FakeDeadlines, FakeLeases, FakeStore, key, on_both_runtimes};

/// One store with what a test looks at of it.
struct One {
    store: Arc<FakeStore>,
    leases: Arc<FakeLeases>,
}

impl One {
    fn new() -> Self {
        Self { store: Arc::default(), leases: Arc::default() }
    }

    fn ports(&self) -> StorePorts {
        let checkpoints = Arc::new(FakeCheckpoints::default());
        StorePorts {
            store: self.store.clone(),
            journal: self.store.clone(),
            checkpoints: checkpoints.clone(),
            leases: self.leases.clone(),
            deadlines: Arc::new(FakeDeadlines::new(checkpoints)),
        }
    }
}

fn id() -> SubscriptionId {
    SubscriptionId::new("process", 1)
}

async fn claimed(store: &Switchable) -> portolan_kernel::Lease {
    match store.claim(&id()).await.unwrap() {
        Claim::Granted(lease) => lease,
        taken @ Claim::Taken { .. } => panic!("{taken:?}"),
    }
}

#[test]
fn who_waits_for_the_journal_goes_on_waiting_for_the_next_ones() {
    on_both_runtimes(|| async {
        let (former, next) = (One::new(), One::new());
        former.store.append("Added", "{}");
        next.store.append("Added", "{}");
        let store = Switchable::new(former.ports());
        let waiting = tokio::spawn({
            let store = store.clone();
            async move { store.changed(Position(1)).await }
        });
        tokio::task::yield_now().await;
        store.switch(next.ports());
        next.store.append("Added", "{}");
        assert_eq!(waiting.await.unwrap(), Ok(Position(2)));
        assert_eq!(store.head().await, Ok(Position(2)));
        assert_eq!(former.store.head().await, Ok(Position(1)));
    });
}

#[test]
fn a_lease_of_the_former_store_ends_and_is_given_back_there() {
    on_both_runtimes(|| async {
        let (former, next) = (One::new(), One::new());
        let store = Switchable::new(former.ports());
        let lease = claimed(&store).await;
        assert_eq!(store.extend(&lease).await, Ok(()));
        store.switch(next.ports());
        store.ended(&lease).await;
        assert!(matches!(store.extend(&lease).await, Err(Error::Fenced(_))));
        // The next one is free, whoever holds the former.
        let in_next = claimed(&store).await;
        store.release(lease).await.unwrap();
        assert!(matches!(former.leases.claim(&id()).await, Ok(Claim::Granted(_))), "it was given back");
        assert!(matches!(next.leases.claim(&id()).await, Ok(Claim::Taken { .. })));
        assert_eq!(store.extend(&in_next).await, Ok(()));
    });
}

#[test]
fn it_is_what_the_present_store_is() {
    on_both_runtimes(|| async {
        let (former, next) = (One::new(), One::new());
        next.store.takes_followers.store(true, Ordering::SeqCst);
        let store = Switchable::new(former.ports());
        assert!(!store.takes_followers());
        store.switch(next.ports());
        assert!(store.takes_followers());
        assert!(store.load(key(1)).await.unwrap().is_none());
        assert_eq!((former.store.loads(), next.store.loads()), (0, 1));
    });
}
