//! Calls an order off.

use async_trait::async_trait;
use portolan_domain::{Order, OrderId};
use portolan_kernel::{AggregateKey, Command, CommandError, CommandHandler, UnitOfWork};

use crate::Market;
use crate::repositories::existing;

/// Calls an order off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CancelOrder {
    /// Which.
    pub order: OrderId,
}

impl Command for CancelOrder {
    fn name(&self) -> &'static str {
        "cancel_order"
    }

    fn target(&self) -> Option<AggregateKey> {
        Some(AggregateKey::of::<Order>(self.order))
    }
}

#[async_trait]
impl CommandHandler<CancelOrder> for Market {
    async fn handle(&self, command: &CancelOrder, unit: &UnitOfWork) -> Result<AggregateKey, CommandError> {
        let order = existing::<Order>(unit, command.order).await?;
        order.execute(Order::cancel)?;
        Ok(order.key())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{basket, given, placement};

    #[test]
    fn an_order_is_cancelled_once() {
        let cancellation = || CancelOrder { order: basket() };
        given([placement().into()]).when(cancellation()).then(["OrderCancelled"]);
        given([placement().into(), cancellation().into()])
            .when(cancellation())
            .then_refused("not_cancellable");
        given([]).when(cancellation()).then_refused("not_found");
    }
}
