//! One transaction a command, over a pool of connections: what most services do.

use std::sync::{Arc, Condvar, Mutex, PoisonError};

use portolan_kernel::{Clock as _, Timestamp};
use portolan_runtime::SystemClock;

use super::{Done, Server};
use crate::market::Market;
use crate::twin::Receipt;
use crate::work::{Bid, Order};

const CONNECTIONS: usize = 8;

/// The twin.
pub(crate) struct Plain<S>(Arc<Pool<S>>);

struct Pool<S> {
    idle: Mutex<Vec<S>>,
    returned: Condvar,
}

impl<S> Clone for Plain<S> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<S: Server> Plain<S> {
    /// Opens it on a store with Portolan's tables.
    ///
    /// # Errors
    /// Those of the server.
    pub(crate) fn open(url: &str) -> Done<Self> {
        let idle = (0..CONNECTIONS).map(|_| S::connect(url)).collect::<Done<Vec<_>>>()?;
        Ok(Self(Arc::new(Pool { idle: Mutex::new(idle), returned: Condvar::new() })))
    }

    async fn with<F>(&self, work: F) -> bool
    where
        F: FnOnce(&mut S, Timestamp) -> Done<Option<Receipt>> + Send + 'static,
    {
        let pool = Arc::clone(&self.0);
        let done = tokio::task::spawn_blocking(move || {
            let mut server = pool.take();
            let done = work(&mut server, SystemClock.now());
            pool.give_back(server);
            done
        });
        matches!(done.await, Ok(Ok(Some(_))))
    }
}

impl<S: Server> Market for Plain<S> {
    const NAME: &'static str = "plain";

    async fn place_bid(&self, bid: Bid) -> bool {
        self.with(move |server, now| server.place_bid(&bid, now)).await
    }

    async fn place_order(&self, order: Order) -> bool {
        self.with(move |server, now| server.place_order(&order, now)).await
    }

    async fn close(self) {
        // The last handle closes its connections, which is no work for one of the runtime's threads.
        let _ = tokio::task::spawn_blocking(move || drop(self)).await;
    }
}

impl<S> Pool<S> {
    fn take(&self) -> S {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            match idle.pop() {
                Some(server) => return server,
                None => idle = self.returned.wait(idle).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }

    fn give_back(&self, server: S) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(server);
        self.returned.notify_one();
    }
}
