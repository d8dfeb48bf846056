//! What readers see of a listing.

use std::sync::Arc;

use portolan_domain::listing::Status;
use portolan_domain::{ListingId, PartyId};
use portolan_kernel::specification::Value;
use portolan_kernel::{Id as _, Index, Money, Result, StoredRow, StoredView, Timestamp, View};
use serde::{Deserialize, Serialize};

/// A listing, without its secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListingView {
    /// Its id.
    pub id: ListingId,
    /// Who sells.
    pub seller: PartyId,
    /// Its title.
    pub title: Arc<str>,
    /// Its description.
    pub description: Arc<str>,
    /// Where it is in its life.
    #[serde(with = "crate::text")]
    pub status: Status,
    /// The price at which bidding starts.
    pub asking: Money,
    /// The current price: a draft's is the asking price, once sold the price paid. Keeps its last value.
    pub price: Money,
    /// The least that the next bid must offer; only while published.
    pub next_minimum: Option<Money>,
    /// Who leads; keeps its last value.
    pub leader: Option<PartyId>,
    /// How many bidders there are; keeps its last value.
    pub bids: i64,
    /// When bidding ends.
    pub ends_at: Timestamp,
    /// When it was published.
    pub published_at: Option<Timestamp>,
}

impl View for ListingView {
    const NAME: &'static str = "listings";

    type Id = ListingId;

    fn id(&self) -> ListingId {
        self.id
    }

    fn indexes() -> Vec<Index<Self>> {
        vec![
            Index::hash(fields::seller()),
            Index::hash(fields::leader()),
            Index::hash(fields::status()),
            Index::ordered(fields::id()),
            Index::ordered(fields::title()),
            Index::ordered(fields::price().amount()),
            Index::ordered(fields::bids()),
            Index::ordered(fields::ends_at()),
            Index::ordered(fields::published_at()),
            Index::words(fields::title()),
            Index::words(fields::description()),
        ]
    }
}

impl StoredView for ListingView {
    fn stored_id(id: &ListingId) -> Value {
        Value::Uuid(id.uuid())
    }

    fn restore(row: &mut dyn StoredRow) -> Result<Self> {
        Ok(Self {
            id: row.take(fields::id())?,
            seller: row.take(fields::seller())?,
            title: row.take(fields::title())?,
            description: row.take(fields::description())?,
            status: row.take(fields::status())?,
            asking: row.take(fields::asking())?,
            price: row.take(fields::price())?,
            next_minimum: row.take(fields::next_minimum())?,
            leader: row.take(fields::leader())?,
            bids: row.take(fields::bids())?,
            ends_at: row.take(fields::ends_at())?,
            published_at: row.take(fields::published_at())?,
        })
    }
}

portolan_kernel::candidate! {
    /// The fields of a [`ListingView`].
    pub mod fields: ListingView {
        id: ListingId [sortable],
        seller: PartyId [sortable],
        title: Arc<str> [sortable, searchable],
        description: Arc<str> [searchable],
        status: Status [sortable],
        asking: Money [sortable],
        price: Money [sortable],
        next_minimum: Option<Money> [sortable],
        leader: Option<PartyId> [sortable],
        bids: i64 [sortable],
        ends_at: Timestamp [sortable],
        published_at: Option<Timestamp> [sortable],
    }
}

#[cfg(test)]
mod tests {
    use portolan_domain::listing;
    use portolan_kernel::{Error, Specification};

    use super::*;

    #[test]
    fn what_the_domain_asks_of_listings_can_be_asked_of_their_rows() {
        let now: Timestamp = "2026-01-05T08:00:00Z".parse().unwrap();
        let published = fields::status().eq(Status::Published);
        let soon = published & fields::ends_at().gt(now) & fields::ends_at().lte(now.plus(listing::SOON));
        assert_eq!(listing::ending_soon(now).asked_of::<ListingView>().unwrap(), soon);
        // A collection of the listing is a number of the row.
        let has_bids = listing::fields::bids().any(Specification::everything());
        assert!(
            matches!(has_bids.asked_of::<ListingView>(), Err(Error::Invalid(said)) if said.contains("`bids`"))
        );
    }
}
