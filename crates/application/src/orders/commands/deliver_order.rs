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
