//! The subscription engine.

mod deadlines;
mod local;
mod process;
mod shared;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use portolan_kernel::{Checkpoints, Clock, Decoder, Journal, Leases, WriteSide, WriteStore};
use portolan_runtime::subscription::{
    Engine, EngineHandle, Ports, Settings, SubscriptionState, SubscriptionStatus,
};

use crate::support::{
    Add, CountingDecoder, FakeCheckpoints, FakeDeadlines, FakeLeases, FakeStore, Happened, ManualClock,
    Service, context, noon, start, within, write_side,
};

/// Long enough for everything here, in the test's time.
const SOON: Duration = Duration::from_secs(30);

/// Everything that survives a process.
#[derive(Clone)]
struct World {
    store: Arc<FakeStore>,
    checkpoints: Arc<FakeCheckpoints>,
    leases: Arc<FakeLeases>,
    deadlines: Arc<FakeDeadlines>,
    decoder: Arc<CountingDecoder>,
    clock: Arc<ManualClock>,
    side: WriteSide,
    commands: Arc<AtomicU64>,
}

impl World {
    /// A store with a started counter 1: the journal's head is 1.
    async fn new() -> Self {
        let store = Arc::new(FakeStore::default());
        let side = write_side(Arc::clone(&store) as Arc<dyn WriteStore>);
        start(&side, 1).await;
        let checkpoints = Arc::new(FakeCheckpoints::default());
        Self {
            store,
            deadlines: Arc::new(FakeDeadlines::new(Arc::clone(&checkpoints))),
            checkpoints,
            leases: Arc::default(),
            decoder: Arc::default(),
            clock: Arc::new(ManualClock::at(noon())),
            side,
            commands: Arc::default(),
        }
    }

    fn engine(&self) -> Engine<Happened> {
        self.engine_with(Settings { batch: 10, ..Settings::default() })
    }

    fn engine_with(&self, settings: Settings) -> Engine<Happened> {
        let ports = Ports {
            journal: Arc::clone(&self.store) as Arc<dyn Journal>,
            decoder: Arc::clone(&self.decoder) as Arc<dyn Decoder<Event = Happened>>,
            checkpoints: Arc::clone(&self.checkpoints) as Arc<dyn Checkpoints>,
            leases: Arc::clone(&self.leases) as Arc<dyn Leases>,
            clock: Arc::clone(&self.clock) as Arc<dyn Clock>,
        };
        Engine::new(ports, settings)
    }

    fn mediator(&self) -> Arc<portolan_runtime::Mediator<Service>> {
        let service = Service { store: Arc::clone(&self.store) };
        Arc::new(portolan_runtime::Mediator::new(service, self.side.clone(), crate::mediator::full()))
    }

    /// Adds one to counter 1, `times` times: as many events.
    async fn add(&self, times: usize) {
        for _ in 0..times {
            let id = self.commands.fetch_add(1, Ordering::SeqCst);
            let command = Add { counter: 1, amount: 1 };
            self.mediator().send(command, context(u128::from(id) + 5_000_000)).await.unwrap();
        }
    }

    fn head(&self) -> u64 {
        self.store.last_position().get()
    }
}

async fn status(handle: &EngineHandle, name: &str) -> SubscriptionStatus {
    handle.status().await.unwrap().into_iter().find(|status| status.id.name == name).unwrap()
}

/// Waits until the subscription shows such a state.
async fn shows(
    handle: &EngineHandle,
    name: &str,
    state: impl Fn(&SubscriptionState) -> bool,
) -> SubscriptionStatus {
    within(async {
        loop {
            let status = status(handle, name).await;
            if state(&status.state) {
                return status;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    })
    .await
}
