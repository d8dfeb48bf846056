//! Both twins' statements on MariaDB. A group is a few statements with many rows each, in one transaction.

use std::collections::HashMap;

use mysql::prelude::Queryable as _;
use mysql::{Conn, Opts, OptsBuilder, Statement, Value};
use portolan_kernel::{Envelope, Timestamp};
use uuid::Uuid;

use super::group::Group;
use super::{Done, Server};
use crate::twin::Receipt;
use crate::twin::auction::Standing;
use crate::twin::texts::{self, Event};
use crate::work::{self, Bid, LINES, Order};

/// A connection with its statements, which are prepared where they are first used.
pub(crate) struct MariaDb {
    conn: Conn,
    statements: HashMap<String, Statement>,
}

/// How many rows one statement writes at the most; the rest of a group goes in powers of two, so that the number of
/// statements is bounded.
const ROWS: usize = 64;

/// More statements than there are: seven for each table that a group writes to, and a few more.
const KEPT_STATEMENTS: usize = 256;

const LISTING: &str =
    "select version, seller, status, asking_amount, increment_amount, ends_at from listings where id = ?";

impl MariaDb {
    fn statement(&mut self, sql: &str) -> Done<Statement> {
        if let Some(statement) = self.statements.get(sql) {
            return Ok(statement.clone());
        }
        let statement = self.conn.prep(sql)?;
        self.statements.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }

    fn execute(&mut self, sql: &str, values: Vec<Value>) -> Done<u64> {
        let statement = self.statement(sql)?;
        self.conn.exec_drop(&statement, values)?;
        Ok(self.conn.affected_rows())
    }

    fn rows(&mut self, sql: &str, values: Vec<Value>) -> Done<Vec<mysql::Row>> {
        let statement = self.statement(sql)?;
        Ok(self.conn.exec(&statement, values)?)
    }

    /// `insert into .. values (..), (..) ..`.
    fn insert(&mut self, into: &str, end: &str, mut rows: Vec<Vec<Value>>) -> Done<()> {
        while let Some(first) = rows.first() {
            let many = if rows.len() >= ROWS { ROWS } else { 1 << rows.len().ilog2() };
            let row = format!("({})", vec!["?"; first.len()].join(","));
            let sql = format!("insert into {into} values {} {end}", vec![row; many].join(","));
            let rest = rows.split_off(many);
            self.execute(&sql, rows.concat())?;
            rows = rest;
        }
        Ok(())
    }

    fn begin(&mut self) -> Done<()> {
        self.execute("start transaction", Vec::new()).map(drop)
    }

    fn commit(&mut self) -> Done<()> {
        self.execute("commit", Vec::new()).map(drop)
    }

    /// Ends the transaction, whatever came of it.
    fn ended(&mut self, done: Done<Option<Receipt>>) -> Done<Option<Receipt>> {
        match done {
            Ok(Some(receipt)) => self.commit().map(|()| Some(receipt)),
            nothing => {
                self.execute("rollback", Vec::new())?;
                nothing
            }
        }
    }

    fn try_bid(&mut self, bid: &Bid, now: i64) -> Done<Option<Receipt>> {
        let listing = || bytes(bid.listing);
        if !self.rows("select 1 from commands where command_id = ?", vec![bytes(bid.command_id)])?.is_empty()
        {
            return Ok(None);
        }
        let mut standing = self.standing(&format!("{LISTING} for update"), bid.listing)?;
        let two = "select bidder, ceiling_amount from bids where listing_id = ? order by ceiling_amount desc, number limit 2";
        let mut best = self.rows(two, vec![listing()])?.into_iter();
        let mut next = || {
            best.next()
                .map(|mut row| Ok::<_, uuid::Error>((id(&take(&mut row, 0))?, int(&take(&mut row, 1)))))
        };
        (standing.first, standing.second) = (next().transpose()?, next().transpose()?);
        let count = "select count(*), coalesce(max(number), 0) from bids where listing_id = ?";
        for mut row in self.rows(count, vec![listing()])? {
            (standing.bids, standing.last_number) = (int(&take(&mut row, 0)), int(&take(&mut row, 1)));
        }
        let own = "select ceiling_amount from bids where listing_id = ? and bidder = ?";
        let own =
            self.rows(own, vec![listing(), bytes(bid.bidder)])?.first_mut().map(|row| int(&take(row, 0)));
        let Some(placed) = standing.place(bid, own, now) else { return Ok(None) };
        self.execute(
            "update listings set version = ?, status = 'published', price_amount = ?, next_minimum_amount = ?,
             ends_at = ? where id = ?",
            vec![
                placed.version.into(),
                placed.price.into(),
                placed.next_minimum.into(),
                standing.ends_at.into(),
                listing(),
            ],
        )?;
        let row = vec![listing(), bytes(bid.bidder), placed.number.into(), bid.ceiling.into()];
        self.insert(BIDS, BIDS_END, vec![row])?;
        let (first, second) = texts::of_bid(bid, &placed);
        let events: Vec<Event> = [Some(first), second].into_iter().flatten().collect();
        self.put_events(("listing", bid.listing, placed.version), bid.command_id, &events, now)
    }

