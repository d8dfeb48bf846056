//! A listing driven with random commands against a model that knows only a list of bids and recomputes everything.

use portolan_kernel::{Aggregate, DomainError, Id, Money, Timestamp, replay};
use proptest::prelude::*;
use uuid::Uuid;

use super::{Draft, Error, Event, Listing, ListingId, Status};
use crate::PartyId;
use crate::testing::{at, eur, party, usd};

const HOUR: i64 = 60 * 60;
const END: i64 = 30 * HOUR;
const SELLER: u128 = 0;

#[derive(Debug, Clone)]
enum Step {
    Revise(&'static str),
    Publish,
    Bid(u128, Money),
    Retract(u128),
    Close,
    Withdraw,
}

/// All amounts in cents; the rules written down a second time, without looking at the first.
struct Model {
    asking: i64,
    increment: i64,
    reserve: Option<i64>,
    status: &'static str,
    bids: Vec<(u128, i64)>,
}

impl Model {
    fn leader(&self) -> Option<(u128, i64)> {
        let highest = self.bids.iter().map(|bid| bid.1).max()?;
        self.bids.iter().copied().find(|bid| bid.1 == highest)
    }

    fn price(&self) -> i64 {
        let mut ceilings: Vec<i64> = self.bids.iter().map(|bid| bid.1).collect();
        ceilings.sort_unstable();
        let second = ceilings.len().checked_sub(2).map_or(self.asking, |index| ceilings[index]);
        match (self.reserve, ceilings.last()) {
            (Some(reserve), Some(highest)) if *highest >= reserve => second.max(reserve),
            _ => second,
        }
    }

    fn next_minimum(&self) -> i64 {
        if self.bids.is_empty() { self.asking } else { self.price() + self.increment }
    }

    fn run(&mut self, step: &Step, now: i64) -> Result<(), &'static str> {
        let published = self.status == "published";
        let ended = now >= END;
        let late = END - now <= 12 * HOUR;
        match *step {
            Step::Revise(_) if self.status != "draft" => Err("not_draft"),
            Step::Revise("") => Err("invalid"),
            Step::Revise(_) => Ok(()),
            Step::Publish if self.status != "draft" => Err("not_draft"),
            Step::Publish if self.asking < 1 => Err("price_not_positive"),
            Step::Publish if ended => Err("ended"),
            Step::Publish => self.become_("published"),
            Step::Close if !published => Err("not_published"),
            Step::Close if !ended => Err("not_ended"),
            Step::Close => {
                let met = self.leader().is_some_and(|(_, highest)| self.reserve.is_none_or(|r| highest >= r));
                self.become_(if met { "sold" } else { "unsold" })
            }
            Step::Withdraw if self.status == "draft" => self.become_("withdrawn"),
            Step::Withdraw if !published => Err("not_published"),
            Step::Withdraw if ended => Err("ended"),
            Step::Withdraw if late && !self.bids.is_empty() => Err("too_late"),
            Step::Withdraw => self.become_("withdrawn"),
            Step::Bid(..) | Step::Retract(_) if !published => Err("not_published"),
            Step::Bid(..) | Step::Retract(_) if ended => Err("ended"),
            Step::Retract(bidder) if !self.bids.iter().any(|bid| bid.0 == bidder) => Err("no_bid"),
            Step::Retract(_) if late => Err("too_late"),
            Step::Retract(bidder) => {
                self.bids.retain(|bid| bid.0 != bidder);
                Ok(())
            }
            Step::Bid(SELLER, _) => Err("own_listing"),
            Step::Bid(_, offer) if offer.currency != eur(0).currency => Err("currency_mismatch"),
            Step::Bid(bidder, offer) => match self.leader() {
                Some((leader, highest)) if leader == bidder && offer.amount <= highest => Err("not_raised"),
                Some((leader, _)) if leader == bidder => self.place(bidder, offer.amount),
                _ if offer.amount < self.next_minimum() => Err("too_low"),
                _ => self.place(bidder, offer.amount),
            },
        }
    }

    fn place(&mut self, bidder: u128, ceiling: i64) -> Result<(), &'static str> {
        self.bids.retain(|bid| bid.0 != bidder);
        self.bids.push((bidder, ceiling));
        Ok(())
    }

    fn become_(&mut self, status: &'static str) -> Result<(), &'static str> {
        self.status = status;
        Ok(())
    }
}

