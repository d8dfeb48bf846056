//! What its events do to a listing.

use std::sync::Arc;

use portolan_kernel::{Aggregate, Money};

use super::{Bid, Bids, Event, Listing, ListingId, Status};

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
        u32::try_from(self.bids.len()).unwrap_or(u32::MAX).saturating_add(1)
    }
}

impl Listing {
    fn end(&mut self, status: Status, price: Money) {
        self.status = status;
        self.price = price;
        self.next_minimum = None;
    }
}
