//! What readers see of loans, and what it makes of events.

use std::sync::Arc;

use portolan_kernel::{
    Aggregate, Codec, Decoder, Envelope, Error, Id, Projector, REMOVED, Recorded, Result, Timestamp, View,
};

use crate::codec::LoanCodec;
use crate::loan::{Event, Loan, LoanId};

/// A loan, as it is shown at the desk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoanView {
    /// Its id.
    pub id: LoanId,
    /// Which book.
    pub title: Arc<str>,
    /// Who has it.
    pub reader: Arc<str>,
    /// When it is to be back.
    pub due_at: Timestamp,
    /// When it came back.
    pub returned_at: Option<Timestamp>,
}

impl View for LoanView {
    const NAME: &'static str = "loans";

    type Id = LoanId;

    fn id(&self) -> LoanId {
        self.id
    }
}

portolan_kernel::candidate! {
    /// The fields of a [`LoanView`], which specifications ask about.
    pub mod fields: LoanView {
        id: LoanId [sortable],
        title: Arc<str> [sortable, searchable],
        reader: Arc<str> [sortable],
        due_at: Timestamp [sortable],
        returned_at: Option<Timestamp> [sortable],
    }
}

/// Everything that happens in the library: decoded once for all that follow the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LibraryEvent {
    /// Something happened to a loan.
    Loan(LoanId, Event),
    /// A loan was removed from the store.
    LoanRemoved(LoanId),
}

/// Reads the library's journal.
#[derive(Debug, Clone, Copy, Default)]
pub struct LibraryDecoder;

impl Decoder for LibraryDecoder {
    type Event = LibraryEvent;

    fn decode(&self, row: &Envelope) -> Result<LibraryEvent> {
        let at = |error: Error| Error::Invalid(format!("position {}: {error}", row.position));
        if row.aggregate_type != Loan::TYPE {
            return Err(at(Error::Invalid(format!("`{}` is not known here", row.aggregate_type))));
        }
        let loan = LoanId::from_uuid(row.aggregate_id);
        if row.event_type == REMOVED {
            return Ok(LibraryEvent::LoanRemoved(loan));
        }
        let event = LoanCodec.decode_event(&row.event_type, row.schema_version, &row.payload);
        event.map(|event| LibraryEvent::Loan(loan, event)).map_err(at)
    }
}

/// Fills [`LoanView`]. It holds no rule: events carry results.
#[derive(Debug, Clone, Copy, Default)]
pub struct LoanProjector;

impl Projector<LibraryEvent> for LoanProjector {
    type View = LoanView;

    fn target(&self, recorded: &Recorded<LibraryEvent>) -> Option<LoanId> {
        match recorded.event {
            LibraryEvent::Loan(id, _) | LibraryEvent::LoanRemoved(id) => Some(id),
        }
    }

    fn project(&self, row: &mut Option<LoanView>, recorded: &Recorded<LibraryEvent>) {
        match &recorded.event {
            LibraryEvent::LoanRemoved(_) => *row = None,
            LibraryEvent::Loan(id, Event::BookLent { title, reader, due_at, .. }) => {
                let (title, reader) = (Arc::clone(title), Arc::clone(reader));
                *row = Some(LoanView { id: *id, title, reader, due_at: *due_at, returned_at: None });
            }
            LibraryEvent::Loan(_, event) => {
                let Some(row) = row else { return };
                match event {
                    Event::LoanExtended { due_at, .. } => row.due_at = *due_at,
                    Event::BookReturned { returned_at } => row.returned_at = Some(*returned_at),
                    Event::BookLent { .. } => {}
                }
            }
        }
    }
}
