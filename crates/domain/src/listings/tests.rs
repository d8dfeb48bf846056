//! The rules of a listing, one by one.

use std::sync::Arc;

use portolan_kernel::{DomainError, Id, Timestamp};
use serde_json::json;
use uuid::Uuid;

use super::{CUT_OFF, Draft, Error, Event, Listing, ListingId, Status};
use crate::testing::{Given, at, currency, eur, given, party, usd};
use crate::{Invalid, PartyId};

const DAY: i64 = 24 * 60 * 60;
const HOUR: i64 = 60 * 60;

fn seller() -> PartyId {
    party(1)
}
fn ann() -> PartyId {
    party(2)
}
fn bob() -> PartyId {
    party(3)
}
fn cleo() -> PartyId {
    party(4)
}

/// Asking 10, increment 1, no reserve, ending in two days.
fn lamp() -> Draft {
    Draft {
        listing: ListingId::from_uuid(Uuid::from_u128(7)),
        seller: seller(),
        title: "a lamp".into(),
        description: "brass".into(),
        asking: eur(10),
        increment: eur(1),
        reserve: None,
        ends_at: at(2 * DAY),
    }
}

fn drafted(draft: Draft) -> Given<Listing> {
    given(Listing::draft(draft).unwrap())
}

fn published(draft: Draft) -> Given<Listing> {
    drafted(draft).and(|listing| listing.publish(at(0)))
}

impl Given<Listing> {
    fn bid(self, bidder: PartyId, ceiling: i64) -> Self {
        self.and(|listing| listing.place_bid(bidder, eur(ceiling), at(0)))
    }

    #[track_caller]
    fn stands(&self, leader: Option<PartyId>, price: i64, next_minimum: i64) {
        let listing = &self.state;
        assert_eq!(
            (listing.leader(), listing.price(), listing.next_minimum()),
            (leader, eur(price), Some(eur(next_minimum)))
        );
    }
}

fn bid(listing: &Listing, bidder: PartyId, ceiling: i64) -> Result<Vec<Event>, Error> {
    listing.place_bid(bidder, eur(ceiling), at(0))
}

fn too_low(offered: i64, price: i64, next_minimum: i64) -> Error {
    Error::TooLow { offered: eur(offered), price: eur(price), next_minimum: eur(next_minimum) }
}

// Drafting and revising.

#[test]
fn a_draft_begins_a_listing_at_its_asking_price() {
    let listing = drafted(Draft { reserve: Some(eur(20).into()), ..lamp() }).state;
    assert_eq!(listing.status(), Status::Draft);
    assert_eq!((listing.price(), listing.next_minimum(), listing.leader()), (eur(10), None, None));
    assert_eq!((&**listing.title(), &**listing.description()), ("a lamp", "brass"));
    assert_eq!(listing.reserve(), Some(eur(20).into()));
}

#[test]
fn a_title_has_1_to_200_characters_and_a_description_up_to_10_000() {
    for (title, description, accepted) in [
        ("é".repeat(200), "東".repeat(10_000), true),
        ("x".to_owned(), String::new(), true),
        (" ".to_owned(), String::new(), true),
        (String::new(), String::new(), false),
        ("x".repeat(201), String::new(), false),
        ("x".to_owned(), "x".repeat(10_001), false),
        ("x\0".to_owned(), String::new(), false),
        ("x".to_owned(), "\0".to_owned(), false),
    ] {
        let (title, description): (Arc<str>, Arc<str>) = (title.into(), description.into());
        let draft = Draft { title: title.clone(), description: description.clone(), ..lamp() };
        let revised = drafted(lamp()).state.revise(title, description);
        for decided in [Listing::draft(draft), revised] {
            assert_eq!(decided.is_ok(), accepted);
            assert!(accepted || decided.unwrap_err().code() == "invalid");
        }
    }
}

