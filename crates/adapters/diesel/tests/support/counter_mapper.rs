//! The counter in rows: a mapper with a migration of its own, as a user of the crate writes it.

use portolan_diesel::diesel;
use portolan_diesel::diesel::prelude::*;
use portolan_diesel::sqlite::{Conn, DbUuid, Fault, Mapper, Orphan, RowChange, Schema, SqlUuid, Stored};
use portolan_kernel::{Aggregate as _, Money, Timestamp, Version};
use portolan_testkit::counter::{Counter, CounterId, Event, Line};

const SCHEMA: Schema = Schema {
    component: "counters",
    steps: &["
        create table counters (
            id             blob primary key not null,
            version        integer not null,
            count          integer not null,
            text           text not null,
            price_amount   integer,
            price_currency text,
            moment         integer not null,
            place_taken_by blob
        ) without rowid;
        create table counter_lines (
            counter_id     blob not null,
            place          integer not null,
            key            text not null,
            quantity       integer not null,
            price_amount   integer not null,
            price_currency text not null,
            primary key (counter_id, key)
        ) without rowid;
    "],
};

diesel::table! {
    use diesel::sql_types::*;
    use super::SqlUuid;
    counters (id) {
        id -> SqlUuid,
        version -> BigInt,
        count -> BigInt,
        text -> Text,
        price_amount -> Nullable<BigInt>,
        price_currency -> Nullable<Text>,
        moment -> BigInt,
        place_taken_by -> Nullable<SqlUuid>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::SqlUuid;
    counter_lines (counter_id, key) {
        counter_id -> SqlUuid,
        place -> BigInt,
        key -> Text,
        quantity -> BigInt,
        price_amount -> BigInt,
        price_currency -> Text,
    }
}

diesel::allow_tables_to_appear_in_same_query!(counters, counter_lines);

/// Keeps counters: one row each, and one for each line.
pub struct CounterMapper;

impl Mapper<Counter> for CounterMapper {
    fn schema(&self) -> Schema {
        SCHEMA
    }

    fn load(&self, conn: &mut Conn, id: CounterId) -> Result<Option<Stored<Counter>>, Fault> {
        let row: Option<Row> = counters::table.find(DbUuid::of(id)).first(conn).optional()?;
        row.map(|row| row.stored(conn)).transpose()
    }

    fn page(
        &self,
        conn: &mut Conn,
        after: Option<CounterId>,
        limit: usize,
    ) -> Result<Vec<Stored<Counter>>, Fault> {
        let mut page = counters::table.order(counters::id).limit(limit as i64).into_boxed();
        if let Some(after) = after {
            page = page.filter(counters::id.gt(DbUuid::of(after)));
        }
        let rows: Vec<Row> = page.load(conn)?;
        rows.into_iter().map(|row| row.stored(conn)).collect()
    }

    fn insert(&self, conn: &mut Conn, state: &Counter, version: Version) -> Result<(), Fault> {
        diesel::insert_into(counters::table).values(Row::of(state, version)).execute(conn)?;
        write_all_lines(conn, state)
    }

    fn update(&self, conn: &mut Conn, change: &RowChange<'_, Counter>) -> Result<(), Fault> {
        let state = change.state;
        for event in change.events {
            match event {
                Event::LineAdded(added) => write_last_line(conn, state, &added.line.key)?,
                Event::LineRemoved(removed) => write_last_line(conn, state, &removed.key)?,
                Event::LinesReordered(_) => write_all_lines(conn, state)?,
                Event::Opened(_)
                | Event::Incremented(_)
                | Event::TextSet(_)
                | Event::PriceSet(_)
                | Event::MomentSet(_)
                | Event::PlaceTaken(_) => {}
            }
        }
        diesel::replace_into(counters::table).values(Row::of(state, change.version)).execute(conn)?;
        Ok(())
    }

    fn delete(&self, conn: &mut Conn, id: CounterId) -> Result<(), Fault> {
        let id = DbUuid::of(id);
        diesel::delete(counter_lines::table.filter(counter_lines::counter_id.eq(id))).execute(conn)?;
        diesel::delete(counters::table.find(id)).execute(conn)?;
        Ok(())
    }

    fn orphans(&self, conn: &mut Conn, limit: usize) -> Result<Vec<Orphan>, Fault> {
        let parents = counters::table.filter(counters::id.eq(counter_lines::counter_id));
        let lines: Vec<DbUuid> = counter_lines::table
            .filter(diesel::dsl::not(diesel::dsl::exists(parents)))
            .select(counter_lines::counter_id)
            .limit(limit as i64)
            .load(conn)?;
        Ok(lines.into_iter().map(|line| Orphan { table: "counter_lines", parent: line.0 }).collect())
    }
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = counters)]
struct Row {
    id: DbUuid,
    version: i64,
    count: i64,
    text: String,
    price_amount: Option<i64>,
    price_currency: Option<String>,
    moment: i64,
    place_taken_by: Option<DbUuid>,
}

impl Row {
    fn of(state: &Counter, version: Version) -> Self {
        Self {
            id: DbUuid::of(state.id),
            version: version.get() as i64,
            count: state.count,
            text: state.text.clone(),
            price_amount: state.price.map(|price| price.amount),
            price_currency: state.price.map(|price| price.currency.code().to_owned()),
            moment: state.moment.as_micros(),
            place_taken_by: state.place_taken_by.map(DbUuid),
        }
    }

    fn stored(self, conn: &mut Conn) -> Result<Stored<Counter>, Fault> {
        let lines: Vec<(String, i64, i64, String)> = counter_lines::table
            .filter(counter_lines::counter_id.eq(self.id))
            .order(counter_lines::place)
            .select((
                counter_lines::key,
                counter_lines::quantity,
                counter_lines::price_amount,
                counter_lines::price_currency,
            ))
            .load(conn)?;
        let lines = lines.into_iter().map(|(key, quantity, amount, currency)| {
            Ok(Line { key, quantity, price: money(amount, &currency)? })
        });
        let price = match (self.price_amount, &self.price_currency) {
            (Some(amount), Some(currency)) => Some(money(amount, currency)?),
            _ => None,
        };
        let state = Counter {
            id: self.id.id(),
            count: self.count,
            text: self.text,
            price,
            moment: Timestamp::from_micros(self.moment),
            place_taken_by: self.place_taken_by.map(|taken| taken.0),
            lines: lines.collect::<Result<_, Fault>>()?,
        };
        Ok(Stored { state, version: Version(self.version as u64) })
    }
}

fn money(amount: i64, currency: &str) -> Result<Money, Fault> {
    let currency = currency.parse().map_err(|_| Fault::unreadable("a currency"))?;
    Ok(Money::new(amount, currency))
}

/// Writes a line behind the others, or removes it where the state has it no more.
fn write_last_line(conn: &mut Conn, counter: &Counter, key: &str) -> Result<(), Fault> {
    let id = DbUuid::of(counter.id());
    let Some(line) = counter.lines.iter().find(|line| line.key == key) else {
        diesel::delete(counter_lines::table.find((id, key))).execute(conn)?;
        return Ok(());
    };
    // Places have gaps where lines were removed; a line that stays keeps its own.
    let last: Option<i64> = counter_lines::table
        .filter(counter_lines::counter_id.eq(id))
        .select(diesel::dsl::max(counter_lines::place))
        .get_result(conn)?;
    write_line(conn, id, line, last.map_or(0, |last| last + 1))
}

fn write_all_lines(conn: &mut Conn, counter: &Counter) -> Result<(), Fault> {
    let id = DbUuid::of(counter.id());
    (0..).zip(&counter.lines).try_for_each(|(place, line)| write_line(conn, id, line, place))
}

fn write_line(conn: &mut Conn, counter: DbUuid, line: &Line, place: i64) -> Result<(), Fault> {
    diesel::replace_into(counter_lines::table)
        .values((
            counter_lines::counter_id.eq(counter),
            counter_lines::place.eq(place),
            counter_lines::key.eq(&line.key),
            counter_lines::quantity.eq(line.quantity),
            counter_lines::price_amount.eq(line.price.amount),
            counter_lines::price_currency.eq(line.price.currency.code()),
        ))
        .execute(conn)?;
    Ok(())
}
