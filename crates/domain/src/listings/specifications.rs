//! What a specification can ask of a listing. Neither ceilings nor the reserve: an answer would tell them.

use std::sync::Arc;

use portolan_kernel::specification::{Candidate, Elements, FieldType, Many, ValueRef};
use portolan_kernel::{Money, Timestamp};

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
    use crate::listing::{Draft, bid_fields, fields};
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
    fn no_field_tells_a_ceiling_or_a_reserve() {
        let names = |schema: &portolan_kernel::specification::Schema| {
            schema.fields.iter().map(|field| field.name).collect::<Vec<_>>()
        };
        assert_eq!(names(Bid::schema()), ["bidder"]);
        assert!(!names(Listing::schema()).contains(&"reserve"));
    }
}
