//! Readers and the writer beside each other.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Waker};

use portolan_kernel::{PageRequest, Query, ReadRepository, Specification};

use crate::ware::{Event, Shop, at, offered};

/// A shop with so many wares that an answer takes several turns.
async fn large() -> Shop {
    let shop = Shop::new();
    let made: Vec<_> = (1..=30_000)
        .map(|position| at(position, &format!("ware {position}"), 1, offered("ware", None)))
        .collect();
    shop.apply(&made).await;
    shop
}

#[tokio::test]
async fn a_long_answer_gives_way_and_neither_holds_the_writer_nor_sees_its_changes() {
    let shop = large().await;
    let everything = Query::default().page(PageRequest::everything());
    let mut answer = Box::pin(shop.view.find(&everything));
    let mut context = Context::from_waker(Waker::noop());
    // One turn, and it is not done.
    assert!(answer.as_mut().poll(&mut context).is_pending());
    let changes: Vec<_> = (1..=30_000)
        .map(|number| at(30_000 + number, &format!("ware {number}"), 2, Event::Counted(1)))
        .chain([at(60_001, "newcomer", 1, offered("newcomer", None))])
        .chain([at(60_002, "ware 7", 3, Event::Withdrawn)])
        .collect();
    shop.apply(&changes).await;

    let page = answer.await.unwrap();
    assert_eq!(page.position.get(), 30_000);
    assert_eq!(page.rows.len(), 30_000);
    assert!(page.rows.iter().all(|row| row.view.stock == 0 && row.version.get() == 1));
    let page = shop.view.find(&everything).await.unwrap();
    assert_eq!(page.rows.iter().map(|row| row.view.stock).sum::<i64>(), 29_999);
    assert_eq!(page.rows.len(), 30_000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_reader_sees_half_a_batch() {
    let shop = Arc::new(Shop::new());
    let pair = |position: u64, version, event: Event| {
        [at(position, "left", version, event.clone()), at(position + 1, "right", version, event)]
    };
    shop.apply(&pair(1, 1, offered("one of two", None))).await;
    let done = Arc::new(AtomicBool::new(false));
    let readers: Vec<_> = (0..4)
        .map(|_| {
            let (view, done) = (shop.view.clone(), Arc::clone(&done));
            tokio::spawn(async move {
                let mut states = 0_u64;
                let mut last = -1;
                while !done.load(Ordering::Relaxed) || states == 0 {
                    let page = view.find(&Query::new(Specification::everything())).await.unwrap();
                    let stocks: Vec<_> = page.rows.iter().map(|row| row.view.stock).collect();
                    assert_eq!(stocks[0], stocks[1]);
                    assert_eq!(page.position.get() as i64, 2 + 2 * stocks[0]);
                    states += u64::from(stocks[0] != last);
                    last = stocks[0];
                    tokio::task::yield_now().await;
                }
                states
            })
        })
        .collect();
    for number in 1..=5_000 {
        shop.apply(&pair(1 + 2 * number, 1 + number, Event::Counted(1))).await;
        tokio::task::yield_now().await;
    }
    done.store(true, Ordering::Relaxed);
    for reader in readers {
        assert!(reader.await.unwrap() > 0);
    }
}
