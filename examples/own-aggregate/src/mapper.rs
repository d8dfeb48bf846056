//! How a loan is kept in rows: a row for each. No engine is named here: a mapper says which rows there are to be, and the
//! store writes them.

use std::sync::Arc;

use portolan_diesel::rows::Unreadable;
use portolan_diesel::{Mapper, Mappers, Schema, Stored, rows};
use portolan_kernel::{Timestamp, Version};

use crate::loan::{Loan, LoanId};

/// What a store is opened with, beside the registry.
#[must_use]
pub fn mappers() -> Mappers {
    Mappers::new().with(LoanMapper)
}

/// The tables, as the steps that make them. A step that was released is never changed: add another.
const SCHEMA: Schema = Schema::new("library").sqlite(&[include_str!("../migrations/loans_1.sql")]);

rows! {
    /// A loan.
    pub struct LoanRow in loans {
        key { id: LoanId }
        fixed { title: Arc<str>, reader: Arc<str> }
        changing { version: Version, due_at: Timestamp, extensions: u32, returned_at: Option<Timestamp> }
    }
}

/// Keeps [`Loan`]s.
#[derive(Debug, Clone, Copy, Default)]
pub struct LoanMapper;

impl Mapper for LoanMapper {
    type Aggregate = Loan;
    type Root = LoanRow;
    type Children = ();

    fn schema(&self) -> Schema {
        SCHEMA
    }

    fn rows(&self, loan: &Loan, version: Version) -> (LoanRow, ()) {
        let (title, reader) = (Arc::clone(&loan.title), Arc::clone(&loan.reader));
        let Loan { id, due_at, extensions, returned_at, .. } = *loan;
        (LoanRow { id, title, reader, version, due_at, extensions, returned_at }, ())
    }

    fn restore(&self, row: LoanRow, (): ()) -> Result<Stored<Loan>, Unreadable> {
        let LoanRow { id, title, reader, version, due_at, extensions, returned_at } = row;
        Ok(Stored { state: Loan { id, title, reader, due_at, extensions, returned_at }, version })
    }
}
