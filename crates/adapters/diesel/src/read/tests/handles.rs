//! A view's work holds the store that it is done in, and may be the last that does.

use std::sync::mpsc::channel;
use std::time::Duration;

use super::*;

/// Longer than a thread takes to drop what it holds.
const SOON: Duration = Duration::from_secs(30);

#[test]
fn the_last_handle_may_go_with_work_of_the_stores_own_threads() {
    let Some(place) = trial::shared_place() else { return };
    for is_read in [false, true] {
        let open = Store::open(
            &place.config,
            OpenMode::ReadWrite,
            &Registry::new(),
            &Mappers::new(),
            Arc::new(Midnight),
        );
        let store = open.unwrap();
        let (go, wait) = channel();
        let (dropped, is_dropped) = channel();
        let held = store.clone();
        let work = move || {
            wait.recv_timeout(SOON).unwrap();
            drop(held);
            dropped.send(()).unwrap();
            Ok(())
        };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let mut asked: std::pin::Pin<Box<dyn Future<Output = Result<()>>>> = match is_read {
                true => Box::pin(store.read_with(move |_| work())),
                false => {
                    let store = store.clone();
                    let mut work = Some(work);
                    let work = move |_: &mut _| work.take().map_or(Ok(()), |work| work());
                    Box::pin(async move { store.queue()?.write(work).await })
                }
            };
            // Handed over, and nobody waits for it.
            let waker = std::task::Waker::noop();
            assert!(asked.as_mut().poll(&mut std::task::Context::from_waker(waker)).is_pending());
        });
        drop(store);
        go.send(()).unwrap();
        assert!(is_dropped.recv_timeout(SOON).is_ok(), "is_read: {is_read}");
    }
}
