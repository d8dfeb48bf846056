//! Orders articles.

use std::sync::Arc;

use async_trait::async_trait;
use portolan_domain::{Order, OrderId, PartyId, order};
use portolan_kernel::{AggregateKey, Command, CommandError, CommandHandler, UnitOfWork};

use crate::Market;
use crate::repositories::create;

/// Orders articles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaceOrder {
    /// Its id.
    pub order: OrderId,
    /// Who buys.
    pub customer: PartyId,
    /// What: at least one line, in one currency.
    pub lines: Arc<[order::Line]>,
    /// Where to, where it is known.
    pub address: Option<order::Address>,
}

impl Command for PlaceOrder {
    fn name(&self) -> &'static str {
        "place_order"
    }

    fn target(&self) -> Option<AggregateKey> {
        Some(AggregateKey::of::<Order>(self.order))
    }
}

#[async_trait]
impl CommandHandler<PlaceOrder> for Market {
    async fn handle(&self, command: &PlaceOrder, unit: &UnitOfWork) -> Result<AggregateKey, CommandError> {
        let placement = order::Placement {
            order: command.order,
            customer: command.customer,
            lines: Arc::clone(&command.lines),
            address: command.address.clone(),
        };
        let decided = Order::place(placement, unit.context().occurred_at);
        create::<Order, _>(unit, command.order, decided).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{at, basket, given, placement};

    #[test]
    fn an_order_is_placed_at_the_time_of_the_command() {
        let market = given([]);
        market.send(&placement().into(), at(5)).unwrap();
        assert_eq!(market.order(basket()).unwrap().placed_at(), at(5));
    }

    #[test]
    fn that_the_id_is_taken_comes_before_every_other_refusal() {
        let empty = PlaceOrder { lines: [].into(), ..placement() };
        given([]).when(empty.clone()).then_refused("no_lines");
        given([placement().into()]).when(empty).then_refused("already_exists");
        given([placement().into()]).when(placement()).then_refused("already_exists");
    }
}
