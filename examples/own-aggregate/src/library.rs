//! All of it put together: the one place that knows which adapters there are.

use std::sync::Arc;
use std::time::Duration;

use portolan_diesel::sqlite::{OpenMode, Store};
use portolan_kernel::{
    Clock, Command, CommandError, CommandHandler, Context, IdSource, QueryHandler, QueryMessage, Receipt,
    Result, WriteSide,
};
use portolan_runtime::middleware::{self, Limits};
use portolan_runtime::subscription::{Engine, EngineHandle, Ports, Settings};
use portolan_runtime::{Cached, Mediator};

use crate::{Desk, LibraryDecoder, LoanProjector, mappers, registry};

/// How many loans are kept in memory between commands.
const KEPT: u64 = 10_000;

/// How long what follows the journal may take to end.
const ENDING: Duration = Duration::from_secs(5);

/// A running library.
pub struct Library {
    mediator: Mediator<Desk>,
    store: Store,
    engine: EngineHandle,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdSource>,
}

impl Library {
    /// Opens the store at this URL, making it where there is none, and lets the view follow its journal.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn open(url: &str, clock: Arc<dyn Clock>, ids: Arc<dyn IdSource>) -> Result<Self> {
        let registry = registry();
        let store =
            Store::open(&url.parse()?, OpenMode::ReadWrite, &registry, &mappers(), Arc::clone(&clock))?;

        let (loans, filling) = portolan_memory::view("loans", LoanProjector);
        let ports = Ports {
            journal: Arc::new(store.clone()),
            decoder: Arc::new(LibraryDecoder),
            checkpoints: Arc::new(store.clone()),
            leases: Arc::new(store.clone()),
            clock: Arc::clone(&clock),
        };
        let engine = Engine::new(ports, Settings::default()).view(Arc::new(filling)).start().await?;

        let kept = Cached::new(store.clone(), registry.clone(), KEPT);
        let side = WriteSide::new(Arc::new(kept), registry, Arc::clone(&ids));
        let chain = middleware::standard(Arc::clone(&ids), Limits::default());
        let mediator = Mediator::new(Desk::new(Arc::new(loans)), side, chain);
        Ok(Self { mediator, store, engine, clock, ids })
    }

    /// Sends a command, given now.
    ///
    /// # Errors
    /// As [`Mediator::send`].
    pub async fn send<C: Command>(&self, command: C) -> Result<Receipt, CommandError>
    where
        Desk: CommandHandler<C>,
    {
        let context = Context::new(self.ids.next_id(), self.clock.now());
        self.mediator.send(command, context).await
    }

    /// Asks a query.
    ///
    /// # Errors
    /// As [`Mediator::ask`].
    pub async fn ask<Q: QueryMessage>(&self, query: Q) -> Result<Q::Answer>
    where
        Desk: QueryHandler<Q>,
    {
        self.mediator.ask(query).await
    }

    /// The write store, for its check and its journal.
    #[must_use]
    pub const fn store(&self) -> &Store {
        &self.store
    }

    /// Ends what follows the journal, and closes the store.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn close(self) -> Result<()> {
        // A view that is cut off begins anew with the next start, so that nothing is lost.
        let _ = self.engine.shutdown(ENDING).await;
        self.store.close().await
    }
}
