//! Both twins' statements on PostgreSQL. A group is one statement with an array a column, which is one transaction.

use portolan_kernel::{Envelope, Timestamp};
use postgres::binary_copy::BinaryCopyInWriter;
use postgres::types::{ToSql, Type};
use postgres::{Client, NoTls, Row, Statement, Transaction};
use uuid::Uuid;

use super::group::Group;
use super::{Done, Server};
use crate::twin::Receipt;
use crate::twin::auction::Standing;
use crate::twin::texts::{self, Event};
use crate::work::{self, Bid, LINES, Order};

/// A connection with its statements.
pub(crate) struct Postgres {
    client: Client,
    statements: Statements,
}

struct Statements {
    get_command: Statement,
    get_listing: Statement,
    lock_listing: Statement,
    get_bids: Statement,
    get_two_bids: Statement,
    count_bids: Statement,
    get_bid: Statement,
    update_listing: Statement,
    put_bid: Statement,
    put_order: Statement,
    put_lines: Statement,
    put_command: Statement,
    take_positions: Statement,
    put_event: Statement,
    get_head: Statement,
    put_group: Statement,
}

/// Everything of a group in one statement; where another process has written since, it divides by zero.
const PUT_GROUP: &str = "
with head as (
    update journal_head set position = $2 where position = $1 returning position
), c as (
    insert into commands
    select id, fingerprint, outcome, null, $3::bigint from unnest($4::uuid[], $5::uuid[], $6::text[]) as n(id, fingerprint, outcome)
), l as (
    update listings set version = n.version, status = 'published', price_amount = n.price, next_minimum_amount = n.next, ends_at = n.ends
    from unnest($7::uuid[], $8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[]) as n(id, version, price, next, ends)
    where listings.id = n.id
), b as (
    insert into bids (listing_id, bidder, number, ceiling_amount)
    select * from unnest($12::uuid[], $13::uuid[], $14::bigint[], $15::bigint[])
    on conflict (listing_id, bidder) do update set number = excluded.number, ceiling_amount = excluded.ceiling_amount
), o as (
    insert into orders (id, version, customer, status, placed_at, items, total_amount, currency)
    select id, 1, customer, 'pending', $3::bigint, $18::bigint, $19::bigint, 'EUR' from unnest($16::uuid[], $17::uuid[]) as n(id, customer)
), i as (
    insert into order_lines (order_id, line, sku, description, quantity, unit_price_amount)
    select * from unnest($20::uuid[], $21::bigint[], $22::text[], $23::text[], $24::bigint[], $25::bigint[])
), j as (
    insert into journal
    select position, commit_position, event_id, type, id, version, event, 1, payload, metadata, $3::bigint, $3::bigint
    from unnest($26::bigint[], $27::bigint[], $28::uuid[], $29::text[], $30::uuid[], $31::bigint[], $32::text[], $33::text[], $34::text[])
        as n(position, commit_position, event_id, type, id, version, event, payload, metadata)
)
select 1 / count(*) from head";

impl Server for Postgres {
    const STORE: &'static str = "postgres";
    const VARIABLE: &'static str = "PORTOLAN_TEST_POSTGRES";

    fn administer(url: &str, sql: &str) -> Done<()> {
        Ok(Client::connect(url, NoTls)?.batch_execute(sql)?)
    }

    fn connect(url: &str) -> Done<Self> {
        let mut client = Client::connect(url, NoTls)?;
        // Arrays spoil the planner's estimates: with these it takes the keys.
        client.batch_execute(
            "set jit = off; set enable_hashjoin = off; set enable_mergejoin = off; set enable_seqscan = off;
             set plan_cache_mode = force_generic_plan",
        )?;
        let mut prepare = |sql: &str| client.prepare(sql);
        let listing = "select version, seller, status, asking_amount, increment_amount, ends_at from listings where id = $1";
        let statements = Statements {
            get_command: prepare("select 1 from commands where command_id = $1")?,
            get_listing: prepare(listing)?,
            lock_listing: prepare(&format!("{listing} for update"))?,
            get_bids: prepare("select bidder, ceiling_amount, number from bids where listing_id = $1")?,
            get_two_bids: prepare(
                "select bidder, ceiling_amount from bids where listing_id = $1
                 order by ceiling_amount desc, number limit 2",
            )?,
            count_bids: prepare("select count(*), coalesce(max(number), 0) from bids where listing_id = $1")?,
            get_bid: prepare("select ceiling_amount from bids where listing_id = $1 and bidder = $2")?,
            update_listing: prepare(
                "update listings set version = $2, status = 'published', price_amount = $3, next_minimum_amount = $4,
                 ends_at = $5 where id = $1",
            )?,
            put_bid: prepare(
                "insert into bids (listing_id, bidder, number, ceiling_amount) values ($1, $2, $3, $4)
                 on conflict (listing_id, bidder) do update set number = excluded.number, ceiling_amount = excluded.ceiling_amount",
            )?,
            put_order: prepare(
                "insert into orders (id, version, customer, status, placed_at, items, total_amount, currency)
                 values ($1, 1, $2, 'pending', $3, $4, $5, 'EUR') on conflict do nothing",
            )?,
            put_lines: prepare(
                "insert into order_lines (order_id, line, sku, description, quantity, unit_price_amount)
                 select $1, * from unnest($2::bigint[], $3::text[], $4::text[], $5::bigint[], $6::bigint[])",
            )?,
            put_command: prepare("insert into commands values ($1, $2, $3, null, $4) on conflict do nothing")?,
            take_positions: prepare("update journal_head set position = position + $1 returning position")?,
            put_event: prepare("insert into journal values ($1, $2, $3, $4, $5, $6, $7, 1, $8, $9, $10, $10)")?,
            get_head: prepare("select position from journal_head")?,
            put_group: prepare(PUT_GROUP)?,
        };
        Ok(Self { client, statements })
    }

