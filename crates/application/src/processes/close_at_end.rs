//! A published listing closes by itself when its end has come.

use portolan_domain::{ListingId, listing};
use portolan_kernel::{Deadline, DeadlineProcess, Id, Recorded, Refusal, Schedule};

use crate::listings::CloseListing;
use crate::wire::MarketEvent;

/// The end of a listing is a deadline -> `CloseListing`.
#[derive(Debug, Clone, Copy, Default)]
pub struct CloseAtEnd;

impl DeadlineProcess<MarketEvent> for CloseAtEnd {
    type Command = CloseListing;

    fn name(&self) -> &'static str {
        "close_at_end"
    }

    fn schedule(&self, recorded: &Recorded<MarketEvent>) -> Schedule {
        use listing::Event::{ListingPublished, ListingSold, ListingUnsold, ListingWithdrawn};
        match &recorded.event {
            MarketEvent::Listing(_, ListingPublished { ends_at, .. }) => Schedule::At(*ends_at),
            MarketEvent::Listing(_, ListingSold { .. } | ListingUnsold { .. } | ListingWithdrawn { .. })
            | MarketEvent::ListingRemoved(_) => Schedule::Clear,
            _ => Schedule::Keep,
        }
    }

    fn command(&self, deadline: &Deadline) -> CloseListing {
        CloseListing { listing: ListingId::from_uuid(deadline.aggregate_id) }
    }

    fn is_done(&self, refusal: &Refusal) -> bool {
        // Closed or withdrawn by hand in the same moment, or removed.
        refusal.code == "not_published" || refusal.code == "not_found"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::listings::WithdrawListing;
    use crate::testing::{Fixture, bid, draft, given, lamp, published};

    fn schedules(market: &Fixture) -> Vec<Schedule> {
        market.events().iter().map(|event| CloseAtEnd.schedule(event)).collect()
    }

    #[test]
    fn publishing_sets_the_deadline_and_only_an_end_clears_it() {
        let end = draft().ends_at;
        let open = [Schedule::Keep, Schedule::At(end), Schedule::Keep];
        let market = given(published().into_iter().chain([bid(2, 30)]));
        assert_eq!(schedules(&market), open);

        let closed = given(published().into_iter().chain([bid(2, 30)]));
        closed.send(&CloseListing { listing: lamp() }.into(), end).unwrap();
        market.send(&WithdrawListing { listing: lamp() }.into(), crate::testing::at(0)).unwrap();
        for market in [closed, market] {
            assert_eq!(schedules(&market)[..3], open);
            assert_eq!(schedules(&market)[3..], [Schedule::Clear]);
        }
    }

    #[test]
    fn a_deadline_that_is_due_closes_its_listing_once() {
        let market = given(published());
        let due_at = draft().ends_at;
        let deadline = Deadline {
            process: CloseAtEnd.name().to_owned(),
            aggregate_id: lamp().uuid(),
            due_at,
            event_id: uuid::Uuid::nil(),
            correlation_id: uuid::Uuid::nil(),
            traceparent: None,
        };
        let command = CloseAtEnd.command(&deadline);
        market.send(&command.clone().into(), due_at).unwrap();
        let again = market.send(&command.into(), due_at).unwrap_err();
        let portolan_kernel::CommandError::Refused(refusal) = again else { panic!("{again:?}") };
        assert!(CloseAtEnd.is_done(&refusal));
    }
}
