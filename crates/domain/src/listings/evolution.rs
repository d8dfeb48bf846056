//! What its events do to a listing.

use std::sync::Arc;

use portolan_kernel::{Aggregate, Money, weight_of_bytes};

use super::{Bid, Bids, Event, Listing, ListingId, Status};

/// What a bid takes in memory, about: a node in each of the three trees of [`Bids`].
const BID_BYTES: usize = 256;

impl Aggregate for Listing {
    const TYPE: &'static str = "listing";

    type Id = ListingId;
    type Event = Event;

    fn create(event: &Event) -> Option<Self> {
        let Event::ListingDrafted {
            listing,
            seller,
            title,
            description,
            asking,
            increment,
            reserve,
            ends_at,
        } = event
        else {
            return None;
        };
        Some(Self {
            id: *listing,
            seller: *seller,
            title: Arc::clone(title),
            description: Arc::clone(description),
            asking: *asking,
            increment: *increment,
            reserve: *reserve,
            ends_at: *ends_at,
            status: Status::Draft,
            price: *asking,
            next_minimum: None,
            bids: Bids::default(),
        })
    }

    fn apply(&mut self, event: &Event) {
        match event {
            // Its beginning is `create`'s; what follows the bid says nothing new about the state.
            Event::ListingDrafted { .. } | Event::LeaderOutbid { .. } => {}
            Event::ListingRevised { title, description } => {
                self.title = Arc::clone(title);
                self.description = Arc::clone(description);
            }
            Event::ListingPublished { price, next_minimum, ends_at } => {
                self.status = Status::Published;
                self.price = *price;
                self.next_minimum = Some(*next_minimum);
                self.ends_at = *ends_at;
            }
            Event::BidPlaced { bidder, ceiling, number, price, next_minimum, .. } => {
                self.bids.place(Bid { number: *number, bidder: *bidder, ceiling: *ceiling });
                self.price = *price;
                self.next_minimum = Some(*next_minimum);
            }
            Event::BidRetracted { bidder, price, next_minimum, .. } => {
                self.bids.retract(*bidder);
                self.price = *price;
                self.next_minimum = Some(*next_minimum);
            }
            Event::ListingSold { price, .. } => self.end(Status::Sold, *price),
            Event::ListingUnsold { price, .. } => self.end(Status::Unsold, *price),
            Event::ListingWithdrawn { price, .. } => self.end(Status::Withdrawn, *price),
        }
    }

    fn id(&self) -> ListingId {
        self.id
    }

    fn weight(&self) -> u32 {
        let texts = self.title.len() + self.description.len();
        weight_of_bytes(size_of::<Self>() + texts + self.bids.len() * BID_BYTES)
    }
}

impl Listing {
    fn end(&mut self, status: Status, price: Money) {
        self.status = status;
        self.price = price;
        self.next_minimum = None;
    }
}

#[cfg(test)]
mod tests {
    use portolan_kernel::Id;

    use super::*;
    use crate::testing::{at, eur, party};

    fn listing(description: &str, bids: u64) -> Listing {
        let drafted = Event::ListingDrafted {
            listing: ListingId::from_uuid(uuid::Uuid::from_u128(7)),
            seller: party(1),
            title: "a lamp".into(),
            description: description.into(),
            asking: eur(10),
            increment: eur(1),
            reserve: None,
            ends_at: at(60),
        };
        let mut listing = Listing::create(&drafted).unwrap();
        for number in 1..=bids {
            listing.bids.place(Bid {
                number,
                bidder: party(u128::from(number)),
                ceiling: crate::Secret::new(eur(20)),
            });
        }
        listing
    }

    #[test]
    fn a_listing_weighs_what_its_texts_and_bids_take() {
        let small = listing("brass", 0).weight();
        assert!((1..=2).contains(&small), "{small}");
        assert_eq!(listing(&"x".repeat(5 + 256 * 4_096), 0).weight(), small + 4_096);
        assert_eq!(listing("brass", 1_000).weight(), small + 1_000);
    }
}
