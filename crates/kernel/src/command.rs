//! Commands and queries, and who handles them.

use async_trait::async_trait;

use crate::{AggregateKey, CommandError, Result, UnitOfWork};

/// A request to change something: named in the imperative, handled once.
pub trait Command: Send + Sync + 'static {
    /// Its stable name, in snake case: `place_bid`.
    fn name(&self) -> &'static str;

    /// The aggregate that it is about; commands about one aggregate run one after another.
    fn target(&self) -> Option<AggregateKey>;
}

/// Decides a command.
///
/// The unit of work is begun before and committed after: the handler gets aggregates from it, lets them decide,
/// and says which one the receipt is about. It may be called again with a new unit where somebody else was
/// faster, so it has no other effects.
#[async_trait]
#[diagnostic::on_unimplemented(
    message = "no handler for the command `{C}`",
    label = "`{Self}` does not handle `{C}`",
    note = "write `impl CommandHandler<{C}> for {Self}` in the command's own file"
)]
pub trait CommandHandler<C: Command>: Send + Sync + 'static {
    /// The aggregate that the receipt is about.
    ///
    /// # Errors
    /// [`CommandError::Refused`] where the domain says no: an answer, kept like a receipt.
    /// [`CommandError::Failed`] where a port failed.
    async fn handle(&self, command: &C, unit: &UnitOfWork) -> Result<AggregateKey, CommandError>;
}

/// A request to know something. It changes nothing.
pub trait QueryMessage: Send + Sync + 'static {
    /// What is answered.
    type Answer: Send + 'static;

    /// Its stable name, in snake case: `find_listings`.
    fn name(&self) -> &'static str;
}

/// Answers a query.
#[async_trait]
#[diagnostic::on_unimplemented(
    message = "no handler for the query `{Q}`",
    label = "`{Self}` does not answer `{Q}`",
    note = "write `impl QueryHandler<{Q}> for {Self}` in the query's own file"
)]
pub trait QueryHandler<Q: QueryMessage>: Send + Sync + 'static {
    /// The answer.
    ///
    /// # Errors
    /// Those of the read repository that it asks.
    async fn handle(&self, query: &Q) -> Result<Q::Answer>;
}