#[test]
fn an_increment_is_more_than_zero_before_currencies_are_compared() {
    for amount in [0, -1] {
        let draft = Draft { increment: usd(amount), ..lamp() };
        let refused = Invalid::NotPositive { field: "increment", amount: usd(amount) };
        assert_eq!(Listing::draft(draft), Err(refused.into()));
    }
}

#[test]
fn increment_and_reserve_are_in_the_currency_of_the_asking_price() {
    let (given, expected) = (currency("USD"), currency("EUR"));
    let mismatch = |field| Err(Error::CurrencyMismatch { field, given, expected });
    assert_eq!(Listing::draft(Draft { increment: usd(1), ..lamp() }), mismatch("increment"));
    assert_eq!(Listing::draft(Draft { reserve: Some(usd(1).into()), ..lamp() }), mismatch("reserve"));
}

#[test]
fn only_a_draft_is_revised() {
    let revised = Event::ListingRevised { title: "b".into(), description: "".into() };
    drafted(lamp()).when(|listing| listing.revise("b".into(), "".into())).then([revised]);
    published(lamp())
        .when(|listing| listing.revise("".into(), "".into()))
        .then_refused(Error::NotDraft { status: Status::Published });
}

// Publishing.

#[test]
fn publishing_opens_a_draft_at_its_asking_price() {
    let opened = Event::ListingPublished { price: eur(10), next_minimum: eur(10), ends_at: at(2 * DAY) };
    drafted(lamp()).when(|listing| listing.publish(at(0))).then([opened]);
    published(lamp()).stands(None, 10, 10);
}

#[test]
fn publishing_asks_for_a_draft_then_a_price_then_an_end_in_the_future() {
    let free = || Draft { asking: eur(0), ..lamp() };
    published(lamp())
        .when(|listing| listing.publish(at(2 * DAY)))
        .then_refused(Error::NotDraft { status: Status::Published });
    drafted(free())
        .when(|listing| listing.publish(at(2 * DAY)))
        .then_refused(Error::PriceNotPositive { price: eur(0) });
    let ended = |now| Error::Ended { ends_at: at(2 * DAY), now };
    drafted(lamp()).when(|listing| listing.publish(at(2 * DAY))).then_refused(ended(at(2 * DAY)));
    assert!(drafted(lamp()).when(|listing| listing.publish(at(2 * DAY - 1))).0.is_ok());
}

// Bidding: the worked examples.

#[test]
fn a_first_bid_leads_at_the_asking_price() {
    let placed = Event::BidPlaced {
        bidder: ann(),
        ceiling: eur(30).into(),
        number: 1,
        price: eur(10),
        leader: ann(),
        bids: 1,
        next_minimum: eur(11),
    };
    published(lamp()).when(|listing| bid(listing, ann(), 30)).then([placed]);
}

#[test]
fn a_lower_second_bid_pushes_the_price_to_its_ceiling() {
    published(lamp()).bid(ann(), 30).bid(bob(), 20).stands(Some(ann()), 20, 21);
}

#[test]
fn a_higher_bid_takes_the_lead_at_the_ceiling_of_the_one_before() {
    let auction = published(lamp()).bid(ann(), 30).bid(bob(), 20);
    let placed = Event::BidPlaced {
        bidder: cleo(),
        ceiling: eur(40).into(),
        number: 3,
        price: eur(30),
        leader: cleo(),
        bids: 3,
        next_minimum: eur(31),
    };
    let outbid = Event::LeaderOutbid { previous: ann(), leader: cleo(), price: eur(30) };
    auction.when(|listing| bid(listing, cleo(), 40)).then([placed, outbid]);
    auction.bid(cleo(), 40).stands(Some(cleo()), 30, 31);
}

#[test]
fn of_equal_ceilings_the_first_leads() {
    published(lamp()).bid(ann(), 30).bid(bob(), 30).stands(Some(ann()), 30, 31);
}

#[test]
fn nobody_is_outbid_by_a_first_bid_nor_by_one_that_does_not_lead() {
    let auction = published(lamp()).bid(ann(), 30);
    assert_eq!(bid(&auction.state, bob(), 30).unwrap().len(), 1);
}

