//! Takes an article off an order.

use std::sync::Arc;

use async_trait::async_trait;
use portolan_domain::{Order, OrderId};
use portolan_kernel::{AggregateKey, Command, CommandError, CommandHandler, UnitOfWork};

use crate::Market;
use crate::repositories::existing;

/// Takes an article off an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoveLine {
    /// Which.
    pub order: OrderId,
    /// What.
    pub sku: Arc<str>,
}

impl Command for RemoveLine {
    fn name(&self) -> &'static str {
        "remove_line"
    }

    fn target(&self) -> Option<AggregateKey> {
        Some(AggregateKey::of::<Order>(self.order))
    }
}

#[async_trait]
impl CommandHandler<RemoveLine> for Market {
    async fn handle(&self, command: &RemoveLine, unit: &UnitOfWork) -> Result<AggregateKey, CommandError> {
        let order = existing::<Order>(unit, command.order).await?;
        order.execute(|order| order.remove_line(&command.sku))?;
        Ok(order.key())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{basket, given, placement};

    #[test]
    fn all_lines_but_the_last_are_removed() {
        let removal = |sku: &str| RemoveLine { order: basket(), sku: sku.into() };
        given([placement().into()]).when(removal("lamp")).then(["OrderLineRemoved"]);
        let shrunk = || [placement().into(), removal("lamp").into()];
        given(shrunk()).when(removal("vase")).then_refused("last_line");
        given([]).when(removal("lamp")).then_refused("not_found");
    }
}
