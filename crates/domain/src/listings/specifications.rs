//! What a specification can ask of a listing. Neither ceilings nor the reserve: an answer would tell them.

use std::sync::Arc;
use std::time::Duration;

use portolan_kernel::specification::{Candidate, Elements, FieldType, Many, ValueRef};
use portolan_kernel::{Money, Specification, Timestamp};

use super::{Bid, Bids, Listing, ListingId, Status};
use crate::PartyId;

portolan_kernel::candidate! {
    /// The fields of a [`Listing`].
    pub mod listing: Listing {
        id: ListingId [sortable],
        seller: PartyId [sortable],
        title: Arc<str> [sortable, searchable],
        description: Arc<str> [searchable],
        status: Status [sortable],
        asking: Money [sortable],
        increment: Money [sortable],
        price: Money [sortable],
        next_minimum: Option<Money> [sortable],
        leader: Option<PartyId> [sortable] = |listing| listing.leader(),
        ends_at: Timestamp [sortable],
        bids: Bids [],
    }
}

portolan_kernel::candidate! {
    /// The fields of a [`Bid`].
    pub mod bid: Bid {
        bidder: PartyId [],
    }
}

/// How long before its end a listing ends soon.
pub const SOON: Duration = Duration::from_secs(60 * 60);

/// Listings that can be bid on now.
#[must_use]
pub fn open_at(now: Timestamp) -> Specification<Listing> {
    listing::status().eq(Status::Published) & listing::ends_at().gt(now)
}

/// Those of them that end within [`SOON`].
#[must_use]
pub fn ending_soon(now: Timestamp) -> Specification<Listing> {
    open_at(now) & listing::ends_at().lte(now.plus(SOON))
}

impl FieldType for Bids {
    type Kind = Many<Bid>;

    fn value(&self) -> ValueRef<'_> {
        ValueRef::Elements(self)
    }
}

impl Elements for Bids {
    fn len(&self) -> usize {
        self.len()
    }

    fn get(&self, index: usize) -> Option<&dyn Candidate> {
        self.nth(index).map(|bid| bid as &dyn Candidate)
    }
}

#[cfg(test)]
mod tests {
    use portolan_kernel::specification::Candidate as _;
    use portolan_kernel::{Aggregate, Id};

    use super::*;
    use crate::listing::{self, Draft, bid_fields, fields};
    use crate::testing::{at, eur, given, party};

    fn auction() -> Listing {
        let drafted = Listing::draft(Draft {
            listing: ListingId::from_uuid(uuid::Uuid::nil()),
            seller: party(1),
            title: "a brass lamp".into(),
            description: "".into(),
            asking: eur(10),
            increment: eur(1),
            reserve: Some(eur(50).into()),
            ends_at: at(10),
        });
        let given = given::<Listing>(drafted.unwrap())
            .and(|listing| listing.publish(at(0)))
            .and(|listing| listing.place_bid(party(2), eur(30), at(0)))
            .and(|listing| listing.place_bid(party(3), eur(20), at(0)));
        given.state
    }

    #[test]
    fn listings_are_found_by_their_fields_and_their_bidders() {
        let auction = auction();
        let with_bidder = |bidder| fields::bids().any(bid_fields::bidder().eq(bidder));
        assert!(with_bidder(party(2)).is_satisfied_by(&auction));
        assert!(with_bidder(party(3)).is_satisfied_by(&auction));
        assert!(!with_bidder(party(4)).is_satisfied_by(&auction));
        assert!(fields::leader().eq(party(2)).is_satisfied_by(&auction));
        assert!(
            (fields::status().eq(Status::Published) & fields::id().eq(auction.id()))
                .is_satisfied_by(&auction)
        );
        assert!(!fields::price().gt(eur(20)).is_satisfied_by(&auction));
    }

    #[test]
    fn a_listing_ends_soon_in_its_last_hour_and_composes_with_what_else_is_asked() {
        let auction = auction();
        let end = auction.ends_at();
        let before = |seconds: i64| Timestamp::from_micros(end.as_micros() - seconds * 1_000_000);
        for (now, is_open, is_soon) in [
            (before(3_601), true, false),
            (before(3_600), true, true),
            (before(1), true, true),
            (end, false, false),
        ] {
            assert_eq!(listing::open_at(now).is_satisfied_by(&auction), is_open, "{now}");
            assert_eq!(listing::ending_soon(now).is_satisfied_by(&auction), is_soon, "{now}");
        }
        let soon = || listing::ending_soon(before(60));
        assert!(soon().and(fields::title().contains("lamp")).is_satisfied_by(&auction));
        assert!(!(soon() & !fields::title().contains("lamp")).is_satisfied_by(&auction));
    }

    #[test]
    fn no_field_tells_a_ceiling_or_a_reserve() {
        let names = |schema: &portolan_kernel::specification::Schema| {
            schema.fields.iter().map(|field| field.name).collect::<Vec<_>>()
        };
        assert_eq!(names(Bid::schema()), ["bidder"]);
        assert!(!names(Listing::schema()).contains(&"reserve"));
    }
}