fn decide(listing: &Listing, step: &Step, now: Timestamp) -> Result<Vec<Event>, Error> {
    match *step {
        Step::Revise(title) => listing.revise(title.into(), "".into()),
        Step::Publish => listing.publish(now),
        Step::Bid(bidder, ceiling) => listing.place_bid(party(bidder), ceiling, now),
        Step::Retract(bidder) => listing.retract_bid(party(bidder), now),
        Step::Close => listing.close(now),
        Step::Withdraw => listing.withdraw(now),
    }
}

fn steps() -> impl Strategy<Value = Vec<(Step, i64)>> {
    let bidder = 0_u128..7;
    let step = prop_oneof![
        1 => prop_oneof![Just("new"), Just("")].prop_map(Step::Revise),
        4 => Just(Step::Publish),
        60 => (bidder.clone(), 0_i64..60, prop::bool::weighted(0.05))
            .prop_map(|(bidder, amount, foreign)| Step::Bid(bidder, if foreign { usd(amount) } else { eur(amount) })),
        12 => bidder.prop_map(Step::Retract),
        2 => Just(Step::Close),
        1 => Just(Step::Withdraw),
    ];
    // Hours that mostly rise, past the cut-off and the end, and fall back at times: a clock can be wrong.
    let steps = prop::collection::vec((step, -1_i64..4), 1..60);
    (prop::bool::weighted(0.8), steps).prop_map(|(at_once, steps)| {
        let mut hour = 0;
        let first = at_once.then_some((Step::Publish, 0));
        let timed = steps.into_iter().map(|(step, pace)| {
            hour += i64::from(pace == 3) - i64::from(pace == -1 && hour > 0);
            (step, (hour * 2) * HOUR)
        });
        first.into_iter().chain(timed).collect()
    })
}

/// What the last event with results says must be what the state says.
fn events_agree_with_the_state(events: &[Event], listing: &Listing) {
    let count = listing.bids().len() as u64;
    for event in events {
        match event {
            Event::BidPlaced { price, leader, bids, next_minimum, .. } => assert_eq!(
                (*price, Some(*leader), *bids, Some(*next_minimum)),
                (listing.price(), listing.leader(), count, listing.next_minimum())
            ),
            Event::BidRetracted { price, leader, bids, next_minimum, .. } => assert_eq!(
                (*price, *leader, *bids, Some(*next_minimum)),
                (listing.price(), listing.leader(), count, listing.next_minimum())
            ),
            Event::ListingSold { winner, price, bids, .. } => {
                assert_eq!((Some(*winner), *price, *bids), (listing.leader(), listing.price(), count));
            }
            _ => {}
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_listing_does_what_the_naive_model_does(
        asking in 0_i64..20,
        increment in 1_i64..5,
        reserve in prop::option::of(0_i64..50),
        steps in steps(),
    ) {
        let drafted = Listing::draft(Draft {
            listing: ListingId::from_uuid(Uuid::from_u128(1)),
            seller: party(SELLER),
            title: "a".into(),
            description: "".into(),
            asking: eur(asking),
            increment: eur(increment),
            reserve: reserve.map(|amount| eur(amount).into()),
            ends_at: at(END),
        });
        let mut history = drafted.unwrap();
        let mut listing: Listing = replay(&history).unwrap();
        let mut model = Model { asking, increment, reserve, status: "draft", bids: Vec::new() };

        for (step, now) in steps {
            let led: Option<PartyId> = listing.leader();
            let decided = decide(&listing, &step, at(now));
            let expected = model.run(&step, now);
            prop_assert_eq!(decided.as_ref().map(|_| ()).map_err(DomainError::code), expected, "{:?}", step);
            let events = decided.unwrap_or_default();
            events.iter().for_each(|event| listing.apply(event));
            events_agree_with_the_state(&events, &listing);
            let taken = matches!(step, Step::Bid(..)) && led.is_some() && led != listing.leader();
            let said = events.iter().any(|event| matches!(event, Event::LeaderOutbid { .. }));
            prop_assert_eq!(said, taken);
            history.extend(events);

            prop_assert_eq!(replay(&history), Some(listing.clone()));
            prop_assert_eq!(listing.status().as_str(), model.status);
            prop_assert_eq!(listing.price(), eur(model.price()));
            prop_assert_eq!(listing.leader(), model.leader().map(|bid| party(bid.0)));
            let open = listing.status() == Status::Published;
            prop_assert_eq!(listing.next_minimum(), open.then(|| eur(model.next_minimum())));
            let bids: Vec<_> = listing.bids().iter().map(|bid| (bid.bidder, bid.ceiling.expose().amount)).collect();
            prop_assert_eq!(bids, model.bids.iter().map(|bid| (party(bid.0), bid.1)).collect::<Vec<_>>());
        }
    }
}
