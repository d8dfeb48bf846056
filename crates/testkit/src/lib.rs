//! The contracts of the ports as test suites, and what tests are made of.
//!
//! An adapter of any team implements [`WriteHarness`] or [`ReadHarness`] and writes one line, [`contract!`] or
//! [`read_contract!`]: a test for each clause, on both kinds of Tokio runtime, under a deadline, and many copies of
//! them at once where it asks for them. What it cannot promise it declares in its [`Capabilities`]; those clauses are
//! skipped with its reason, which must stand in a reviewed file beside its tests.
//!
//! The clauses ([`contracts`]) work on an aggregate of the kit's own ([`counter`]), so that nobody needs the market.
//! They are tested themselves: the [reference store](mod@reference) keeps them all, and each [saboteur](saboteurs) breaks its own.
//!
//! A new clause is a function in the file of its theme, a line in its contract's table, a line in its macro, and a
//! saboteur. This crate never knows an adapter.

pub use breach::{Breach, OrBreach, Verdict};
pub use capabilities::{Capabilities, Capability};
pub use clause::{Check, Clause};
pub use clock::ManualClock;
pub use harness::{Ending, Holder, Place, Polls, ReadHarness, ReadModel, WriteHarness, WritePorts};
pub use ids::SequentialIds;
pub use read_subject::ReadSubject;
pub use subject::{Effort, Subject};

mod breach;
pub mod builders;
mod capabilities;
pub mod child;
mod clause;
mod clock;
pub mod contracts;
pub mod counter;
mod harness;
mod ids;
mod macros;
mod read_subject;
pub mod reference;
pub mod report;
pub mod run;
pub mod saboteurs;
pub mod scenario;
pub mod specimen;
pub mod subject;
mod tasks;
pub mod witness;
