//! Listings in rows: one for what a bid changes, one for the texts, one for each bid.

use std::sync::Arc;

use diesel::prelude::*;
use diesel::sql_types::BigInt;
use portolan_domain::listing::{self, Bid, Event, Listing, ListingId};
use portolan_domain::{PartyId, Secret};
use portolan_kernel::{Aggregate as _, Money, Timestamp, Version};

use super::columns::{column_of, currency, parsed, version};
use super::tables::{bids, listing_texts, listings};
use super::{Conn, DbUuid, Fault, Mapper, Orphan, RowChange, Schema, SqlUuid, Stored, schema};
use crate::{prepared, prepared_row, update};

/// Keeps [`Listing`]s. A bid writes its own row and the listing's, however many bids there are.
#[derive(Debug, Clone, Copy, Default)]
pub struct ListingMapper;

impl Mapper<Listing> for ListingMapper {
    fn schema(&self) -> Schema {
        schema()
    }

    fn load(&self, conn: &mut Conn, id: ListingId) -> Result<Option<Stored<Listing>>, Fault> {
        let row: Option<(Row, Texts)> = listings::table
            .inner_join(listing_texts::table.on(listing_texts::listing_id.eq(listings::id)))
            .filter(listings::id.eq(DbUuid::of(id)))
            .get_result(conn)
            .optional()?;
        row.map(|(row, texts)| stored(conn, row, texts)).transpose()
    }

    fn page(
        &self,
        conn: &mut Conn,
        after: Option<ListingId>,
        limit: usize,
    ) -> Result<Vec<Stored<Listing>>, Fault> {
        let mut page = listings::table
            .inner_join(listing_texts::table.on(listing_texts::listing_id.eq(listings::id)))
            .order(listings::id)
            .limit(i64::try_from(limit).unwrap_or(i64::MAX))
            .into_boxed();
        if let Some(after) = after {
            page = page.filter(listings::id.gt(DbUuid::of(after)));
        }
        let rows: Vec<(Row, Texts)> = page.load(conn)?;
        rows.into_iter().map(|(row, texts)| stored(conn, row, texts)).collect()
    }

    fn insert(&self, conn: &mut Conn, listing: &Listing, version: Version) -> Result<(), Fault> {
        prepared!(diesel::insert_into(listings::table).values(Row::of(listing, version))).execute(conn)?;
        prepared!(diesel::insert_into(listing_texts::table).values((
            listing_texts::listing_id.eq(DbUuid::of(listing.id())),
            listing_texts::title.eq(&**listing.title()),
            listing_texts::description.eq(&**listing.description()),
        )))
        .execute(conn)?;
        listing.bids().iter().try_for_each(|bid| write_bid(conn, listing.id(), bid))
    }

    fn update(&self, conn: &mut Conn, change: &RowChange<'_, Listing>) -> Result<(), Fault> {
        let listing = change.state;
        for event in change.events {
            match event {
                Event::ListingRevised { .. } => write_texts(conn, listing)?,
                Event::BidPlaced { bidder, .. } | Event::BidRetracted { bidder, .. } => {
                    match listing.bids().of(*bidder) {
                        Some(bid) => write_bid(conn, listing.id(), bid)?,
                        None => delete_bid(conn, listing.id(), *bidder)?,
                    }
                }
                // All that these change is in the listing's own row.
                Event::ListingDrafted { .. }
                | Event::ListingPublished { .. }
                | Event::LeaderOutbid { .. }
                | Event::ListingSold { .. }
                | Event::ListingUnsold { .. }
                | Event::ListingWithdrawn { .. } => {}
            }
        }
        prepared!(update(
            listings::table,
            listings::id.eq(DbUuid::of(listing.id())),
            (
                listings::version.eq(column_of(change.version)),
                listings::status.eq(listing.status().as_str()),
                listings::price_amount.eq(listing.price().amount),
                listings::next_minimum_amount.eq(listing.next_minimum().map(|money| money.amount)),
                listings::ends_at.eq(listing.ends_at().as_micros()),
            )
        ))
        .execute(conn)?;
        Ok(())
    }

    fn delete(&self, conn: &mut Conn, id: ListingId) -> Result<(), Fault> {
        let id = DbUuid::of(id);
        diesel::delete(bids::table.filter(bids::listing_id.eq(id))).execute(conn)?;
        diesel::delete(listing_texts::table.find(id)).execute(conn)?;
        diesel::delete(listings::table.find(id)).execute(conn)?;
        Ok(())
    }

