//! The counter in rows: a mapper with a migration of its own, as a user of the crate writes it.

use portolan_diesel::rows::{Rows, Unreadable};
use portolan_diesel::{Mapper, RowChange, Schema, Stored, rows};
use portolan_kernel::{Currency, Money, Timestamp, Version};
use portolan_testkit::counter::{Counter, CounterId, Event, Line};
use uuid::Uuid;

const SCHEMA: Schema = Schema::new("counters").sqlite(&[SQLITE]).postgres(&[POSTGRES]).mysql(&[MARIADB]);

const SQLITE: &str = "
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
";

const POSTGRES: &str = "
    create table counters (
        id             uuid primary key,
        version        bigint not null,
        count          bigint not null,
        text           text collate \"C\" not null,
        price_amount   bigint,
        price_currency text collate \"C\",
        moment         bigint not null,
        place_taken_by uuid
    );
    create table counter_lines (
        counter_id     uuid not null,
        place          bigint not null,
        key            text collate \"C\" not null,
        quantity       bigint not null,
        price_amount   bigint not null,
        price_currency text collate \"C\" not null,
        primary key (counter_id, key)
    );
";

const MARIADB: &str = "
    create table if not exists counters (
        id             binary(16) primary key,
        version        bigint not null,
        count          bigint not null,
        text           longtext not null,
        price_amount   bigint,
        price_currency varchar(3),
        moment         bigint not null,
        place_taken_by binary(16)
    ) engine = innodb collate utf8mb4_nopad_bin;
    create table if not exists counter_lines (
        counter_id     binary(16) not null,
        place          bigint not null,
        `key`          longtext not null,
        quantity       bigint not null,
        price_amount   bigint not null,
        price_currency varchar(3) not null,
        key counter_lines_by_counter (counter_id),
        unique (counter_id, `key`)
    ) engine = innodb collate utf8mb4_nopad_bin;
";

rows! {
    /// A counter, but for its lines.
    pub struct CounterRow in counters {
        key { id: CounterId }
        changing {
            version: Version,
            count: i64,
            text: String,
            price_amount: Option<i64>,
            price_currency: Option<Currency>,
            moment: Timestamp,
            place_taken_by: Option<Uuid>,
        }
    }

    /// One of its lines, in the order of `place`.
    pub struct LineRow in counter_lines {
        key { counter_id: CounterId, key: String }
        changing { place: i64, quantity: i64, price_amount: i64, price_currency: Currency }
    }
}

/// Keeps counters: one row each, and one for each line.
pub struct CounterMapper;

impl Mapper for CounterMapper {
    type Aggregate = Counter;
    type Root = CounterRow;
    type Children = Vec<LineRow>;

    fn schema(&self) -> Schema {
        SCHEMA
    }

    fn rows(&self, counter: &Counter, version: Version) -> (CounterRow, Vec<LineRow>) {
        (CounterRow::of(counter, version), LineRow::all(counter).collect())
    }

    fn update(&self, change: &RowChange<'_, Counter>, rows: &mut Rows) {
        let counter = change.state;
        rows.update(CounterRow::of(counter, change.version));
        let mut moved = false;
        for event in change.events {
            match event {
                Event::LineAdded(added) => {
                    LineRow::all(counter)
                        .filter(|row| row.key == added.line.key)
                        .for_each(|row| rows.put(row));
                }
                Event::LineRemoved(removed) => {
                    rows.delete::<LineRow>((counter.id, removed.key.clone()));
                    moved = true;
                }
                Event::LinesReordered(_) => moved = true,
                Event::Opened(_)
                | Event::Incremented(_)
                | Event::TextSet(_)
                | Event::PriceSet(_)
                | Event::MomentSet(_)
                | Event::PlaceTaken(_) => {}
            }
        }
        if moved {
            LineRow::all(counter).for_each(|row| rows.put(row));
        }
    }

    fn restore(&self, row: CounterRow, mut lines: Vec<LineRow>) -> Result<Stored<Counter>, Unreadable> {
        lines.sort_by_key(|line| line.place);
        let lines = lines.into_iter().map(|line| Line {
            key: line.key,
            quantity: line.quantity,
            price: Money::new(line.price_amount, line.price_currency),
        });
        let state = Counter {
            id: row.id,
            count: row.count,
            text: row.text,
            price: row
                .price_amount
                .zip(row.price_currency)
                .map(|(amount, currency)| Money::new(amount, currency)),
            moment: row.moment,
            place_taken_by: row.place_taken_by,
            lines: lines.collect(),
        };
        Ok(Stored { state, version: row.version })
    }
}

impl CounterRow {
    fn of(counter: &Counter, version: Version) -> Self {
        Self {
            id: counter.id,
            version,
            count: counter.count,
            text: counter.text.clone(),
            price_amount: counter.price.map(|price| price.amount),
            price_currency: counter.price.map(|price| price.currency),
            moment: counter.moment,
            place_taken_by: counter.place_taken_by,
        }
    }
}

impl LineRow {
    fn all(counter: &Counter) -> impl Iterator<Item = Self> {
        counter.lines.iter().zip(0..).map(|(line, place)| Self {
            counter_id: counter.id,
            key: line.key.clone(),
            place,
            quantity: line.quantity,
            price_amount: line.price.amount,
            price_currency: line.price.currency,
        })
    }
}
