//! The mediator: commands in their units of work, queries, and what is left after a panic.

use std::sync::Arc;

use portolan_kernel::{CommandError, Error, Fingerprint, IdSource, Kept, QueryMessage, WriteStore};
use portolan_runtime::middleware::{Chain, Limits, standard};
use portolan_runtime::{Mediator, Sender, SystemIds};

use crate::support::{Add, FakeStore, Peek, Service, context, on_both_runtimes, start, within, write_side};

/// A mediator on a store with a started counter 1.
pub async fn mediator(chain: Chain) -> (Arc<FakeStore>, Mediator<Service>) {
    let store = Arc::new(FakeStore::default());
    let side = write_side(Arc::clone(&store) as Arc<dyn WriteStore>);
    start(&side, 1).await;
    (Arc::clone(&store), Mediator::new(Service { store }, side, chain))
}

pub fn full() -> Chain {
    standard(Arc::new(SystemIds::new()) as Arc<dyn IdSource>, Limits::default())
}

const ADD_FIVE: Add = Add { counter: 1, amount: 5 };

#[test]
fn a_command_is_decided_committed_and_receipted() {
    on_both_runtimes(|| async {
        for chain in [Chain::new(), full()] {
            let (store, mediator) = mediator(chain).await;
            let receipt = mediator.send(ADD_FIVE, context(1)).await.unwrap();
            assert_eq!((receipt.version.get(), receipt.position.get()), (2, 2));
            assert_eq!(store.value(1), Some(5));
        }
    });
}

#[tokio::test]
async fn a_refusal_is_answered_and_nothing_is_written() {
    for chain in [Chain::new(), full()] {
        let (store, mediator) = mediator(chain).await;
        let refused = mediator.send(Add { counter: 1, amount: -1 }, context(1)).await.unwrap_err();
        assert!(
            matches!(&refused, CommandError::Refused(refusal) if refusal.code == "negative"),
            "{refused}"
        );
        let missing = mediator.send(Add { counter: 2, amount: 1 }, context(2)).await.unwrap_err();
        assert!(
            matches!(&missing, CommandError::Refused(refusal) if refusal.code == "not_found"),
            "{missing}"
        );
        assert_eq!((store.value(1), store.last_position().get()), (Some(0), 1));
    }
}

#[tokio::test]
async fn a_query_is_answered_by_its_handler() {
    for chain in [Chain::new(), full()] {
        let (_, mediator) = mediator(chain).await;
        mediator.send(ADD_FIVE, context(1)).await.unwrap();
        assert_eq!(mediator.ask(Peek(1)).await, Ok(5));
        assert!(matches!(mediator.ask(Peek(2)).await, Err(Error::NotFound(_))));
    }
    assert_eq!(Peek(1).name(), "peek");
}

#[tokio::test]
async fn a_process_sends_through_the_mediator() {
    let (store, mediator) = mediator(full()).await;
    let sender: Arc<dyn Sender<Add>> = Arc::new(mediator.clone());
    sender.send(ADD_FIVE, context(1)).await.unwrap();
    assert_eq!(store.value(1), Some(5));
}

#[test]
fn after_a_handler_that_panics_the_next_command_on_the_same_aggregate_works() {
    on_both_runtimes(|| async {
        let (store, mediator) = mediator(full()).await;
        let same_id = || context(1).idempotent(Fingerprint::of(b"add"), Kept::Forever);
        let panicking = mediator.clone();
        let failed =
            tokio::spawn(
                async move { panicking.send(Add { counter: 1, amount: i64::MIN }, same_id()).await },
            );
        assert!(within(failed).await.unwrap_err().is_panic());
        // The same id and the same aggregate: neither is held any more.
        let receipt = within(mediator.send(ADD_FIVE, same_id())).await.unwrap();
        assert_eq!((receipt.version.get(), store.value(1)), (2, Some(5)));
    });
}

#[tokio::test]
async fn a_command_whose_caller_goes_away_leaves_nothing_held() {
    let (store, mediator) = mediator(full()).await;
    store.close_gate();
    let same_id = || context(1).idempotent(Fingerprint::of(b"add"), Kept::Forever);
    let abandoned = {
        let mediator = mediator.clone();
        tokio::spawn(async move { mediator.send(ADD_FIVE, same_id()).await })
    };
    while store.commits.load(std::sync::atomic::Ordering::SeqCst) < 2 {
        tokio::task::yield_now().await;
    }
    abandoned.abort();
    assert!(abandoned.await.unwrap_err().is_cancelled());
    store.gate.add_permits(10);
    within(mediator.send(ADD_FIVE, same_id())).await.unwrap();
    assert_eq!(store.value(1), Some(5));
}

#[tokio::test]
async fn a_command_that_is_never_awaited_is_never_decided() {
    let (store, mediator) = mediator(full()).await;
    drop(mediator.send(ADD_FIVE, context(1)));
    assert_eq!((store.value(1), store.loads()), (Some(0), 0));
}