    fn place_bid(&mut self, bid: &Bid, now: Timestamp) -> Done<Option<Receipt>> {
        let Self { client, statements } = self;
        let mut transaction = client.transaction()?;
        if transaction.query_opt(&statements.get_command, &[&bid.command_id])?.is_some() {
            return Ok(None);
        }
        let mut standing = standing(&transaction.query_one(&statements.lock_listing, &[&bid.listing])?)?;
        let mut best = transaction.query(&statements.get_two_bids, &[&bid.listing])?.into_iter();
        let mut next = || best.next().map(|row| (row.get(0), row.get(1)));
        (standing.first, standing.second) = (next(), next());
        let count = transaction.query_one(&statements.count_bids, &[&bid.listing])?;
        (standing.bids, standing.last_number) = (count.try_get(0)?, count.try_get(1)?);
        let own = transaction.query_opt(&statements.get_bid, &[&bid.listing, &bid.bidder])?;
        let own = own.map(|row| row.try_get(0)).transpose()?;
        let micros = now.as_micros();
        let Some(placed) = standing.place(bid, own, micros) else { return Ok(None) };
        let row: [&(dyn ToSql + Sync); 5] =
            [&bid.listing, &placed.version, &placed.price, &placed.next_minimum, &standing.ends_at];
        transaction.execute(&statements.update_listing, &row)?;
        transaction
            .execute(&statements.put_bid, &[&bid.listing, &bid.bidder, &placed.number, &bid.ceiling])?;
        let (first, second) = texts::of_bid(bid, &placed);
        let events: Vec<Event> = [Some(first), second].into_iter().flatten().collect();
        let about = ("listing", bid.listing, placed.version);
        put_events(transaction, statements, about, bid.command_id, &events, micros)
    }

    fn place_order(&mut self, order: &Order, now: Timestamp) -> Done<Option<Receipt>> {
        let Self { client, statements } = self;
        let mut transaction = client.transaction()?;
        if transaction.query_opt(&statements.get_command, &[&order.id])?.is_some() {
            return Ok(None);
        }
        let ((items, total), micros) = (texts::totals(), now.as_micros());
        let row: [&(dyn ToSql + Sync); 5] = [&order.id, &order.customer, &micros, &items, &total];
        if transaction.execute(&statements.put_order, &row)? == 0 {
            return Ok(None);
        }
        let numbers: Vec<i64> = (1..).take(LINES.len()).collect();
        let texts = |field: fn(&work::Line) -> &'static str| LINES.iter().map(field).collect::<Vec<_>>();
        let amounts = |field: fn(&work::Line) -> i64| LINES.iter().map(field).collect::<Vec<_>>();
        let (skus, descriptions) = (texts(|line| line.sku), texts(|line| line.description));
        let (quantities, prices) = (amounts(|line| line.quantity), amounts(|line| line.unit_price));
        let lines: [&(dyn ToSql + Sync); 6] =
            [&order.id, &numbers, &skus, &descriptions, &quantities, &prices];
        transaction.execute(&statements.put_lines, &lines)?;
        let events = [texts::of_order(order, &now.to_string())];
        put_events(transaction, statements, ("order", order.id, 1), order.id, &events, micros)
    }

    fn last_position(&mut self) -> Done<i64> {
        Ok(self.client.query_one(&self.statements.get_head, &[])?.try_get(0)?)
    }

    fn listing(&mut self, id: Uuid) -> Done<Standing> {
        standing(&self.client.query_one(&self.statements.get_listing, &[&id])?)
    }

    fn bids(&mut self, listing: Uuid) -> Done<Vec<(Uuid, i64, i64)>> {
        let rows = self.client.query(&self.statements.get_bids, &[&listing])?;
        Ok(rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect())
    }

