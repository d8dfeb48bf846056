//! A loan of one book to one reader: the aggregate, what can happen to it, and why it says no.

use std::sync::Arc;

use portolan_kernel::{Aggregate, DomainError, Timestamp};
use serde_json::{Map, Value, json};

/// How often a loan is extended at the most.
pub const EXTENSIONS_MAX: u32 = 2;

portolan_kernel::id_type! {
    /// One loan.
    pub struct LoanId;
}

/// A book in the hands of a reader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loan {
    /// Its id.
    pub id: LoanId,
    /// Which book.
    pub title: Arc<str>,
    /// Who has it.
    pub reader: Arc<str>,
    /// When it is to be back.
    pub due_at: Timestamp,
    /// How often it was extended.
    pub extensions: u32,
    /// When it came back.
    pub returned_at: Option<Timestamp>,
}

/// What can happen to a loan. Events carry results, so that nobody who follows them needs a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are those of a loan")]
pub enum Event {
    /// A reader took a book.
    BookLent { loan: LoanId, title: Arc<str>, reader: Arc<str>, due_at: Timestamp },
    /// The reader may keep it longer.
    LoanExtended { due_at: Timestamp, extensions: u32 },
    /// The book is back.
    BookReturned { returned_at: Timestamp },
}

impl Aggregate for Loan {
    const TYPE: &'static str = "loan";

    type Id = LoanId;
    type Event = Event;

    fn create(event: &Event) -> Option<Self> {
        let Event::BookLent { loan, title, reader, due_at } = event else { return None };
        let (title, reader) = (Arc::clone(title), Arc::clone(reader));
        Some(Self { id: *loan, title, reader, due_at: *due_at, extensions: 0, returned_at: None })
    }

    fn apply(&mut self, event: &Event) {
        match *event {
            // Its beginning is `create`'s.
            Event::BookLent { .. } => {}
            Event::LoanExtended { due_at, extensions } => {
                self.due_at = due_at;
                self.extensions = extensions;
            }
            Event::BookReturned { returned_at } => self.returned_at = Some(returned_at),
        }
    }

    fn id(&self) -> LoanId {
        self.id
    }
}

/// The decisions: each checks the rules in a fixed order and answers events, or the first refusal.
impl Loan {
    /// Lends a book.
    ///
    /// # Errors
    /// `NotInFuture`.
    pub fn lend(
        loan: LoanId,
        title: Arc<str>,
        reader: Arc<str>,
        due_at: Timestamp,
        now: Timestamp,
    ) -> Result<Vec<Event>, Refused> {
        must_be_later(due_at, now)?;
        Ok(vec![Event::BookLent { loan, title, reader, due_at }])
    }

    /// Lets the reader keep the book until `due_at`.
    ///
    /// # Errors
    /// In this order: `Returned`, `Overdue`, `ExtendedEnough`, `NotInFuture` where it is not later than before.
    pub fn extend(&self, due_at: Timestamp, now: Timestamp) -> Result<Vec<Event>, Refused> {
        self.must_be_out()?;
        if now > self.due_at {
            return Err(Refused::Overdue { due_at: self.due_at, now });
        }
        if self.extensions >= EXTENSIONS_MAX {
            return Err(Refused::ExtendedEnough { extensions: self.extensions });
        }
        must_be_later(due_at, self.due_at)?;
        Ok(vec![Event::LoanExtended { due_at, extensions: self.extensions + 1 }])
    }

    /// Takes the book back, late or not.
    ///
    /// # Errors
    /// `Returned`.
    pub fn take_back(&self, now: Timestamp) -> Result<Vec<Event>, Refused> {
        self.must_be_out()?;
        Ok(vec![Event::BookReturned { returned_at: now }])
    }

    fn must_be_out(&self) -> Result<(), Refused> {
        self.returned_at.map_or(Ok(()), |returned_at| Err(Refused::Returned { returned_at }))
    }
}

/// A loan's no, with the numbers that explain it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the sentences say what the fields are")]
pub enum Refused {
    /// A loan ends later than it begins.
    #[error("{due_at} is not later than {after}")]
    NotInFuture { due_at: Timestamp, after: Timestamp },
    /// The book is back already.
    #[error("the book came back at {returned_at}")]
    Returned { returned_at: Timestamp },
    /// Too late to ask for more time.
    #[error("the book was due at {due_at}; it is {now}")]
    Overdue { due_at: Timestamp, now: Timestamp },
    /// Others want to read it too.
    #[error("the loan was extended {extensions} times already")]
    ExtendedEnough { extensions: u32 },
}

impl DomainError for Refused {
    fn code(&self) -> &'static str {
        match self {
            Self::NotInFuture { .. } => "not_in_future",
            Self::Returned { .. } => "returned",
            Self::Overdue { .. } => "overdue",
            Self::ExtendedEnough { .. } => "extended_enough",
        }
    }

    fn details(&self) -> Map<String, Value> {
        let details = match self {
            Self::NotInFuture { due_at, after } => vec![("due_at", json!(due_at)), ("after", json!(after))],
            Self::Returned { returned_at } => vec![("returned_at", json!(returned_at))],
            Self::Overdue { due_at, now } => vec![("due_at", json!(due_at)), ("now", json!(now))],
            Self::ExtendedEnough { extensions } => vec![("extensions", json!(extensions))],
        };
        details.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }
}

fn must_be_later(due_at: Timestamp, after: Timestamp) -> Result<(), Refused> {
    if due_at > after { Ok(()) } else { Err(Refused::NotInFuture { due_at, after }) }
}

#[cfg(test)]
mod tests {
    use portolan_testkit::scenario::{given, when_new};

    use super::*;

    fn day(number: i64) -> Timestamp {
        Timestamp::from_micros(number * 24 * 60 * 60 * 1_000_000)
    }

    fn lent() -> Event {
        let loan = LoanId::derived(uuid::Uuid::nil(), "one");
        Event::BookLent { loan, title: "Emma".into(), reader: "Ada".into(), due_at: day(14) }
    }

    fn extended(due: i64, extensions: u32) -> Event {
        Event::LoanExtended { due_at: day(due), extensions }
    }

    #[test]
    fn a_book_is_lent_until_a_later_day() {
        let lend = |due| {
            let loan = LoanId::derived(uuid::Uuid::nil(), "one");
            when_new::<Loan, _>(|| Loan::lend(loan, "Emma".into(), "Ada".into(), day(due), day(0)))
        };
        lend(14).then([lent()]);
        lend(0).refused("not_in_future");
    }

    #[test]
    fn a_loan_is_extended_twice_and_not_when_it_is_overdue() {
        given::<Loan>([lent()]).when(|loan| loan.extend(day(28), day(14))).then([extended(28, 1)]);
        given::<Loan>([lent()]).when(|loan| loan.extend(day(28), day(15))).refused("overdue");
        given::<Loan>([lent()]).when(|loan| loan.extend(day(14), day(1))).refused("not_in_future");
        given::<Loan>([lent(), extended(28, 1), extended(42, 2)])
            .when(|loan| loan.extend(day(56), day(1)))
            .refused("extended_enough");
    }

    #[test]
    fn a_book_comes_back_once() {
        let back = Event::BookReturned { returned_at: day(20) };
        given::<Loan>([lent()]).when(|loan| loan.take_back(day(20))).then([back.clone()]);
        given::<Loan>([lent(), back.clone()]).when(|loan| loan.take_back(day(21))).refused("returned");
        given::<Loan>([lent(), back]).when(|loan| loan.extend(day(28), day(1))).refused("returned");
    }
}
