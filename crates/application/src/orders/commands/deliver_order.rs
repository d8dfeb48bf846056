//! Takes note that an order arrived.

use async_trait::async_trait;
use portolan_domain::{Order, OrderId};
use portolan_kernel::{AggregateKey, Command, CommandError, CommandHandler, UnitOfWork};

use crate::Market;
use crate::repositories::existing;

/// Takes note that an order arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliverOrder {
    /// Which.
    pub order: OrderId,
}

impl Command for DeliverOrder {
    fn name(&self) -> &'static str {
        "deliver_order"
    }

    fn target(&self) -> Option<AggregateKey> {
        Some(AggregateKey::of::<Order>(self.order))
    }
}

#[async_trait]
impl CommandHandler<DeliverOrder> for Market {
    async fn handle(&self, command: &DeliverOrder, unit: &UnitOfWork) -> Result<AggregateKey, CommandError> {
        let order = existing::<Order>(unit, command.order).await?;
        order.execute(Order::deliver)?;
        Ok(order.key())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{basket, given, placement};

    #[test]
    fn a_shipped_order_is_delivered() {
        let delivery = || DeliverOrder { order: basket() };
        let payment = crate::orders::PayOrder { order: basket() };
        let shipment = crate::orders::ShipOrder { order: basket(), tracking: "T1".into() };
        let shipped = [placement().into(), payment.into(), shipment.into()];
        given(shipped).when(delivery()).then(["OrderDelivered"]);
        given([placement().into()]).when(delivery()).then_refused("not_shipped");
        given([]).when(delivery()).then_refused("not_found");
    }
}
