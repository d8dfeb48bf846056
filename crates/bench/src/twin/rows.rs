//! The rows that both twins read and write, by statements that are prepared once.

use std::path::Path;

use rusqlite::{CachedStatement, Connection, OptionalExtension as _, Result, params};
use uuid::Uuid;

use super::Receipt;
use super::auction::{Placed, Standing};
use super::texts::{self, Event};
use crate::work::{self, Bid, LINES, Order};

/// Opens a connection as durable as Portolan's: write-ahead log, a sync for each commit, and no checkpoint inside
/// one.
pub(super) fn open(path: &Path) -> Result<Connection> {
    let connection = Connection::open(path)?;
    // A larger page cache is slower: after a commit that split a page SQLite walks through all of it.
    connection.execute_batch(
        "pragma busy_timeout = 10000; pragma journal_mode = wal; pragma synchronous = full;
         pragma wal_autocheckpoint = 0; pragma cache_size = -16384; pragma temp_store = memory;",
    )?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

/// The statements of one connection.
pub(super) struct Rows<'c> {
    begin: CachedStatement<'c>,
    commit: CachedStatement<'c>,
    rollback: CachedStatement<'c>,
    last_position: CachedStatement<'c>,
    get_command: CachedStatement<'c>,
    put_command: CachedStatement<'c>,
    put_event: CachedStatement<'c>,
    get_listing: CachedStatement<'c>,
    get_bids: CachedStatement<'c>,
    get_two_bids: CachedStatement<'c>,
    count_bids: CachedStatement<'c>,
    get_bid: CachedStatement<'c>,
    update_listing: CachedStatement<'c>,
    put_bid: CachedStatement<'c>,
    put_order: CachedStatement<'c>,
    put_line: CachedStatement<'c>,
}

/// The events of one command, and where they go.
pub(super) struct Written<'a> {
    pub(super) aggregate_type: &'static str,
    pub(super) id: Uuid,
    /// After the last of the events.
    pub(super) version: i64,
    pub(super) command_id: Uuid,
    pub(super) events: &'a [&'a Event],
    pub(super) now: i64,
}

impl<'c> Rows<'c> {
    pub(super) fn of(connection: &'c Connection) -> Result<Self> {
        let prepare = |sql| connection.prepare_cached(sql);
        Ok(Self {
            begin: prepare("begin immediate")?,
            commit: prepare("commit")?,
            rollback: prepare("rollback")?,
            last_position: prepare("select coalesce(max(position), 0) from journal")?,
            get_command: prepare("select 1 from commands where command_id = ?")?,
            put_command: prepare("insert into commands values (?,?,?,null,?) on conflict do nothing")?,
            put_event: prepare("insert into journal values (?,?,?,?,?,?,?,1,?,?,?,?)")?,
            get_listing: prepare(
                "select version, seller, status, asking_amount, increment_amount, ends_at from listings where id = ?",
            )?,
            get_bids: prepare("select bidder, ceiling_amount, number from bids where listing_id = ?")?,
            get_two_bids: prepare(
                "select bidder, ceiling_amount, number from bids where listing_id = ?
                 order by ceiling_amount desc, number limit 2",
            )?,
            count_bids: prepare("select count(*), coalesce(max(number), 0) from bids where listing_id = ?")?,
            get_bid: prepare("select ceiling_amount from bids where listing_id = ? and bidder = ?")?,
            update_listing: prepare(
                "update listings set version = ?, status = 'published', price_amount = ?, next_minimum_amount = ?,
                 ends_at = ? where id = ?",
            )?,
            put_bid: prepare("replace into bids values (?,?,?,?)")?,
            put_order: prepare(
                "insert into orders values (?,1,?,'pending',?,?,?,'EUR',null,null,null,null,null)
                 on conflict do nothing",
            )?,
            put_line: prepare("insert into order_lines values (?,?,?,?,?,?)")?,
        })
    }

    pub(super) fn begin(&mut self) -> Result<()> {
        self.begin.execute([]).map(drop)
    }

    pub(super) fn commit(&mut self) -> Result<()> {
        self.commit.execute([]).map(drop)
    }

    pub(super) fn rollback(&mut self) -> Result<()> {
        self.rollback.execute([]).map(drop)
    }

    pub(super) fn last_position(&mut self) -> Result<i64> {
        self.last_position.query_row([], |row| row.get(0))
    }