// Bidding: one bid a bidder.

#[test]
fn a_leader_who_raises_leaves_the_price_as_it_was_and_outbids_nobody() {
    let auction = published(lamp()).bid(ann(), 30).bid(bob(), 20);
    let raised = Event::BidPlaced {
        bidder: ann(),
        ceiling: eur(50).into(),
        number: 3,
        price: eur(20),
        leader: ann(),
        bids: 2,
        next_minimum: eur(21),
    };
    auction.when(|listing| bid(listing, ann(), 50)).then([raised]);
}

#[test]
fn a_leader_may_raise_by_less_than_the_next_minimum() {
    let auction = published(Draft { increment: eur(100), ..lamp() }).bid(ann(), 10);
    auction.bid(ann(), 11).stands(Some(ann()), 10, 110);
}

#[test]
fn lowering_or_repeating_a_leading_ceiling_is_not_raised_and_says_only_what_was_offered() {
    let auction = published(lamp()).bid(ann(), 30);
    for offered in [30, 29, 5] {
        let refused = Error::NotRaised { offered: eur(offered).into() };
        assert_eq!(json!(refused.details()), json!({"offered": {"amount": offered, "currency": "EUR"}}));
        auction.when(|listing| bid(listing, ann(), offered)).then_refused(refused);
    }
}

#[test]
fn a_bidder_who_does_not_lead_must_reach_the_next_minimum() {
    published(lamp()).when(|listing| bid(listing, ann(), 9)).then_refused(too_low(9, 10, 10));
    let auction = published(lamp()).bid(ann(), 30).bid(bob(), 20);
    auction.when(|listing| bid(listing, cleo(), 20)).then_refused(too_low(20, 20, 21));
    auction.when(|listing| bid(listing, bob(), 20)).then_refused(too_low(20, 20, 21));
    auction.bid(bob(), 21).stands(Some(ann()), 21, 22);
}

#[test]
fn a_new_ceiling_counts_as_placed_now_behind_the_others() {
    // Ann was first, but her 40 comes after Bob's.
    let auction = published(lamp()).bid(ann(), 20).bid(bob(), 40).bid(ann(), 40);
    auction.stands(Some(bob()), 40, 41);
    let order: Vec<_> = auction.state.bids().iter().map(|bid| bid.bidder).collect();
    assert_eq!(order, [bob(), ann()]);
}

// The reserve.

#[test]
fn a_leader_who_reaches_the_reserve_lifts_the_price_to_it() {
    let reserved = || Draft { reserve: Some(eur(25).into()), ..lamp() };
    published(reserved()).bid(ann(), 24).stands(Some(ann()), 10, 11);
    published(reserved()).bid(ann(), 25).stands(Some(ann()), 25, 26);
    published(reserved()).bid(ann(), 30).bid(bob(), 28).stands(Some(ann()), 28, 29);
    published(reserved()).bid(ann(), 20).bid(bob(), 30).stands(Some(bob()), 25, 26);
    published(reserved()).bid(ann(), 20).bid(ann(), 30).stands(Some(ann()), 25, 26);
}

// Refusals of a bid, in their order.

#[test]
fn a_bid_is_checked_in_order() {
    let never = drafted(lamp());
    let ended = at(2 * DAY);
    never
        .when(|listing| listing.place_bid(seller(), usd(1), ended))
        .then_refused(Error::NotPublished { status: Status::Draft });
    let auction = published(lamp());
    auction
        .when(|listing| listing.place_bid(seller(), usd(1), ended))
        .then_refused(Error::Ended { ends_at: ended, now: ended });
    auction
        .when(|listing| listing.place_bid(seller(), usd(1), at(0)))
        .then_refused(Error::OwnListing { seller: seller() });
    auction.when(|listing| listing.place_bid(ann(), usd(1), at(0))).then_refused(Error::CurrencyMismatch {
        field: "ceiling",
        given: currency("USD"),
        expected: currency("EUR"),
    });
    assert!(auction.when(|listing| listing.place_bid(ann(), eur(10), at(2 * DAY - 1))).0.is_ok());
}

