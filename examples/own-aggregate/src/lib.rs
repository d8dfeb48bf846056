//! A library that lends books: an aggregate of one's own on Portolan, without the market.
//!
//! - [`loan`]: the aggregate, its events and its refusals. It knows no store.
//! - `codec`: how a loan and its events are serialised.
//! - `mapper`: how a loan is kept in rows.
//! - [`view`]: what readers see, and what it makes of events.
//! - `service`: the commands and the query, each with its handler.
//! - `library`: all of it put together.
//!
//! `docs/guides/own-aggregate.md` goes through it step by step.

pub use codec::{LoanCodec, registry};
pub use library::Library;
pub use loan::{Loan, LoanId};
pub use mapper::{LoanMapper, mappers};
pub use service::{Desk, ExtendLoan, FindLoans, LendBook, TakeBack};
pub use view::{LibraryDecoder, LibraryEvent, LoanProjector, LoanView};

pub mod loan;
pub mod view;

mod codec;
mod library;
mod mapper;
mod service;
