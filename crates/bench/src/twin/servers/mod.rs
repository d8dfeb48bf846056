//! The twins on database servers: `plain` has one transaction a command over a pool, `batched` one writer that takes
//! what waits as a group, decides in memory, and writes with as few statements as the server lets it.

pub(crate) mod batched;
mod group;
#[cfg(any(feature = "mysql", feature = "mysql-system"))]
pub(crate) mod mariadb;
pub(crate) mod plain;
#[cfg(any(feature = "postgres", feature = "postgres-system"))]
pub(crate) mod postgres;

use std::error::Error;

use portolan_kernel::{Envelope, Timestamp};

use super::Receipt;
use super::auction::Standing;
use crate::work::{Bid, Order};
use group::Group;
use uuid::Uuid;

/// What a server says when it fails.
pub(crate) type Done<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// A connection to a server, with its statements.
pub(crate) trait Server: Sized + Send + 'static {
    /// As the results call the store.
    const STORE: &'static str;

    /// Where the tests' server is.
    const VARIABLE: &'static str;

    /// Connects to a store with Portolan's tables.
    fn connect(url: &str) -> Done<Self>;

    /// Runs this on the server, beside every store.
    fn administer(url: &str, sql: &str) -> Done<()>;

    /// Places a bid in a transaction of its own; none where it was not accepted.
    fn place_bid(&mut self, bid: &Bid, now: Timestamp) -> Done<Option<Receipt>>;

    /// Likewise an order.
    fn place_order(&mut self, order: &Order, now: Timestamp) -> Done<Option<Receipt>>;

    /// The last position of the journal.
    fn last_position(&mut self) -> Done<i64>;

    /// The listing's own row, as if it had no bids.
    fn listing(&mut self, id: Uuid) -> Done<Standing>;

    /// Every bid of a listing: whose, up to how much, and its number.
    fn bids(&mut self, listing: Uuid) -> Done<Vec<(Uuid, i64, i64)>>;

    /// Writes a group in one transaction, behind the position that it was decided on.
    fn write(&mut self, group: &Group) -> Done<()>;

    /// Writes events of another journal, as they were, in one transaction.
    fn append(&mut self, events: &[Envelope]) -> Done<()>;
}