    fn try_order(&mut self, order: &Order, now: Timestamp) -> Done<Option<Receipt>> {
        if !self.rows("select 1 from commands where command_id = ?", vec![bytes(order.id)])?.is_empty() {
            return Ok(None);
        }
        self.insert(ORDERS, "", vec![order_row(order, now.as_micros())])?;
        let lines = LINES.iter().zip(1..).map(|(line, number)| line_row(order.id, number, line));
        self.insert(ORDER_LINES, "", lines.collect())?;
        let events = [texts::of_order(order, &now.to_string())];
        self.put_events(("order", order.id, 1), order.id, &events, now.as_micros())
    }

    fn standing(&mut self, sql: &str, listing: Uuid) -> Done<Standing> {
        let mut rows = self.rows(sql, vec![bytes(listing)])?;
        let row = rows.first_mut().ok_or("there is no such listing")?;
        Ok(Standing {
            version: int(&take(row, 0)),
            seller: id(&take(row, 1))?,
            is_published: take(row, 2) == Value::Bytes(b"published".to_vec()),
            asking: int(&take(row, 3)),
            increment: int(&take(row, 4)),
            ends_at: int(&take(row, 5)),
            first: None,
            second: None,
            bids: 0,
            last_number: 0,
        })
    }

    /// The command's record and its events; none where the command was here before.
    fn put_events(
        &mut self,
        (aggregate_type, aggregate_id, version): (&str, Uuid, i64),
        command_id: Uuid,
        events: &[Event],
        now: i64,
    ) -> Done<Option<Receipt>> {
        let count = i64::try_from(events.len())?;
        // As late as it can be: from here on every other transaction waits for this one.
        let head = self.rows("select position from journal_head for update", Vec::new())?;
        let last = head.into_iter().map(|mut row| int(&take(&mut row, 0))).sum::<i64>() + count;
        self.execute("update journal_head set position = ?", vec![last.into()])?;
        let receipt = Receipt { id: aggregate_id, version, position: last };
        let fingerprint = Uuid::new_v5(&Uuid::NAMESPACE_OID, command_id.as_bytes());
        let record = vec![
            bytes(command_id),
            bytes(fingerprint),
            texts::outcome(&receipt).into(),
            Value::NULL,
            now.into(),
        ];
        self.insert(COMMANDS, "", vec![record])?;
        let metadata = texts::metadata(command_id, command_id.as_u64_pair().0);
        let rows = events.iter().zip(last - count + 1..).map(|(event, position)| {
            vec![
                position.into(),
                last.into(),
                bytes(work::rising_id(7, position.cast_unsigned())),
                aggregate_type.into(),
                bytes(aggregate_id),
                (version + position - last).into(),
                event.event_type.into(),
                1.into(),
                (&*event.payload).into(),
                (&*metadata).into(),
                now.into(),
                now.into(),
            ]
        });
        self.insert(JOURNAL, "", rows.collect())?;
        Ok(Some(receipt))
    }
}

const BIDS: &str = "bids (listing_id, bidder, number, ceiling_amount)";
const BIDS_END: &str =
    "on duplicate key update number = values(number), ceiling_amount = values(ceiling_amount)";
const COMMANDS: &str = "commands (command_id, fingerprint, outcome, kept_until, recorded_at)";
const ORDERS: &str = "orders (id, version, customer, status, placed_at, items, total_amount, currency)";
const ORDER_LINES: &str = "order_lines (order_id, line, sku, description, quantity, unit_price_amount)";
const JOURNAL: &str =
    "journal (position, commit_position, event_id, aggregate_type, aggregate_id, version, event_type,
    schema_version, payload, metadata, occurred_at, recorded_at)";

/// A listing that is there is made anew as it is, but for what a bid changes.
const LISTINGS: &str =
    "listings (id, version, price_amount, next_minimum_amount, ends_at, seller, status, currency,
    asking_amount, increment_amount)";
const LISTINGS_END: &str =
    "on duplicate key update version = values(version), price_amount = values(price_amount),
    next_minimum_amount = values(next_minimum_amount), ends_at = values(ends_at)";

impl Server for MariaDb {
    const STORE: &'static str = "mariadb";
    const VARIABLE: &'static str = "PORTOLAN_TEST_MARIADB";

    fn administer(url: &str, sql: &str) -> Done<()> {
        Ok(Conn::new(Opts::from_url(url)?)?.query_drop(sql)?)
    }

    fn connect(url: &str) -> Done<Self> {
        // The driver closes the statements that it keeps beyond so many, which are kept here as well.
        let opts = OptsBuilder::from_opts(Opts::from_url(url)?).stmt_cache_size(KEPT_STATEMENTS);
        let mut conn = Conn::new(opts)?;
        conn.query_drop("set session transaction isolation level read committed")?;
        Ok(Self { conn, statements: HashMap::new() })
    }

    fn place_bid(&mut self, bid: &Bid, now: Timestamp) -> Done<Option<Receipt>> {
        self.begin()?;
        let done = self.try_bid(bid, now.as_micros());
        self.ended(done)
    }

