//! One writer thread that takes all waiting commands into one transaction, and keeps the listings in memory: the
//! best that a single-purpose program does.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use portolan_kernel::{Clock as _, Timestamp};
use portolan_runtime::SystemClock;
use rusqlite::{Connection, Result};
use tokio::sync::oneshot;
use uuid::Uuid;

use super::Receipt;
use super::auction::Standing;
use super::log::Log;
use super::rows::{self, Rows, Written};
use super::texts;
use crate::market::Market;
use crate::work::{Bid, Order};

/// How many commands one transaction takes at the most.
const GROUP: usize = 256;

/// How many commands may wait.
const QUEUE: usize = 4_096;

/// How long to wait for callers that were just answered and are about to ask again: a fuller group is worth it.
const GATHER: Duration = Duration::from_micros(100);

/// The twin.
#[derive(Clone)]
pub(crate) struct Batched(Arc<Handle>);

struct Handle {
    queue: Option<SyncSender<Job>>,
    thread: Option<JoinHandle<()>>,
}

struct Job {
    command: Command,
    answer: oneshot::Sender<Option<Receipt>>,
}

enum Command {
    Bid(Bid),
    Order(Order),
}

impl Batched {
    /// Opens it on a store with Portolan's tables.
    ///
    /// # Errors
    /// Those of SQLite.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let (connection, log) = (rows::open(path)?, Log::keep(path)?);
        let (queue, jobs) = sync_channel(QUEUE);
        // An error ends the writer, and every caller from then on is refused, which the results count.
        let thread = std::thread::spawn(move || drop(write(&connection, log, &jobs)));
        Ok(Self(Arc::new(Handle { queue: Some(queue), thread: Some(thread) })))
    }

    /// Places a bid; none where it was not accepted.
    pub(crate) async fn bid(&self, bid: Bid) -> Option<Receipt> {
        self.submit(Command::Bid(bid)).await
    }

    async fn submit(&self, command: Command) -> Option<Receipt> {
        let (answer, answered) = oneshot::channel();
        self.0.queue.as_ref()?.try_send(Job { command, answer }).ok()?;
        answered.await.ok()?
    }
}

impl Market for Batched {
    const NAME: &'static str = "batched";

    async fn place_bid(&self, bid: Bid) -> bool {
        self.bid(bid).await.is_some()
    }

    async fn place_order(&self, order: Order) -> bool {
        self.submit(Command::Order(order)).await.is_some()
    }

    async fn close(self) {
        // The last handle waits for its threads, which is no work for one of the runtime's.
        let _ = tokio::task::spawn_blocking(move || drop(self)).await;
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        drop(self.queue.take());
        if let Some(thread) = self.thread.take() {
            // A panic there has been seen by every caller since.
            let _ = thread.join();
        }
    }
}

fn write(connection: &Connection, mut log: Log, jobs: &Receiver<Job>) -> Result<()> {
    let mut writer = Writer { rows: Rows::of(connection)?, head: 0, listings: HashMap::new() };
    writer.head = writer.rows.last_position()?;
    let mut group = Vec::with_capacity(GROUP);
    let mut answers = Vec::with_capacity(GROUP);
    while let Ok(first) = jobs.recv() {
        group.push(first);
        gather(&mut group, jobs, answers.len());
        answers.clear();
        let turn = log.turn();
        writer.rows.begin()?;
        let now = SystemClock.now();
        for job in group.drain(..) {
            let receipt = match &job.command {
                Command::Bid(bid) => writer.place_bid(bid, now.as_micros())?,
                Command::Order(order) => writer.place_order(order, now)?,
            };
            answers.push(Some((job.answer, receipt)));
        }
        writer.rows.commit()?;
        drop(turn);
        log.wrote(answers.len());
        for (answer, receipt) in answers.iter_mut().filter_map(Option::take) {
            // A caller that has gone away needs no answer.
            let _ = answer.send(receipt);
        }
    }
    Ok(())
}

/// Takes what waits; where the last group had several, it waits a moment for as many.
fn gather(group: &mut Vec<Job>, jobs: &Receiver<Job>, last: usize) {
    let until = (last > 1).then(|| Instant::now() + GATHER);
    while group.len() < GROUP {
        if let Ok(job) = jobs.try_recv() {
            group.push(job);
            continue;
        }
        let Some(until) = until.filter(|_| group.len() < last) else { return };
        match jobs.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(job) => group.push(job),
            Err(_) => return,
        }
    }
}

struct Writer<'c> {
    rows: Rows<'c>,
    head: i64,
    listings: HashMap<Uuid, Listing>,
}

/// A listing as the writer keeps it.
struct Listing {
    standing: Standing,
    ceilings: HashMap<Uuid, i64>,
}

impl Writer<'_> {
    fn place_bid(&mut self, bid: &Bid, now: i64) -> Result<Option<Receipt>> {
        let listing = match self.listings.entry(bid.listing) {
            Entry::Occupied(kept) => kept.into_mut(),
            Entry::Vacant(place) => place.insert(load(&mut self.rows, bid.listing)?),
        };
        let own = listing.ceilings.get(&bid.bidder).copied();
        let mut standing = listing.standing;
        let Some(placed) = standing.place(bid, own, now) else { return Ok(None) };
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
        let Some(receipt) = self.rows.put_events(self.head, &written)? else { return Ok(None) };
        self.rows.put_bid(bid, &placed, standing.ends_at)?;
        self.head = receipt.position;
        listing.standing = standing;
        listing.ceilings.insert(bid.bidder, bid.ceiling);
        Ok(Some(receipt))
    }

    fn place_order(&mut self, order: &Order, now: Timestamp) -> Result<Option<Receipt>> {
        if !self.rows.put_order(order, now.as_micros())? {
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
        let receipt = self.rows.put_events(self.head, &written)?;
        self.head = receipt.map_or(self.head, |receipt| receipt.position);
        Ok(receipt)
    }
}

fn load(rows: &mut Rows<'_>, id: Uuid) -> Result<Listing> {
    let mut listing = Listing { standing: rows.listing(id)?, ceilings: HashMap::new() };
    let standing = &mut listing.standing;
    // Where ceilings are equal, the earlier bid is the higher.
    let (mut first, mut second) = (None::<(i64, i64, Uuid)>, None::<(i64, i64, Uuid)>);
    rows.bids(id, |bidder, ceiling, number| {
        let bid = Some((ceiling, -number, bidder));
        if bid > first {
            (first, second) = (bid, first);
        } else if bid > second {
            second = bid;
        }
        standing.bids += 1;
        standing.last_number = standing.last_number.max(number);
        listing.ceilings.insert(bidder, ceiling);
    })?;
    standing.first = first.map(|(ceiling, _, bidder)| (bidder, ceiling));
    standing.second = second.map(|(ceiling, _, bidder)| (bidder, ceiling));
    Ok(listing)
}
