//! In-memory ports that tests look into and break on purpose, and a small aggregate to run on them.

pub use clock::ManualClock;
pub use counter::{Add, Counter, CounterCodec, Happened, Peek, Service, key, start};
pub use followers::{CountingDecoder, Fault, Logs, SharedWitness, Witness};
pub use ports::{FakeCheckpoints, FakeDeadlines, FakeLeases};
pub use store::FakeStore;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use portolan_kernel::{Context, Registry, Timestamp, WriteSide, WriteStore};
use portolan_runtime::SystemIds;
use uuid::Uuid;

mod clock;
mod counter;
mod followers;
mod ports;
mod store;

/// The time at which everything in these tests happens.
pub fn noon() -> Timestamp {
    "2026-01-05T12:00:00Z".parse().unwrap()
}

/// The nth command of a test, given at noon.
pub fn context(n: u128) -> Context {
    Context::new(Uuid::from_u128(n), noon())
}

pub fn registry() -> Registry {
    Registry::new().with::<Counter>(CounterCodec)
}

pub fn write_side(store: Arc<dyn WriteStore>) -> WriteSide {
    WriteSide::new(store, registry(), Arc::new(SystemIds::new()))
}

/// Waits for a witness, at most half a minute of the test's time.
pub async fn within<T>(witness: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(30), witness).await.expect("the witness came in time")
}

/// Runs a test on a current-thread runtime and on one with two workers.
pub fn on_both_runtimes<F: Future<Output = ()>>(test: impl Fn() -> F) {
    let builders =
        [tokio::runtime::Builder::new_current_thread(), tokio::runtime::Builder::new_multi_thread()];
    for mut builder in builders {
        builder.worker_threads(2).enable_all().build().unwrap().block_on(test());
    }
}
