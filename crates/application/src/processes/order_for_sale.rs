//! A sold listing becomes an order of its winner.

use portolan_domain::{ListingId, OrderId, listing, order};
use portolan_kernel::{Id, Process, Recorded, Refusal};

use crate::orders::PlaceOrder;
use crate::wire::MarketEvent;

/// `ListingSold` -> `PlaceOrder` for the winner, once: the id of the order follows from that of the listing.
#[derive(Debug, Clone, Copy, Default)]
pub struct OrderForSale;

impl OrderForSale {
    /// The id of the order that the sale of this listing makes.
    #[must_use]
    pub fn order_of(listing: ListingId) -> OrderId {
        OrderId::derived(listing.uuid(), "order")
    }
}

impl Process<MarketEvent> for OrderForSale {
    type Command = PlaceOrder;

    fn name(&self) -> &'static str {
        "order_for_sale"
    }

    fn react(&self, recorded: &Recorded<MarketEvent>) -> Vec<PlaceOrder> {
        let MarketEvent::Listing(listing, listing::Event::ListingSold { winner, price, title, .. }) =
            &recorded.event
        else {
            return Vec::new();
        };
        let line = order::Line {
            sku: listing.to_string().into(),
            description: title.clone(),
            quantity: 1,
            unit_price: *price,
        };
        vec![PlaceOrder {
            order: Self::order_of(*listing),
            customer: *winner,
            lines: [line].into(),
            address: None,
        }]
    }

    fn is_done(&self, refusal: &Refusal) -> bool {
        refusal.code == "already_exists"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::listings::CloseListing;
    use crate::testing::{bid, draft, eur, given, lamp, party, published};

    #[test]
    fn the_order_of_a_listing_always_has_the_same_id() {
        let listing: ListingId = "019b8d2c-d29c-72fe-b810-3516b8b9570a".parse().unwrap();
        let order = OrderForSale::order_of(listing);
        assert_eq!(order.to_string(), "37e62ff3-d4a0-5c92-bf89-ba7d9f475a3c");
    }

    #[test]
    fn the_winner_orders_the_listing_at_the_price_paid_at_the_time_of_the_sale() {
        let market = given(published().into_iter().chain([bid(2, 30), bid(3, 20)]));
        let end = draft().ends_at;
        market.send(&CloseListing { listing: lamp() }.into(), end).unwrap();
        let commands: Vec<_> = market.events().iter().flat_map(|event| OrderForSale.react(event)).collect();
        let [command] = commands.as_slice() else { panic!("{commands:?}") };

        market.send(&command.clone().into(), end).unwrap();
        let order = market.order(OrderForSale::order_of(lamp())).unwrap();
        assert_eq!((order.customer(), order.total(), order.placed_at()), (party(2), eur(20), end));
        assert_eq!((order.items(), order.address()), (1, None));
        let line = order.line(&lamp().to_string()).unwrap();
        assert_eq!(&*line.description, "a lamp");

        let again = market.send(&command.clone().into(), end).unwrap_err();
        let portolan_kernel::CommandError::Refused(refusal) = again else { panic!("{again:?}") };
        assert!(OrderForSale.is_done(&refusal));
    }
}