    fn orphans(&self, conn: &mut Conn, limit: usize) -> Result<Vec<Orphan>, Fault> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let bids: Vec<DbUuid> = bids::table
            .filter(diesel::dsl::not(diesel::dsl::exists(
                listings::table.filter(listings::id.eq(bids::listing_id)),
            )))
            .select(bids::listing_id)
            .limit(limit)
            .load(conn)?;
        let texts: Vec<DbUuid> = listing_texts::table
            .filter(diesel::dsl::not(diesel::dsl::exists(
                listings::table.filter(listings::id.eq(listing_texts::listing_id)),
            )))
            .select(listing_texts::listing_id)
            .limit(limit)
            .load(conn)?;
        let of = |table, rows: Vec<DbUuid>| rows.into_iter().map(move |row| Orphan { table, parent: row.0 });
        Ok(of("bids", bids).chain(of("listing_texts", texts)).collect())
    }
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = listings, treat_none_as_default_value = false)]
struct Row {
    id: DbUuid,
    version: i64,
    seller: DbUuid,
    status: String,
    currency: String,
    asking_amount: i64,
    increment_amount: i64,
    reserve_amount: Option<i64>,
    price_amount: i64,
    next_minimum_amount: Option<i64>,
    ends_at: i64,
}

#[derive(Queryable)]
struct Texts {
    _listing_id: DbUuid,
    title: String,
    description: String,
}

impl Row {
    fn of(listing: &Listing, version: Version) -> Self {
        Self {
            id: DbUuid::of(listing.id()),
            version: column_of(version),
            seller: DbUuid::of(listing.seller()),
            status: listing.status().as_str().to_owned(),
            currency: listing.asking().currency.code().to_owned(),
            asking_amount: listing.asking().amount,
            increment_amount: listing.increment().amount,
            reserve_amount: listing.reserve().map(|reserve| reserve.expose().amount),
            price_amount: listing.price().amount,
            next_minimum_amount: listing.next_minimum().map(|money| money.amount),
            ends_at: listing.ends_at().as_micros(),
        }
    }
}

prepared_row! {
    struct BidRow: "replace into" bids "" {
        listing_id: DbUuid as SqlUuid,
        bidder: DbUuid as SqlUuid,
        number: i64 as BigInt,
        ceiling_amount: i64 as BigInt,
    }
}

fn stored(conn: &mut Conn, row: Row, texts: Texts) -> Result<Stored<Listing>, Fault> {
    let currency = currency("listings", &row.currency)?;
    let money = |amount| Money::new(amount, currency);
    let bids = bids::table
        .filter(bids::listing_id.eq(row.id))
        .select((bids::bidder, bids::number, bids::ceiling_amount))
        .load_iter::<(DbUuid, i64, i64), _>(conn)?
        .map(|row| {
            let (bidder, number, ceiling) = row?;
            let ceiling = Secret::new(money(ceiling));
            Ok(Bid { number: number.cast_unsigned(), bidder: bidder.id(), ceiling })
        })
        .collect::<QueryResult<_>>()?;
    let state = Listing::restore(listing::Snapshot {
        id: row.id.id(),
        seller: row.seller.id(),
        title: Arc::from(texts.title),
        description: Arc::from(texts.description),
        asking: money(row.asking_amount),
        increment: money(row.increment_amount),
        reserve: row.reserve_amount.map(|amount| Secret::new(money(amount))),
        ends_at: Timestamp::from_micros(row.ends_at),
        status: parsed("`status` in `listings`", &row.status)?,
        price: money(row.price_amount),
        next_minimum: row.next_minimum_amount.map(money),
        bids,
    });
    Ok(Stored { state, version: version(row.version) })
}

fn write_texts(conn: &mut Conn, listing: &Listing) -> Result<(), Fault> {
    prepared!(update(
        listing_texts::table,
        listing_texts::listing_id.eq(DbUuid::of(listing.id())),
        (
            listing_texts::title.eq(&**listing.title()),
            listing_texts::description.eq(&**listing.description()),
        )
    ))
    .execute(conn)?;
    Ok(())
}

fn write_bid(conn: &mut Conn, listing: ListingId, bid: &Bid) -> Result<(), Fault> {
    let row = BidRow {
        listing_id: DbUuid::of(listing),
        bidder: DbUuid::of(bid.bidder),
        number: bid.number.cast_signed(),
        ceiling_amount: bid.ceiling.expose().amount,
    };
    prepared!(row).execute(conn)?;
    Ok(())
}

fn delete_bid(conn: &mut Conn, listing: ListingId, bidder: PartyId) -> Result<(), Fault> {
    diesel::delete(bids::table.find((DbUuid::of(listing), DbUuid::of(bidder)))).execute(conn)?;
    Ok(())
}
