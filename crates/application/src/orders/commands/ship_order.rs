//! Sends an order off.

use std::sync::Arc;

use async_trait::async_trait;
use portolan_domain::{Order, OrderId};
use portolan_kernel::{AggregateKey, Command, CommandError, CommandHandler, UnitOfWork};

use crate::Market;
use crate::repositories::existing;

/// Sends an order off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShipOrder {
    /// Which.
    pub order: OrderId,
    /// The carrier's number.
    pub tracking: Arc<str>,
}

impl Command for ShipOrder {
    fn name(&self) -> &'static str {
        "ship_order"
    }

    fn target(&self) -> Option<AggregateKey> {
        Some(AggregateKey::of::<Order>(self.order))
    }
}

#[async_trait]
impl CommandHandler<ShipOrder> for Market {
    async fn handle(&self, command: &ShipOrder, unit: &UnitOfWork) -> Result<AggregateKey, CommandError> {
        let order = existing::<Order>(unit, command.order).await?;
        order.execute(|order| order.ship(Arc::clone(&command.tracking)))?;
        Ok(order.key())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{basket, given, placement};

    #[test]
    fn a_paid_order_is_shipped() {
        let shipment = || ShipOrder { order: basket(), tracking: "T1".into() };
        let payment = crate::orders::PayOrder { order: basket() };
        given([placement().into(), payment.into()]).when(shipment()).then(["OrderShipped"]);
        given([placement().into()]).when(shipment()).then_refused("not_paid");
        given([]).when(shipment()).then_refused("not_found");
    }
}
