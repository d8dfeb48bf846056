//! How many rows satisfy a specification.

use std::time::Duration;

use async_trait::async_trait;
use portolan_kernel::{Position, QueryHandler, QueryMessage, Result, Specification};

use super::Queried;
use crate::Market;

/// The number of rows that satisfy the criteria.
#[derive(Debug, Clone)]
pub struct Count<V> {
    /// Which rows.
    pub criteria: Specification<V>,
    /// The position that the answer must not be behind.
    pub at_least: Option<Position>,
    /// How long to wait for that.
    pub patience: Duration,
}

impl<V: Queried> QueryMessage for Count<V> {
    type Answer = u64;

    fn name(&self) -> &'static str {
        V::COUNT
    }
}

#[async_trait]
impl<V: Queried> QueryHandler<Count<V>> for Market {
    async fn handle(&self, asked: &Count<V>) -> Result<u64> {
        let rows = V::repository(self.views());
        if let Some(position) = asked.at_least {
            rows.wait_for(position, asked.patience).await?;
        }
        rows.count(&asked.criteria).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::customers::CountCustomers;
    use crate::testing::{projected, ready};

    #[test]
    fn rows_are_counted() {
        let market = projected();
        let asked = |criteria, at_least| CountCustomers { criteria, at_least, patience: Duration::ZERO };
        assert_eq!(ready(market.handle(&asked(Specification::everything(), None))), Ok(1));
        assert_eq!(ready(market.handle(&asked(Specification::nothing(), None))), Ok(0));
        let ahead = ready(market.handle(&asked(Specification::everything(), Some(Position(1_000)))));
        assert_eq!(ahead.unwrap_err().code(), "stale");
    }
}