    fn place_order(&mut self, order: &Order, now: Timestamp) -> Done<Option<Receipt>> {
        self.begin()?;
        let done = self.try_order(order, now);
        self.ended(done)
    }

    fn last_position(&mut self) -> Done<i64> {
        let rows = self.rows("select position from journal_head", Vec::new())?;
        Ok(rows.into_iter().map(|mut row| int(&take(&mut row, 0))).sum())
    }

    fn listing(&mut self, id: Uuid) -> Done<Standing> {
        self.standing(LISTING, id)
    }

    fn bids(&mut self, listing: Uuid) -> Done<Vec<(Uuid, i64, i64)>> {
        let rows = self.rows(
            "select bidder, ceiling_amount, number from bids where listing_id = ?",
            vec![bytes(listing)],
        )?;
        let bid = |mut row: mysql::Row| {
            Ok((id(&take(&mut row, 0))?, int(&take(&mut row, 1)), int(&take(&mut row, 2))))
        };
        rows.into_iter().map(bid).collect()
    }

    fn write(&mut self, group: &Group) -> Done<()> {
        let Group { now, head, .. } = *group;
        self.begin()?;
        let commands = group.commands.iter().map(|command| {
            vec![
                bytes(command.id),
                bytes(command.fingerprint),
                (&*command.outcome).into(),
                Value::NULL,
                now.into(),
            ]
        });
        self.insert(COMMANDS, "", commands.collect())?;
        let nobody = || bytes(Uuid::nil());
        let listings = group.listings.iter().map(|(id, priced)| {
            vec![
                bytes(*id),
                priced.version.into(),
                priced.price.into(),
                priced.next_minimum.into(),
                priced.ends_at.into(),
                nobody(),
                "".into(),
                "".into(),
                0.into(),
                0.into(),
            ]
        });
        self.insert(LISTINGS, LISTINGS_END, listings.collect())?;
        let bids = group.bids.iter().map(|((listing, bidder), ceiling)| {
            vec![bytes(*listing), bytes(*bidder), ceiling.number.into(), ceiling.amount.into()]
        });
        self.insert(BIDS, BIDS_END, bids.collect())?;
        self.insert(ORDERS, "", group.orders.iter().map(|order| order_row(order, now)).collect())?;
        let lines = group.lines().map(|(order, number, line)| line_row(order, number, line));
        self.insert(ORDER_LINES, "", lines.collect())?;
        let events = group.events.iter().map(|event| {
            vec![
                event.position.into(),
                event.commit_position.into(),
                bytes(event.event_id),
                event.aggregate_type.into(),
                bytes(event.aggregate_id),
                event.version.into(),
                event.event_type.into(),
                1.into(),
                (&*event.payload).into(),
                (&*event.metadata).into(),
                now.into(),
                now.into(),
            ]
        });
        self.insert(JOURNAL, "", events.collect())?;
        let raised = "update journal_head set position = ? where position = ?";
        if self.execute(raised, vec![head.into(), group.after.into()])? == 0 && head > group.after {
            return Err("another process has written".into());
        }
        self.commit()
    }

    fn append(&mut self, events: &[Envelope]) -> Done<()> {
        let Some(last) = events.last() else { return Ok(()) };
        self.begin()?;
        let rows = events.iter().map(|event| {
            vec![
                event.position.get().into(),
                event.commit_position.get().into(),
                bytes(event.event_id),
                (&*event.aggregate_type).into(),
                bytes(event.aggregate_id),
                event.version.get().into(),
                (&*event.event_type).into(),
                event.schema_version.into(),
                (&*event.payload).into(),
                (&*event.metadata).into(),
                event.occurred_at.as_micros().into(),
                event.recorded_at.as_micros().into(),
            ]
        });
        self.insert(JOURNAL, "", rows.collect())?;
        self.execute("update journal_head set position = ?", vec![last.position.get().into()])?;
        self.commit()
    }
}

fn order_row(order: &Order, now: i64) -> Vec<Value> {
    let (items, total) = texts::totals();
    let Order { id, customer } = *order;
    vec![
        bytes(id),
        1.into(),
        bytes(customer),
        "pending".into(),
        now.into(),
        items.into(),
        total.into(),
        "EUR".into(),
    ]
}

fn line_row(order: Uuid, number: i64, line: &work::Line) -> Vec<Value> {
    vec![
        bytes(order),
        number.into(),
        line.sku.into(),
        line.description.into(),
        line.quantity.into(),
        line.unit_price.into(),
    ]
}

fn bytes(id: Uuid) -> Value {
    Value::Bytes(id.as_bytes().to_vec())
}

fn take(row: &mut mysql::Row, index: usize) -> Value {
    row.take(index).unwrap_or(Value::NULL)
}

fn id(value: &Value) -> Result<Uuid, uuid::Error> {
    match value {
        Value::Bytes(bytes) => Uuid::from_slice(bytes),
        _ => Ok(Uuid::nil()),
    }
}

const fn int(value: &Value) -> i64 {
    match value {
        Value::Int(number) => *number,
        _ => 0,
    }
}