#[test]
fn a_next_minimum_past_i64_is_an_overflow_that_does_not_name_the_leading_ceiling() {
    let auction = published(lamp()).bid(ann(), i64::MAX - 1).bid(bob(), 20);
    let refused = Error::Overflow { offered: eur(i64::MAX).into(), increment: eur(1) };
    // Up to i64::MAX - 1 the next minimum still fits.
    assert!(bid(&auction.state, cleo(), i64::MAX).is_ok());
    let greedy = published(Draft { increment: eur(2), ..lamp() }).bid(ann(), i64::MAX - 1).bid(bob(), 20);
    let details = json!(refused.details()).to_string();
    assert!(!details.contains(&(i64::MAX - 1).to_string()) && !refused.to_string().contains("92233"));
    greedy
        .when(|listing| bid(listing, cleo(), i64::MAX))
        .then_refused(Error::Overflow { offered: eur(i64::MAX).into(), increment: eur(2) });
}

// Retracting.

#[test]
fn after_a_retraction_price_and_leader_are_computed_anew() {
    let auction = published(lamp()).bid(ann(), 30).bid(bob(), 20).bid(cleo(), 40);
    let retracted = |bidder, price, leader| Event::BidRetracted {
        bidder,
        price: eur(price),
        leader: Some(leader),
        bids: 2,
        next_minimum: eur(price + 1),
    };
    auction.when(|listing| listing.retract_bid(cleo(), at(0))).then([retracted(cleo(), 20, ann())]);
    auction.when(|listing| listing.retract_bid(ann(), at(0))).then([retracted(ann(), 20, cleo())]);
    auction.when(|listing| listing.retract_bid(bob(), at(0))).then([retracted(bob(), 30, cleo())]);
}

#[test]
fn without_bids_a_listing_is_back_at_its_asking_price() {
    let auction = published(lamp()).bid(ann(), 30).and(|listing| listing.retract_bid(ann(), at(0)));
    auction.stands(None, 10, 10);
    auction.bid(bob(), 10).stands(Some(bob()), 10, 11);
}

#[test]
fn a_retraction_takes_the_reserve_back_out_of_the_price() {
    let auction = published(Draft { reserve: Some(eur(25).into()), ..lamp() }).bid(ann(), 20).bid(bob(), 30);
    auction.and(|listing| listing.retract_bid(bob(), at(0))).stands(Some(ann()), 10, 11);
}

#[test]
fn a_retraction_is_checked_in_order() {
    let end = at(2 * DAY);
    drafted(lamp())
        .when(|listing| listing.retract_bid(ann(), end))
        .then_refused(Error::NotPublished { status: Status::Draft });
    let auction = published(lamp()).bid(ann(), 30);
    auction
        .when(|listing| listing.retract_bid(bob(), end))
        .then_refused(Error::Ended { ends_at: end, now: end });
    let late = at(2 * DAY - 12 * HOUR);
    auction.when(|listing| listing.retract_bid(bob(), late)).then_refused(Error::NoBid { bidder: bob() });
    auction.when(|listing| listing.retract_bid(ann(), late)).then_refused(Error::TooLate {
        ends_at: end,
        until: late,
        now: late,
    });
    let just = Timestamp::from_micros(late.as_micros() - 1);
    assert!(auction.when(|listing| listing.retract_bid(ann(), just)).0.is_ok());
}

// Closing.

#[test]
fn a_listing_closes_at_its_end_and_is_sold_to_the_leader_at_the_current_price() {
    let auction = published(lamp()).bid(ann(), 30).bid(bob(), 20);
    let end = at(2 * DAY);
    let before = at(2 * DAY - 1);
    auction.when(|listing| listing.close(before)).then_refused(Error::NotEnded { ends_at: end, now: before });
    let sold = Event::ListingSold { winner: ann(), price: eur(20), title: "a lamp".into(), bids: 2 };
    auction.when(|listing| listing.close(end)).then([sold]);
    let closed = auction.and(|listing| listing.close(end));
    let listing = &closed.state;
    assert_eq!(
        (listing.status(), listing.leader(), listing.price(), listing.next_minimum()),
        (Status::Sold, Some(ann()), eur(20), None)
    );
    closed.when(|listing| listing.close(before)).then_refused(Error::NotPublished { status: Status::Sold });
}

