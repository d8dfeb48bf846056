//! Events of listings -> [`ListingView`].

use portolan_domain::ListingId;
use portolan_domain::listing::{Event, Status};
use portolan_kernel::{Projector, Recorded};

use crate::listings::ListingView;
use crate::wire::MarketEvent;

/// Fills the view `listings`.
#[derive(Debug, Clone, Copy, Default)]
pub struct ListingProjector;

impl Projector<MarketEvent> for ListingProjector {
    type View = ListingView;

    fn target(&self, recorded: &Recorded<MarketEvent>) -> Option<ListingId> {
        match recorded.event {
            MarketEvent::Listing(id, _) | MarketEvent::ListingRemoved(id) => Some(id),
            MarketEvent::Order(..) | MarketEvent::OrderRemoved(_) => None,
        }
    }

    fn project(&self, row: &mut Option<ListingView>, recorded: &Recorded<MarketEvent>) {
        match (&recorded.event, row) {
            (MarketEvent::Listing(_, event @ Event::ListingDrafted { .. }), row) => *row = drafted(event),
            (MarketEvent::Listing(_, event), Some(row)) => change(row, event, recorded),
            (MarketEvent::ListingRemoved(_), row) => *row = None,
            _ => {}
        }
    }
}

fn drafted(event: &Event) -> Option<ListingView> {
    let Event::ListingDrafted { listing, seller, title, description, asking, ends_at, .. } = event else {
        return None;
    };
    Some(ListingView {
        id: *listing,
        seller: *seller,
        title: title.clone(),
        description: description.clone(),
        status: Status::Draft,
        asking: *asking,
        price: *asking,
        next_minimum: None,
        leader: None,
        bids: 0,
        ends_at: *ends_at,
        published_at: None,
    })
}

fn change(row: &mut ListingView, event: &Event, recorded: &Recorded<MarketEvent>) {
    let mut end = |status, price| {
        row.status = status;
        row.price = price;
        row.next_minimum = None;
    };
    match *event {
        Event::ListingSold { price, .. } => end(Status::Sold, price),
        Event::ListingUnsold { price, .. } => end(Status::Unsold, price),
        Event::ListingWithdrawn { price, .. } => end(Status::Withdrawn, price),
        Event::ListingRevised { ref title, ref description } => {
            row.title = title.clone();
            row.description = description.clone();
        }
        Event::ListingPublished { price, next_minimum, ends_at } => {
            row.status = Status::Published;
            row.price = price;
            row.next_minimum = Some(next_minimum);
            row.ends_at = ends_at;
            row.published_at = Some(recorded.occurred_at);
        }
        Event::BidPlaced { price, leader, bids, next_minimum, .. } => {
            row.price = price;
            row.leader = Some(leader);
            row.bids = count(bids);
            row.next_minimum = Some(next_minimum);
        }
        Event::BidRetracted { price, leader, bids, next_minimum, .. } => {
            row.price = price;
            row.leader = leader;
            row.bids = count(bids);
            row.next_minimum = Some(next_minimum);
        }
        // The bid before it said all that changes.
        Event::LeaderOutbid { .. } | Event::ListingDrafted { .. } => {}
    }
}

fn count(bids: u64) -> i64 {
    i64::try_from(bids).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::listings::{CloseListing, RetractBid, ReviseListing, WithdrawListing};
    use crate::testing::{Fixture, at, bid, draft, given, lamp, party, project, published};

    fn view(market: &Fixture) -> ListingView {
        project(&ListingProjector, &market.events()).remove(&lamp()).unwrap()
    }

    #[test]
    fn a_draft_shows_its_asking_price_and_no_more() {
        let revision =
            ReviseListing { listing: lamp(), title: Some("b".into()), description: Some("c".into()) };
        let market = given([draft().into(), revision.into()]);
        assert_eq!(
            serde_json::to_value(view(&market)).unwrap(),
            json!({
                "id": lamp(), "seller": party(1), "title": "b", "description": "c", "status": "draft",
                "asking": {"amount": 10, "currency": "EUR"}, "price": {"amount": 10, "currency": "EUR"},
                "next_minimum": null, "leader": null, "bids": 0, "ends_at": "2026-01-04T00:00:00Z",
                "published_at": null,
            })
        );
    }

    #[test]
    fn bids_move_price_leader_and_next_minimum() {
        let market = given(published().into_iter().chain([bid(2, 30), bid(3, 20)]));
        let shown = serde_json::to_value(view(&market)).unwrap();
        assert_eq!(shown["price"]["amount"], 20);
        assert_eq!(shown["next_minimum"]["amount"], 21);
        assert_eq!((&shown["leader"], &shown["bids"]), (&json!(party(2)), &json!(2)));
        assert_eq!(shown["published_at"], "2026-01-02T00:00:00Z");
        market.send(&RetractBid { listing: lamp(), bidder: party(2) }.into(), at(0)).unwrap();
        let row = view(&market);
        assert_eq!((row.leader, row.bids, row.price.amount), (Some(party(3)), 1, 10));
    }

    #[test]
    fn an_ended_listing_keeps_its_last_values_but_the_next_minimum() {
        let history = || published().into_iter().chain([bid(2, 30), bid(3, 20)]);
        let sold = given(history());
        sold.send(&CloseListing { listing: lamp() }.into(), draft().ends_at).unwrap();
        let withdrawn = given(history());
        withdrawn.send(&WithdrawListing { listing: lamp() }.into(), at(0)).unwrap();
        for (market, status) in [(sold, Status::Sold), (withdrawn, Status::Withdrawn)] {
            let row = view(&market);
            assert_eq!((row.status, row.next_minimum), (status, None));
            assert_eq!((row.leader, row.bids, row.price.amount), (Some(party(2)), 2, 20));
            assert_eq!(row.published_at, Some(at(0)));
        }
    }

    #[test]
    fn a_removed_listing_is_gone() {
        let market = given(published());
        let mut events = market.events();
        events[1].event = MarketEvent::ListingRemoved(lamp());
        assert!(project(&ListingProjector, &events).is_empty());
    }

    #[test]
    fn the_view_is_read_back_as_it_was_shown() {
        let row = view(&given(published().into_iter().chain([bid(2, 30)])));
        let text = serde_json::to_string(&row).unwrap();
        assert_eq!(serde_json::from_str::<ListingView>(&text).unwrap(), row);
    }
}
