//! Events of listings and orders -> [`MarketTotals`].

use std::sync::Arc;

use portolan_domain::{listing, order};
use portolan_kernel::{Money, Projector, Recorded, Version};

use crate::totals::MarketTotals;
use crate::wire::MarketEvent;

/// Fills the view `totals`: one row a UTC day and currency, counted by the position in the journal.
#[derive(Debug, Clone, Copy, Default)]
pub struct TotalsProjector;

impl Projector<MarketEvent> for TotalsProjector {
    type View = MarketTotals;

    fn target(&self, recorded: &Recorded<MarketEvent>) -> Option<Arc<str>> {
        let (_, money) = counted(&recorded.event)?;
        Some(MarketTotals::id_of(recorded.occurred_at, money.currency))
    }

    fn version(&self, recorded: &Recorded<MarketEvent>) -> Version {
        Version(recorded.position.get())
    }

    fn project(&self, row: &mut Option<MarketTotals>, recorded: &Recorded<MarketEvent>) {
        let Some((what, money)) = counted(&recorded.event) else { return };
        let row = row.get_or_insert_with(|| MarketTotals::empty(recorded.occurred_at, money.currency));
        match what {
            Counted::Published => row.listings_published += 1,
            Counted::Sold => {
                row.listings_sold += 1;
                row.sold_value.amount = row.sold_value.amount.saturating_add(money.amount);
            }
            Counted::Placed => row.orders_placed += 1,
            Counted::Shipped => row.orders_shipped += 1,
        }
    }
}

#[derive(Clone, Copy)]
enum Counted {
    Published,
    Sold,
    Placed,
    Shipped,
}

/// What the event counts as, and the money it is about.
const fn counted(event: &MarketEvent) -> Option<(Counted, Money)> {
    match event {
        MarketEvent::Listing(_, listing::Event::ListingPublished { price, .. }) => {
            Some((Counted::Published, *price))
        }
        MarketEvent::Listing(_, listing::Event::ListingSold { price, .. }) => Some((Counted::Sold, *price)),
        MarketEvent::Order(_, order::Event::OrderPlaced { total, .. }) => Some((Counted::Placed, *total)),
        MarketEvent::Order(_, order::Event::OrderShipped { total, .. }) => Some((Counted::Shipped, *total)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::listings::CloseListing;
    use crate::orders::{PayOrder, ShipOrder};
    use crate::testing::{basket, bid, draft, given, lamp, placement, project, published};

    #[test]
    fn what_happened_is_counted_on_its_utc_day_in_its_currency() {
        let order = basket();
        let orders =
            [placement().into(), PayOrder { order }.into(), ShipOrder { order, tracking: "T".into() }.into()];
        let market = given(published().into_iter().chain([bid(2, 30), bid(3, 20)]).chain(orders));
        market.send(&CloseListing { listing: lamp() }.into(), draft().ends_at).unwrap();

        let rows = project(&TotalsProjector, &market.events());
        let row = |id: &str| serde_json::to_value(&rows[id]).unwrap();
        assert_eq!(rows.len(), 2);
        assert_eq!(
            row("2026-01-02/EUR"),
            json!({
                "id": "2026-01-02/EUR", "day": "2026-01-02", "currency": "EUR", "listings_published": 1,
                "listings_sold": 0, "sold_value": {"amount": 0, "currency": "EUR"}, "orders_placed": 1,
                "orders_shipped": 1,
            })
        );
        assert_eq!(row("2026-01-04/EUR")["listings_sold"], 1);
        assert_eq!(row("2026-01-04/EUR")["sold_value"]["amount"], 20);
    }
}
