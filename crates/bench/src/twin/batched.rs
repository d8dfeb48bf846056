//! One writer thread that takes all waiting commands into one transaction, and keeps the listings in memory: the
//! best that a single-purpose program does.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use rusqlite::{Connection, OptionalExtension, params};
use tokio::sync::oneshot;
use uuid::Uuid;

use super::events::{self, Standing};
use super::plain::write_order;
use super::schema::{self, sql};
use crate::work;

const GROUP: usize = 256;

/// The twin.
#[derive(Clone)]
pub(crate) struct Batched(Arc<Writer>);

struct Writer {
    queue: Option<SyncSender<Job>>,
    thread: Option<JoinHandle<()>>,
}

struct Job {
    command: Command,
    done: oneshot::Sender<bool>,
}

enum Command {
    Bid(work::Bid),
    Order { order: Uuid, customer: Uuid },
}

/// A listing as the writer keeps it.
#[derive(Default)]
struct Listing {
    version: i64,
    asking: i64,
    last_number: i64,
    bids: HashMap<Uuid, i64>,
    first: Option<(Uuid, i64)>,
    second: Option<(Uuid, i64)>,
}

impl Batched {
    /// Opens it on a store that [`schema::create`] made.
    ///
    /// # Errors
    /// Those of SQLite.
    pub(crate) fn open(path: &Path) -> rusqlite::Result<Self> {
        let connection = schema::open(path)?;
        connection.execute_batch("pragma wal_autocheckpoint = 0")?;
        let checkpointer = schema::open(path)?;
        let (queue, jobs) = sync_channel(4_096);
        let thread = std::thread::spawn(move || {
            let _ = write(&connection, &checkpointer, &jobs);
        });
        Ok(Self(Arc::new(Writer { queue: Some(queue), thread: Some(thread) })))
    }

    /// Places a bid; whether it was accepted.
    pub(crate) async fn place_bid(&self, bid: work::Bid) -> bool {
        self.submit(Command::Bid(bid)).await
    }

    /// Places a new order with three lines; whether it was accepted.
    pub(crate) async fn place_order(&self, order: Uuid, customer: Uuid) -> bool {
        self.submit(Command::Order { order, customer }).await
    }

