//! The use cases: three commands and a query, each with its handler.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use portolan_kernel::{
    AggregateKey, Command, CommandError, CommandHandler, Handle, Page, Query, QueryHandler, QueryMessage,
    ReadRepository, ReadRepositoryExt, Refusal, Result, Timestamp, UnitOfWork,
};

use crate::loan::{Loan, LoanId};
use crate::view::LoanView;

/// Handles every command and query of the library.
pub struct Desk {
    loans: Arc<dyn ReadRepository<LoanView>>,
}

impl Desk {
    /// The desk whose queries are answered by this read model.
    #[must_use]
    pub fn new(loans: Arc<dyn ReadRepository<LoanView>>) -> Self {
        Self { loans }
    }
}

/// Lends a book.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LendBook {
    /// The loan's id.
    pub loan: LoanId,
    /// Which book.
    pub title: Arc<str>,
    /// To whom.
    pub reader: Arc<str>,
    /// Until when.
    pub due_at: Timestamp,
}

impl Command for LendBook {
    fn name(&self) -> &'static str {
        "lend_book"
    }

    fn target(&self) -> Option<AggregateKey> {
        Some(AggregateKey::of::<Loan>(self.loan))
    }
}

#[async_trait]
impl CommandHandler<LendBook> for Desk {
    async fn handle(&self, command: &LendBook, unit: &UnitOfWork) -> Result<AggregateKey, CommandError> {
        let LendBook { loan, title, reader, due_at } = command.clone();
        let events = Loan::lend(loan, title, reader, due_at, unit.context().occurred_at)?;
        Ok(unit.repository::<Loan>().add(events)?.key())
    }
}

/// Lets the reader keep the book longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExtendLoan {
    /// Which loan.
    pub loan: LoanId,
    /// Until when.
    pub due_at: Timestamp,
}

impl Command for ExtendLoan {
    fn name(&self) -> &'static str {
        "extend_loan"
    }

    fn target(&self) -> Option<AggregateKey> {
        Some(AggregateKey::of::<Loan>(self.loan))
    }
}

#[async_trait]
impl CommandHandler<ExtendLoan> for Desk {
    async fn handle(&self, command: &ExtendLoan, unit: &UnitOfWork) -> Result<AggregateKey, CommandError> {
        let loan = existing(unit, command.loan).await?;
        let now = unit.context().occurred_at;
        loan.execute(|loan| loan.extend(command.due_at, now))?;
        Ok(loan.key())
    }
}

/// Takes a book back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TakeBack {
    /// Which loan.
    pub loan: LoanId,
}

impl Command for TakeBack {
    fn name(&self) -> &'static str {
        "take_back"
    }

    fn target(&self) -> Option<AggregateKey> {
        Some(AggregateKey::of::<Loan>(self.loan))
    }
}

#[async_trait]
impl CommandHandler<TakeBack> for Desk {
    async fn handle(&self, command: &TakeBack, unit: &UnitOfWork) -> Result<AggregateKey, CommandError> {
        let loan = existing(unit, command.loan).await?;
        let now = unit.context().occurred_at;
        loan.execute(|loan| loan.take_back(now))?;
        Ok(loan.key())
    }
}

/// One page of loans.
#[derive(Debug, Clone)]
pub struct FindLoans {
    /// Which, in which order, not from before which position.
    pub query: Query<LoanView>,
    /// How long to wait for that position.
    pub patience: Duration,
}

impl QueryMessage for FindLoans {
    type Answer = Page<LoanView>;

    fn name(&self) -> &'static str {
        "find_loans"
    }
}

#[async_trait]
impl QueryHandler<FindLoans> for Desk {
    async fn handle(&self, asked: &FindLoans) -> Result<Page<LoanView>> {
        self.loans.find_within(&asked.query, asked.patience).await
    }
}

async fn existing(unit: &UnitOfWork, id: LoanId) -> Result<Handle<Loan>, CommandError> {
    let found = unit.repository::<Loan>().get(id).await?;
    found.ok_or_else(|| Refusal::not_found(AggregateKey::of::<Loan>(id)).into())
}
