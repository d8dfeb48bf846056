//! The twin in SQL: one table with the indexes that a person would make, and the statements for each question.

use std::path::Path;
use std::sync::Arc;

use portolan_application::listings::ListingView;
use portolan_domain::listing::Status;
use portolan_domain::{ListingId, PartyId};
use portolan_kernel::{Id as _, Money, Timestamp};
use rusqlite::{Connection, Row, params};
use uuid::Uuid;

use super::{DEAR, PAGE, Question, SEARCHED, SOUGHT};
use crate::run::Done;

const TABLES: &str = "
    pragma journal_mode = wal; pragma synchronous = normal; pragma cache_size = -16384; pragma temp_store = memory;
    create table listings (
        number integer primary key, id blob not null unique, seller blob not null, title text not null,
        description text not null, status text not null, asking integer not null, price integer not null,
        currency text not null, next_minimum integer, leader blob, bids integer not null,
        ends_at integer not null, published_at integer
    ) strict;
    create index by_seller on listings (seller);
    create index by_price on listings (price desc, id);
    create virtual table titles using fts5 (title, content='', detail=none);";

const COLUMNS: &str = "id, seller, title, description, status, asking, price, currency, next_minimum, leader, \
                       bids, ends_at, published_at";

/// Its connection.
pub(crate) struct Table(Connection);

impl Table {
    /// A new table of these rows, in this file.
    ///
    /// # Errors
    /// Those of SQLite.
    pub(crate) fn make(path: &Path, rows: &[ListingView]) -> Done<Self> {
        let mut connection = Connection::open(path)?;
        connection.execute_batch(TABLES)?;
        let transaction = connection.transaction()?;
        for (number, row) in (1_i64..).zip(rows) {
            transaction
                .prepare_cached("insert into listings values (?,?,?,?,?,?,?,?,?,?,?,?,?,?)")?
                .execute(params![
                    number,
                    row.id.uuid().as_bytes(),
                    row.seller.uuid().as_bytes(),
                    row.title,
                    row.description,
                    row.status.as_str(),
                    row.asking.amount,
                    row.price.amount,
                    row.price.currency.code(),
                    row.next_minimum.map(|money| money.amount),
                    row.leader.map(|leader| leader.uuid().into_bytes()),
                    row.bids,
                    row.ends_at.as_micros(),
                    row.published_at.map(Timestamp::as_micros),
                ])?;
            transaction
                .prepare_cached("insert into titles (rowid, title) values (?, ?)")?
                .execute(params![number, row.title])?;
        }
        transaction.commit()?;
        connection.execute_batch("pragma wal_checkpoint(truncate)")?;
        Ok(Self(connection))
    }

    /// How many rows the scan counts.
    ///
    /// # Errors
    /// Those of SQLite.
    pub(crate) fn scan(&self) -> Done<usize> {
        let sql = "select count(*) from listings where status = ? and price >= ? and instr(title, ?) > 0";
        let parameters = params![Status::Published.as_str(), DEAR, SOUGHT];
        let count: i64 = self.0.prepare_cached(sql)?.query_row(parameters, |row| row.get(0))?;
        Ok(usize::try_from(count)?)
    }

    /// The rows of the answer.
    ///
    /// # Errors
    /// Those of SQLite.
    pub(crate) fn answer(&self, question: Question) -> Done<Vec<Arc<ListingView>>> {
        let published = Status::Published.as_str();
        match question {
            Question::Point(seller) => self
                .rows("seller = ? and status = ? order by id", params![seller.uuid().as_bytes(), published]),
            Question::Page => {
                self.rows("status = ? order by price desc, id limit ?", params![published, PAGE as i64])
            }
            Question::Search => self.rows(
                "number in (select rowid from titles where titles match ?) order by id limit ?",
                params![SEARCHED.join(" "), PAGE as i64],
            ),
        }
    }

    fn rows(&self, condition: &str, parameters: impl rusqlite::Params) -> Done<Vec<Arc<ListingView>>> {
        let mut statement =
            self.0.prepare_cached(&format!("select {COLUMNS} from listings where {condition}"))?;
        let mut rows = statement.query(parameters)?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push(Arc::new(listing(row)?));
        }
        Ok(found)
    }
}

fn listing(row: &Row<'_>) -> Done<ListingView> {
    let party = |bytes| PartyId::from_uuid(Uuid::from_bytes(bytes));
    let currency = row.get_ref(7)?.as_str()?.parse()?;
    let money = |amount| Money::new(amount, currency);
    Ok(ListingView {
        id: ListingId::from_uuid(Uuid::from_bytes(row.get(0)?)),
        seller: party(row.get(1)?),
        title: row.get_ref(2)?.as_str()?.into(),
        description: row.get_ref(3)?.as_str()?.into(),
        status: row.get_ref(4)?.as_str()?.parse()?,
        asking: money(row.get(5)?),
        price: money(row.get(6)?),
        next_minimum: row.get::<_, Option<i64>>(8)?.map(money),
        leader: row.get::<_, Option<[u8; 16]>>(9)?.map(party),
        bids: row.get(10)?,
        ends_at: Timestamp::from_micros(row.get(11)?),
        published_at: row.get::<_, Option<i64>>(12)?.map(Timestamp::from_micros),
    })
}