    async fn submit(&self, command: Command) -> bool {
        let (done, answer) = oneshot::channel();
        match &self.0.queue {
            Some(queue) if queue.try_send(Job { command, done }).is_ok() => answer.await.unwrap_or(false),
            _ => false,
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        drop(self.queue.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn write(connection: &Connection, checkpointer: &Connection, jobs: &Receiver<Job>) -> rusqlite::Result<()> {
    let mut listings: HashMap<usize, Listing> = HashMap::new();
    let mut head: i64 = connection.query_row(sql::HEAD, [], |row| row.get(0))?;
    let mut group = Vec::with_capacity(GROUP);
    let mut answers = Vec::with_capacity(GROUP);
    let mut since_checkpoint = 0;
    while let Ok(first) = jobs.recv() {
        group.push(first);
        // Callers that were just answered are about to ask again: a fuller group is worth a short wait.
        if answers.len() > 1 {
            let until = std::time::Instant::now() + std::time::Duration::from_micros(100);
            while group.len() < answers.len() && std::time::Instant::now() < until {
                match jobs.try_recv() {
                    Ok(job) => group.push(job),
                    Err(_) => std::thread::yield_now(),
                }
            }
        }
        group.extend(jobs.try_iter().take(GROUP - group.len()));
        answers.clear();
        connection.prepare_cached("begin immediate")?.execute([])?;
        for job in group.drain(..) {
            let accepted = match job.command {
                Command::Bid(bid) => place_bid(connection, &mut listings, &mut head, &bid)?,
                Command::Order { order, customer } => place_order(connection, &mut head, order, customer)?,
            };
            answers.push((job.done, accepted));
        }
        connection.prepare_cached("commit")?.execute([])?;
        since_checkpoint += answers.len();
        for (done, accepted) in answers.iter_mut().map(|(done, accepted)| (done, *accepted)) {
            let (replacement, _) = oneshot::channel();
            let _ = std::mem::replace(done, replacement).send(accepted);
        }
        if since_checkpoint > 2_000 {
            since_checkpoint = 0;
            checkpointer.query_row("pragma wal_checkpoint(passive)", [], |_| Ok(()))?;
        }
    }
    Ok(())
}

fn is_known(connection: &Connection, command_id: Uuid) -> rusqlite::Result<bool> {
    let known: Option<String> =
        connection.prepare_cached(sql::GET_COMMAND)?.query_row([command_id.as_bytes()], |row| row.get(0)).optional()?;
    Ok(known.is_some())
}

fn place_bid(
    connection: &Connection,
    listings: &mut HashMap<usize, Listing>,
    head: &mut i64,
    bid: &work::Bid,
) -> rusqlite::Result<bool> {
    if is_known(connection, bid.command_id)? {
        return Ok(true);
    }
    let id = work::id("listing", bid.listing);
    let listing = match listings.entry(bid.listing) {
        std::collections::hash_map::Entry::Occupied(found) => found.into_mut(),
        std::collections::hash_map::Entry::Vacant(empty) => empty.insert(load(connection, id)?),
    };
    let leader = listing.first.map(|(bidder, _)| bidder);
    let price_before = listing.second.map_or(listing.asking, |(_, ceiling)| ceiling);
    let own = listing.bids.get(&bid.bidder).copied();
    let enough = if leader == Some(bid.bidder) {
        own < Some(bid.ceiling)
    } else {
        bid.ceiling >= if listing.first.is_none() { listing.asking } else { price_before + 100 }
    };
    if !enough {
        return Ok(false);
    }
    listing.bids.insert(bid.bidder, bid.ceiling);
    match (listing.first, listing.second) {
        (Some((first, _)), _) if first == bid.bidder => listing.first = Some((bid.bidder, bid.ceiling)),
        (Some((_, highest)), _) if bid.ceiling <= highest => listing.second = Some((bid.bidder, bid.ceiling)),
        (first, _) => {
            listing.second = first;
            listing.first = Some((bid.bidder, bid.ceiling));
        }
    }
    listing.last_number += 1;
    let price = listing.second.map_or(listing.asking, |(_, ceiling)| ceiling);
    let leader_after = listing.first.map_or(bid.bidder, |(bidder, _)| bidder);
    let standing = Standing { price, leader: leader_after, bids: listing.bids.len() };
    let events = events::bid_events(bid, listing.version, listing.last_number, leader, standing);
    let version = listing.version + events.len() as i64;
    connection.prepare_cached(sql::UPDATE_LISTING)?.execute(params![version, id.as_bytes(), listing.version])?;
    connection.prepare_cached(sql::PUT_BID)?.execute(params![id.as_bytes(), bid.bidder.as_bytes(), listing.last_number, bid.ceiling])?;
    listing.version = version;
    *head = events::write(connection, *head, bid.command_id, &events, 1)?;
    Ok(true)
}

fn load(connection: &Connection, id: Uuid) -> rusqlite::Result<Listing> {
    let (version, asking) = connection
        .prepare_cached("select version, asking from listing where id = ? and status = 'published'")?
        .query_row([id.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let mut listing = Listing { version, asking, ..Listing::default() };
    let mut select = connection.prepare_cached("select bidder, ceiling, number from bid where listing = ? order by ceiling desc, number")?;
    let mut rows = select.query([id.as_bytes()])?;
    while let Some(row) = rows.next()? {
        let bid = (Uuid::from_bytes(row.get(0)?), row.get(1)?);
        listing.last_number = listing.last_number.max(row.get(2)?);
        listing.bids.insert(bid.0, bid.1);
        if listing.first.is_none() {
            listing.first = Some(bid);
        } else if listing.second.is_none() {
            listing.second = Some(bid);
        }
    }
    Ok(listing)
}

fn place_order(connection: &Connection, head: &mut i64, order: Uuid, customer: Uuid) -> rusqlite::Result<bool> {
    if is_known(connection, order)? {
        return Ok(true);
    }
    let exists: Option<i64> = connection
        .prepare_cached("select version from orders where id = ?")?
        .query_row([order.as_bytes()], |row| row.get(0))
        .optional()?;
    if exists.is_some() {
        return Ok(false);
    }
    write_order(connection, order, customer)?;
    *head = events::write(connection, *head, order, &[events::order_event(order, customer, 1)], 1)?;
    Ok(true)
}
