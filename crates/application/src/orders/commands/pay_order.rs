//! Takes note that an order is paid.

use async_trait::async_trait;
use portolan_domain::{Order, OrderId};
use portolan_kernel::{AggregateKey, Command, CommandError, CommandHandler, UnitOfWork};

use crate::Market;
use crate::repositories::existing;

/// Takes note that an order is paid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PayOrder {
    /// Which.
    pub order: OrderId,
}

impl Command for PayOrder {
    fn name(&self) -> &'static str {
        "pay_order"
    }

    fn target(&self) -> Option<AggregateKey> {
        Some(AggregateKey::of::<Order>(self.order))
    }
}

#[async_trait]
impl CommandHandler<PayOrder> for Market {
    async fn handle(&self, command: &PayOrder, unit: &UnitOfWork) -> Result<AggregateKey, CommandError> {
        let order = existing::<Order>(unit, command.order).await?;
        order.execute(Order::pay)?;
        Ok(order.key())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{basket, given, placement};

    #[test]
    fn a_pending_order_is_paid_once() {
        let payment = || PayOrder { order: basket() };
        given([placement().into()]).when(payment()).then(["OrderPaid"]);
        given([placement().into(), payment().into()]).when(payment()).then_refused("not_pending");
        given([]).when(payment()).then_refused("not_found");
    }
}
