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
