//! One row, by its id.

use std::time::Duration;

use async_trait::async_trait;
use portolan_kernel::{Position, QueryHandler, QueryMessage, ReadRepositoryExt, Result, Row};

use super::Queried;
use crate::Market;

/// The row with this id.
#[derive(Debug, Clone)]
pub struct Get<V: Queried> {
    /// Which.
    pub id: V::Id,
    /// The position that the answer must not be behind.
    pub at_least: Option<Position>,
    /// How long to wait for that.
    pub patience: Duration,
}

impl<V: Queried> QueryMessage for Get<V> {
    type Answer = Option<Row<V>>;

    fn name(&self) -> &'static str {
        V::GET
    }
}

#[async_trait]
impl<V: Queried> QueryHandler<Get<V>> for Market {
    async fn handle(&self, asked: &Get<V>) -> Result<Option<Row<V>>> {
        V::repository(self.views()).get_within(&asked.id, asked.at_least, asked.patience).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::orders::GetOrder;
    use crate::testing::{basket, projected, ready};

    #[test]
    fn a_row_is_there_or_not() {
        let market = projected();
        let asked = |id, at_least| GetOrder { id, at_least, patience: Duration::ZERO };
        let found = ready(market.handle(&asked(basket(), Some(Position(1))))).unwrap().unwrap();
        assert_eq!(found.view.id, basket());
        let other = portolan_domain::OrderId::derived(uuid::Uuid::nil(), "another");
        assert_eq!(ready(market.handle(&asked(other, None))).unwrap(), None);
        let ahead = ready(market.handle(&asked(basket(), Some(Position(1_000)))));
        assert_eq!(ahead.unwrap_err().code(), "stale");
    }
}