    fn write(&mut self, group: &Group) -> Done<()> {
        macro_rules! column {
            ($rows:expr, $field:expr) => {
                $rows.map($field).collect::<Vec<_>>()
            };
        }
        let (commands, events) = (|| group.commands.iter(), || group.events.iter());
        let (listings, bids) = (|| group.listings.iter(), || group.bids.iter());
        let (items, total) = texts::totals();
        let row: [&(dyn ToSql + Sync); 34] = [
            &group.after,
            &group.head,
            &group.now,
            &column!(commands(), |command| command.id),
            &column!(commands(), |command| command.fingerprint),
            &column!(commands(), |command| &*command.outcome),
            &column!(listings(), |(id, _)| *id),
            &column!(listings(), |(_, priced)| priced.version),
            &column!(listings(), |(_, priced)| priced.price),
            &column!(listings(), |(_, priced)| priced.next_minimum),
            &column!(listings(), |(_, priced)| priced.ends_at),
            &column!(bids(), |((listing, _), _)| *listing),
            &column!(bids(), |((_, bidder), _)| *bidder),
            &column!(bids(), |(_, ceiling)| ceiling.number),
            &column!(bids(), |(_, ceiling)| ceiling.amount),
            &column!(group.orders.iter(), |order| order.id),
            &column!(group.orders.iter(), |order| order.customer),
            &items,
            &total,
            &column!(group.lines(), |(order, _, _)| order),
            &column!(group.lines(), |(_, number, _)| number),
            &column!(group.lines(), |(_, _, line)| line.sku),
            &column!(group.lines(), |(_, _, line)| line.description),
            &column!(group.lines(), |(_, _, line)| line.quantity),
            &column!(group.lines(), |(_, _, line)| line.unit_price),
            &column!(events(), |event| event.position),
            &column!(events(), |event| event.commit_position),
            &column!(events(), |event| event.event_id),
            &column!(events(), |event| event.aggregate_type),
            &column!(events(), |event| event.aggregate_id),
            &column!(events(), |event| event.version),
            &column!(events(), |event| event.event_type),
            &column!(events(), |event| &*event.payload),
            &column!(events(), |event| &*event.metadata),
        ];
        self.client.query_one(&self.statements.put_group, &row)?;
        Ok(())
    }

    fn append(&mut self, events: &[Envelope]) -> Done<()> {
        let Some(last) = events.last() else { return Ok(()) };
        let mut transaction = self.client.transaction()?;
        let copy = transaction.copy_in("copy journal from stdin (format binary)")?;
        let (number, text, id) = (Type::INT8, Type::TEXT, Type::UUID);
        let types = [
            number.clone(),
            number.clone(),
            id.clone(),
            text.clone(),
            id,
            number.clone(),
            text.clone(),
            number.clone(),
            text.clone(),
            text,
            number.clone(),
            number,
        ];
        let mut rows = BinaryCopyInWriter::new(copy, &types);
        for event in events {
            rows.write(&[
                &event.position.get().cast_signed(),
                &event.commit_position.get().cast_signed(),
                &event.event_id,
                &event.aggregate_type,
                &event.aggregate_id,
                &event.version.get().cast_signed(),
                &event.event_type,
                &i64::from(event.schema_version),
                &event.payload,
                &event.metadata,
                &event.occurred_at.as_micros(),
                &event.recorded_at.as_micros(),
            ])?;
        }
        rows.finish()?;
        let head = last.position.get().cast_signed();
        transaction.execute("update journal_head set position = $1", &[&head])?;
        Ok(transaction.commit()?)
    }
}

fn standing(row: &Row) -> Done<Standing> {
    Ok(Standing {
        version: row.try_get(0)?,
        seller: row.try_get(1)?,
        is_published: row.try_get::<_, &str>(2)? == "published",
        asking: row.try_get(3)?,
        increment: row.try_get(4)?,
        ends_at: row.try_get(5)?,
        first: None,
        second: None,
        bids: 0,
        last_number: 0,
    })
}

/// The command's record and its events, and the end of the transaction; none where the command was here before.
fn put_events(
    mut transaction: Transaction<'_>,
    statements: &Statements,
    (aggregate_type, id, version): (&str, Uuid, i64),
    command_id: Uuid,
    events: &[Event],
    now: i64,
) -> Done<Option<Receipt>> {
    let count = i64::try_from(events.len())?;
    // As late as it can be: from here on every other transaction waits for this one.
    let last: i64 = transaction.query_one(&statements.take_positions, &[&count])?.try_get(0)?;
    let receipt = Receipt { id, version, position: last };
    let fingerprint = Uuid::new_v5(&Uuid::NAMESPACE_OID, command_id.as_bytes());
    let record: [&(dyn ToSql + Sync); 4] = [&command_id, &fingerprint, &texts::outcome(&receipt), &now];
    if transaction.execute(&statements.put_command, &record)? == 0 {
        return Ok(None);
    }
    let metadata = texts::metadata(command_id, command_id.as_u64_pair().0);
    for (event, position) in events.iter().zip(last - count + 1..) {
        let event_id = work::rising_id(7, position.cast_unsigned());
        let version = version + position - last;
        let row: [&(dyn ToSql + Sync); 10] = [
            &position,
            &last,
            &event_id,
            &aggregate_type,
            &id,
            &version,
            &event.event_type,
            &event.payload,
            &metadata,
            &now,
        ];
        transaction.execute(&statements.put_event, &row)?;
    }
    transaction.commit()?;
    Ok(Some(receipt))
}
