//! One page of the rows that satisfy a specification.

use std::time::Duration;

use async_trait::async_trait;
use portolan_kernel::{Page, Query, QueryHandler, QueryMessage, ReadRepositoryExt, Result};

use super::Queried;
use crate::Market;

/// One page of the rows that are asked for.
#[derive(Debug, Clone)]
pub struct Find<V> {
    /// Which rows, in which order, from where on.
    pub query: Query<V>,
    /// How long to wait where the view is behind the position that the query asks for.
    pub patience: Duration,
}

impl<V: Queried> QueryMessage for Find<V> {
    type Answer = Page<V>;

    fn name(&self) -> &'static str {
        V::FIND
    }
}

#[async_trait]
impl<V: Queried> QueryHandler<Find<V>> for Market {
    async fn handle(&self, asked: &Find<V>) -> Result<Page<V>> {
        V::repository(self.views()).find_within(&asked.query, asked.patience).await
    }
}

#[cfg(test)]
mod tests {
    use portolan_kernel::Position;

    use super::*;
    use crate::listings::{self, FindListings};
    use crate::testing::{lamp, party, projected, ready};

    #[test]
    fn rows_are_found_by_what_the_specification_says() {
        let market = projected();
        let asked = |criteria| FindListings { query: Query::new(criteria), patience: Duration::ZERO };
        assert_eq!(asked(listings::fields::id().eq(lamp())).name(), "find_listings");
        let found = |criteria| ready(market.handle(&asked(criteria))).unwrap().rows.len();
        assert_eq!(found(listings::fields::seller().eq(party(1))), 1);
        assert_eq!(found(listings::fields::seller().eq(party(2))), 0);
    }

    #[test]
    fn an_answer_that_would_be_too_old_is_none() {
        let market = projected();
        let ahead = Query::<listings::ListingView>::default().at_least(Position(1_000));
        let asked = FindListings { query: ahead, patience: Duration::ZERO };
        assert_eq!(ready(market.handle(&asked)).unwrap_err().code(), "stale");
    }
}
