//! Handlers of domain events in this process: what an operator likes to see go by.

use async_trait::async_trait;
use portolan_application::wire::MarketEvent;
use portolan_domain::{listing, order};
use portolan_kernel::{EventHandler, Recorded, Result};
use portolan_runtime::subscription::EventMap;

/// The handlers, in the order in which they see an event.
pub(super) fn map() -> EventMap<MarketEvent> {
    EventMap::new("notices").every(SalesInTheLog)
}

/// Writes each sale and each order placed into the log.
struct SalesInTheLog;

#[async_trait]
impl EventHandler<MarketEvent> for SalesInTheLog {
    fn name(&self) -> &'static str {
        "sales_in_the_log"
    }

    async fn handle(&self, recorded: &Recorded<MarketEvent>) -> Result<()> {
        match &recorded.event {
            MarketEvent::Listing(listing, listing::Event::ListingSold { price, .. }) => {
                tracing::info!(%listing, %price, position = %recorded.position, "a listing was sold");
            }
            MarketEvent::Order(order, order::Event::OrderPlaced { total, .. }) => {
                tracing::info!(%order, %total, position = %recorded.position, "an order was placed");
            }
            _ => {}
        }
        Ok(())
    }
}
