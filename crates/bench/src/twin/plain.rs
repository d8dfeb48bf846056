//! One transaction a command, over a pool of connections: what most services do.

use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use portolan_kernel::{Clock as _, Timestamp};
use portolan_runtime::SystemClock;
use rusqlite::{Connection, Result};

use super::Receipt;
use super::rows::{self, Rows, Written};
use super::texts;
use crate::market::Market;
use crate::work::{Bid, Order};

const CONNECTIONS: usize = 8;

/// The twin.
#[derive(Clone)]
pub(crate) struct Plain(Arc<Pool>);

struct Pool {
    idle: Mutex<Vec<Connection>>,
    returned: Condvar,
}

impl Plain {
    /// Opens it on a store with Portolan's tables.
    ///
    /// # Errors
    /// Those of SQLite.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let connection = || {
            let connection = rows::open(path)?;
            // As it is where nobody has changed it.
            connection.execute_batch("pragma wal_autocheckpoint = 1000")?;
            Ok(connection)
        };
        let idle = (0..CONNECTIONS).map(|_| connection()).collect::<Result<Vec<_>>>()?;
        Ok(Self(Arc::new(Pool { idle: Mutex::new(idle), returned: Condvar::new() })))
    }

    /// Runs this in a transaction on one of the connections.
    async fn with<F>(&self, work: F) -> bool
    where
        F: FnOnce(&mut Rows<'_>, Timestamp) -> Result<Option<Receipt>> + Send + 'static,
    {
        let pool = Arc::clone(&self.0);
        let done = tokio::task::spawn_blocking(move || {
            let connection = pool.take();
            let done = transaction(&connection, work);
            pool.give_back(connection);
            done
        });
        matches!(done.await, Ok(Ok(Some(_))))
    }
}

impl Market for Plain {
    const NAME: &'static str = "plain";

    async fn place_bid(&self, bid: Bid) -> bool {
        self.with(move |rows, now| place_bid(rows, &bid, now)).await
    }

    async fn place_order(&self, order: Order) -> bool {
        self.with(move |rows, now| place_order(rows, &order, now)).await
    }

    async fn close(self) {}
}

impl Pool {
    fn take(&self) -> Connection {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            match idle.pop() {
                Some(connection) => return connection,
                None => idle = self.returned.wait(idle).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }

    fn give_back(&self, connection: Connection) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        self.returned.notify_one();
    }
}

fn transaction<F>(connection: &Connection, work: F) -> Result<Option<Receipt>>
where
    F: FnOnce(&mut Rows<'_>, Timestamp) -> Result<Option<Receipt>>,
{
    let mut rows = Rows::of(connection)?;
    rows.begin()?;
    match work(&mut rows, SystemClock.now()) {
        Ok(Some(receipt)) => rows.commit().map(|()| Some(receipt)),
        nothing => {
            rows.rollback()?;
            nothing
        }
    }
}

fn place_bid(rows: &mut Rows<'_>, bid: &Bid, now: Timestamp) -> Result<Option<Receipt>> {
    let now = now.as_micros();
    if rows.is_known(bid.command_id)? {
        return Ok(None);
    }
    let (mut standing, own) = rows.standing(bid)?;
    let Some(placed) = standing.place(bid, own, now) else { return Ok(None) };
    rows.put_bid(bid, &placed, standing.ends_at)?;
    let (first, second) = texts::of_bid(bid, &placed);
    let both = [&first, second.as_ref().unwrap_or(&first)];
    let written = Written {
        aggregate_type: "listing",
        id: bid.listing,
        version: placed.version,
        command_id: bid.command_id,
        events: &both[..=usize::from(second.is_some())],
        now,
    };
    let head = rows.last_position()?;
    rows.put_events(head, &written)
}

fn place_order(rows: &mut Rows<'_>, order: &Order, now: Timestamp) -> Result<Option<Receipt>> {
    if rows.is_known(order.id)? || !rows.put_order(order, now.as_micros())? {
        return Ok(None);
    }
    let written = Written {
        aggregate_type: "order",
        id: order.id,
        version: 1,
        command_id: order.id,
        events: &[&texts::of_order(order, &now.to_string())],
        now: now.as_micros(),
    };
    let head = rows.last_position()?;
    rows.put_events(head, &written)
}
