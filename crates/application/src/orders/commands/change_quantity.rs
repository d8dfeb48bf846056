//! Orders more or fewer of an article.

use std::sync::Arc;

use async_trait::async_trait;
use portolan_domain::{Order, OrderId};
use portolan_kernel::{AggregateKey, Command, CommandError, CommandHandler, UnitOfWork};

use crate::Market;
use crate::repositories::existing;

/// Orders more or fewer of an article.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeQuantity {
    /// Which.
    pub order: OrderId,
    /// Of what.
    pub sku: Arc<str>,
    /// How many; 1 or more.
    pub quantity: i64,
}

impl Command for ChangeQuantity {
    fn name(&self) -> &'static str {
        "change_quantity"
    }

    fn target(&self) -> Option<AggregateKey> {
        Some(AggregateKey::of::<Order>(self.order))
    }
}

#[async_trait]
impl CommandHandler<ChangeQuantity> for Market {
    async fn handle(
        &self,
        command: &ChangeQuantity,
        unit: &UnitOfWork,
    ) -> Result<AggregateKey, CommandError> {
        let order = existing::<Order>(unit, command.order).await?;
        order.execute(|order| order.change_quantity(&command.sku, command.quantity))?;
        Ok(order.key())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{basket, given, placement};

    #[test]
    fn the_quantity_of_a_line_is_changed() {
        let change = |sku: &str| ChangeQuantity { order: basket(), sku: sku.into(), quantity: 3 };
        given([placement().into()]).when(change("lamp")).then(["OrderLineChanged"]);
        given([placement().into()]).when(change("rug")).then_refused("no_line");
        given([]).when(change("lamp")).then_refused("not_found");
    }
}
