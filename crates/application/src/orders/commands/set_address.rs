//! Gives or changes the shipping address of an order.

use async_trait::async_trait;
use portolan_domain::{Order, OrderId, order};
use portolan_kernel::{AggregateKey, Command, CommandError, CommandHandler, UnitOfWork};

use crate::Market;
use crate::repositories::existing;

/// Gives or changes the shipping address of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetAddress {
    /// Which.
    pub order: OrderId,
    /// Where to.
    pub address: order::Address,
}

impl Command for SetAddress {
    fn name(&self) -> &'static str {
        "set_address"
    }

    fn target(&self) -> Option<AggregateKey> {
        Some(AggregateKey::of::<Order>(self.order))
    }
}

#[async_trait]
impl CommandHandler<SetAddress> for Market {
    async fn handle(&self, command: &SetAddress, unit: &UnitOfWork) -> Result<AggregateKey, CommandError> {
        let order = existing::<Order>(unit, command.order).await?;
        order.execute(|order| order.set_address(command.address.clone()))?;
        Ok(order.key())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{address, basket, given, placement};

    #[test]
    fn an_address_is_set_where_the_country_is_known() {
        let change = |country| SetAddress { order: basket(), address: address("Porto", country) };
        given([placement().into()]).when(change("PT")).then(["OrderAddressSet"]);
        given([placement().into()]).when(change("Portugal")).then_refused("invalid");
        given([]).when(change("PT")).then_refused("not_found");
    }
}
