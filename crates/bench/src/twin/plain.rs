//! One transaction a command, over a pool of connections: what most services do.

use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};
use uuid::Uuid;

use super::events::{self, Standing};
use super::schema::{self, sql};
use crate::work;

const CONNECTIONS: usize = 8;

/// The twin.
#[derive(Clone)]
pub(crate) struct Plain(Arc<Pool>);

struct Pool {
    idle: Mutex<Vec<Connection>>,
    returned: Condvar,
}

impl Plain {
    /// Opens it on a store that [`schema::create`] made.
    ///
    /// # Errors
    /// Those of SQLite.
    pub(crate) fn open(path: &Path) -> rusqlite::Result<Self> {
        let idle = (0..CONNECTIONS).map(|_| schema::open(path)).collect::<Result<Vec<_>, _>>()?;
        Ok(Self(Arc::new(Pool { idle: Mutex::new(idle), returned: Condvar::new() })))
    }

    /// Places a bid; whether it was accepted.
    pub(crate) async fn place_bid(&self, bid: work::Bid) -> bool {
        self.with(move |connection| place_bid(connection, &bid)).await
    }

    /// Places a new order with three lines; whether it was accepted.
    pub(crate) async fn place_order(&self, order: Uuid, customer: Uuid) -> bool {
        self.with(move |connection| place_order(connection, order, customer)).await
    }

    async fn with(&self, work: impl FnOnce(&mut Connection) -> rusqlite::Result<bool> + Send + 'static) -> bool {
        let pool = Arc::clone(&self.0);
        let done = tokio::task::spawn_blocking(move || {
            let mut idle = pool.idle.lock().unwrap_or_else(PoisonError::into_inner);
            let mut connection = loop {
                match idle.pop() {
                    Some(connection) => break connection,
                    None => idle = pool.returned.wait(idle).unwrap_or_else(PoisonError::into_inner),
                }
            };
            drop(idle);
            let done = work(&mut connection);
            pool.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
            pool.returned.notify_one();
            done
        });
        matches!(done.await, Ok(Ok(true)))
    }
}

fn place_bid(connection: &mut Connection, bid: &work::Bid) -> rusqlite::Result<bool> {
    let listing = work::id("listing", bid.listing);
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let known: Option<String> =
        transaction.prepare_cached(sql::GET_COMMAND)?.query_row([bid.command_id.as_bytes()], |row| row.get(0)).optional()?;
    if known.is_some() {
        return Ok(true);
    }
    let (version, asking, status, ends_at, seller): (i64, i64, String, i64, [u8; 16]) = transaction
        .prepare_cached("select version, asking, status, ends_at, seller from listing where id = ?")?
        .query_row([listing.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?)))?;
    let best: Vec<([u8; 16], i64)> = transaction
        .prepare_cached("select bidder, ceiling from bid where listing = ? order by ceiling desc, number limit 2")?
        .query_map([listing.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    let (count, last): (i64, i64) = transaction
        .prepare_cached("select count(*), coalesce(max(number), 0) from bid where listing = ?")?
        .query_row([listing.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let own: Option<i64> = transaction
        .prepare_cached("select ceiling from bid where listing = ? and bidder = ?")?
        .query_row([listing.as_bytes(), bid.bidder.as_bytes()], |row| row.get(0))
        .optional()?;
    let leader = best.first().map(|(bidder, _)| Uuid::from_bytes(*bidder));
    let price_before = best.get(1).map_or(asking, |(_, ceiling)| *ceiling);
    let minimum = if best.is_empty() { asking } else { price_before + 100 };
    let leads = leader == Some(bid.bidder);
    let enough = if leads { own < Some(bid.ceiling) } else { bid.ceiling >= minimum };
    if status != "published" || ends_at < 1 || seller == *bid.bidder.as_bytes() || !enough {
        return Ok(false);
    }
    let highest = best.first().map(|(_, ceiling)| *ceiling);
    let (price, leads_after) = match (leads, highest) {
        (true, _) | (_, None) => (price_before, bid.bidder),
        (false, Some(highest)) if bid.ceiling > highest => (highest, bid.bidder),
        (false, Some(_)) => (bid.ceiling, leader.unwrap_or(bid.bidder)),
    };
    let standing = Standing { price, leader: leads_after, bids: count as usize + usize::from(own.is_none()) };
    let events = events::bid_events(bid, version, last + 1, leader, standing);
    transaction.prepare_cached(sql::UPDATE_LISTING)?.execute(params![version + events.len() as i64, listing.as_bytes(), version])?;
    transaction.prepare_cached(sql::PUT_BID)?.execute(params![listing.as_bytes(), bid.bidder.as_bytes(), last + 1, bid.ceiling])?;
    let head: i64 = transaction.prepare_cached(sql::HEAD)?.query_row([], |row| row.get(0))?;
    events::write(&transaction, head, bid.command_id, &events, 1)?;
    transaction.commit()?;
    Ok(true)
}

fn place_order(connection: &mut Connection, order: Uuid, customer: Uuid) -> rusqlite::Result<bool> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let known: Option<String> =
        transaction.prepare_cached(sql::GET_COMMAND)?.query_row([order.as_bytes()], |row| row.get(0)).optional()?;
    if known.is_some() {
        return Ok(true);
    }
    let exists: Option<i64> = transaction
        .prepare_cached("select version from orders where id = ?")?
        .query_row([order.as_bytes()], |row| row.get(0))
        .optional()?;
    if exists.is_some() {
        return Ok(false);
    }
    write_order(&transaction, order, customer)?;
    let head: i64 = transaction.prepare_cached(sql::HEAD)?.query_row([], |row| row.get(0))?;
    events::write(&transaction, head, order, &[events::order_event(order, customer, 1)], 1)?;
    transaction.commit()?;
    Ok(true)
}

/// The rows of a new order with three lines.
pub(super) fn write_order(connection: &Connection, order: Uuid, customer: Uuid) -> rusqlite::Result<()> {
    connection.prepare_cached(sql::PUT_ORDER)?.execute(params![order.as_bytes(), customer.as_bytes(), 1])?;
    let mut insert = connection.prepare_cached(sql::PUT_LINE)?;
    for number in 1..=3_i64 {
        insert.execute(params![order.as_bytes(), number, format!("SKU-{number}"), "brass lamp", number, 1_000 * number])?;
    }
    Ok(())
}