    pub(super) fn is_known(&mut self, command_id: Uuid) -> Result<bool> {
        Ok(self.get_command.query_row([command_id.as_bytes()], |_| Ok(())).optional()?.is_some())
    }

    /// The listing's own row, as if it had no bids.
    pub(super) fn listing(&mut self, id: Uuid) -> Result<Standing> {
        self.get_listing.query_row([id.as_bytes()], |row| {
            Ok(Standing {
                version: row.get(0)?,
                seller: Uuid::from_bytes(row.get(1)?),
                is_published: row.get_ref(2)?.as_str()? == "published",
                asking: row.get(3)?,
                increment: row.get(4)?,
                ends_at: row.get(5)?,
                first: None,
                second: None,
                bids: 0,
                last_number: 0,
            })
        })
    }

    /// Every bid of a listing: whose, up to how much, and its number.
    pub(super) fn bids(&mut self, listing: Uuid, mut each: impl FnMut(Uuid, i64, i64)) -> Result<()> {
        let mut rows = self.get_bids.query([listing.as_bytes()])?;
        while let Some(row) = rows.next()? {
            each(Uuid::from_bytes(row.get(0)?), row.get(1)?, row.get(2)?);
        }
        Ok(())
    }

    /// What a bid by this bidder is decided by, and the bidder's ceiling so far; no more is loaded.
    pub(super) fn standing(&mut self, bid: &Bid) -> Result<(Standing, Option<i64>)> {
        let mut standing = self.listing(bid.listing)?;
        let mut best = self.get_two_bids.query([bid.listing.as_bytes()])?;
        let mut next = || match best.next()? {
            Some(row) => Ok::<_, rusqlite::Error>(Some((Uuid::from_bytes(row.get(0)?), row.get(1)?))),
            None => Ok(None),
        };
        (standing.first, standing.second) = (next()?, next()?);
        drop(best);
        (standing.bids, standing.last_number) =
            self.count_bids.query_row([bid.listing.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let keys = params![bid.listing.as_bytes(), bid.bidder.as_bytes()];
        Ok((standing, self.get_bid.query_row(keys, |row| row.get(0)).optional()?))
    }

    /// The rows of an accepted bid.
    pub(super) fn put_bid(&mut self, bid: &Bid, placed: &Placed, ends_at: i64) -> Result<()> {
        let listing = bid.listing.as_bytes();
        let row = params![placed.version, placed.price, placed.next_minimum, ends_at, listing];
        self.update_listing.execute(row)?;
        self.put_bid.execute(params![listing, bid.bidder.as_bytes(), placed.number, bid.ceiling]).map(drop)
    }

    /// The rows of a new order; false where there is one with its id.
    pub(super) fn put_order(&mut self, order: &Order, now: i64) -> Result<bool> {
        let (items, total) = texts::totals();
        let row = params![order.id.as_bytes(), order.customer.as_bytes(), now, items, total];
        if self.put_order.execute(row)? == 0 {
            return Ok(false);
        }
        for (line, number) in LINES.iter().zip(1_i64..) {
            self.put_line.execute(params![
                order.id.as_bytes(),
                number,
                line.sku,
                line.description,
                line.quantity,
                line.unit_price,
            ])?;
        }
        Ok(true)
    }

    /// The command's record and its events, behind the position `head`; none where the command was here before.
    pub(super) fn put_events(&mut self, head: i64, written: &Written<'_>) -> Result<Option<Receipt>> {
        let &Written { aggregate_type, id, version, command_id, events, now } = written;
        let count = i64::try_from(events.len()).unwrap_or(0);
        let receipt = Receipt { id, version, position: head + count };
        let fingerprint = Uuid::new_v5(&Uuid::NAMESPACE_OID, command_id.as_bytes());
        let outcome = texts::outcome(&receipt);
        let record = params![command_id.as_bytes(), fingerprint.as_bytes(), outcome, now];
        if self.put_command.execute(record)? == 0 {
            return Ok(None);
        }
        let metadata = texts::metadata(command_id, command_id.as_u64_pair().0);
        for (event, position) in events.iter().zip(head + 1..) {
            let event_id = work::rising_id(7, position.cast_unsigned());
            self.put_event.execute(params![
                position,
                receipt.position,
                event_id.as_bytes(),
                aggregate_type,
                id.as_bytes(),
                version + position - receipt.position,
                event.event_type,
                event.payload,
                metadata,
                now,
                now,
            ])?;
        }
        Ok(Some(receipt))
    }
}