#[test]
fn without_bids_or_with_the_reserve_not_met_it_is_unsold() {
    let end = at(2 * DAY);
    let unsold = |price, bids| Event::ListingUnsold { price: eur(price), bids };
    published(lamp()).when(|listing| listing.close(end)).then([unsold(10, 0)]);
    let reserved = || Draft { reserve: Some(eur(25).into()), ..lamp() };
    published(reserved())
        .bid(ann(), 24)
        .bid(bob(), 11)
        .when(|listing| listing.close(end))
        .then([unsold(11, 2)]);
    let sold = Event::ListingSold { winner: ann(), price: eur(25), title: "a lamp".into(), bids: 1 };
    published(reserved()).bid(ann(), 25).when(|listing| listing.close(end)).then([sold]);
}

// Withdrawing.

#[test]
fn a_draft_is_withdrawn_at_any_time() {
    let withdrawn = Event::ListingWithdrawn { price: eur(10), bids: 0 };
    drafted(lamp()).when(|listing| listing.withdraw(at(9 * DAY))).then([withdrawn]);
}

#[test]
fn a_published_listing_is_withdrawn_before_its_end_without_bids_or_with_more_than_twelve_hours_left() {
    let (late, end) = (at(2 * DAY - 12 * HOUR), at(2 * DAY));
    let quiet = published(lamp());
    assert!(quiet.when(|listing| listing.withdraw(late)).0.is_ok());
    quiet.when(|listing| listing.withdraw(end)).then_refused(Error::Ended { ends_at: end, now: end });
    let busy = published(lamp()).bid(ann(), 30);
    busy.when(|listing| listing.withdraw(late)).then_refused(Error::TooLate {
        ends_at: end,
        until: late,
        now: late,
    });
    busy.when(|listing| listing.withdraw(end)).then_refused(Error::Ended { ends_at: end, now: end });
    let withdrawn = busy.and(|listing| listing.withdraw(at(2 * DAY - 12 * HOUR - 1)));
    assert_eq!((withdrawn.state.status(), withdrawn.state.leader()), (Status::Withdrawn, Some(ann())));
    withdrawn
        .when(|listing| listing.withdraw(end))
        .then_refused(Error::NotPublished { status: Status::Withdrawn });
}

#[test]
fn the_cut_off_is_twelve_hours() {
    assert_eq!(CUT_OFF.as_secs(), 12 * 3_600);
}

// Secrecy.

#[test]
fn nothing_that_is_printed_holds_a_ceiling_or_a_reserve() {
    let (reserve, leading, offered) = (777_771, 444_441, 555_551);
    let reserved = Draft { reserve: Some(eur(reserve).into()), ..lamp() };
    let drafted = Listing::draft(reserved.clone()).unwrap();
    let auction = published(reserved.clone()).bid(ann(), leading).bid(bob(), 20);
    let placed = bid(&auction.state, bob(), 30).unwrap();
    let raised = bid(&auction.state, ann(), offered).unwrap();
    let refused = bid(&auction.state, ann(), leading).unwrap_err();
    let state = &auction.state;
    let printed = format!("{reserved:?} {drafted:?} {state:?} {placed:?} {raised:?} {refused:?} {refused}");
    let printed = format!("{printed} {:?} {:?}", state.bids(), state.bids().leader());
    for secret in [reserve, leading, offered] {
        assert!(!printed.contains(&secret.to_string()), "{secret} in {printed}");
        assert!(!printed.contains(&eur(secret).to_string()), "{secret} in {printed}");
    }
}
