//! The contracts, a module for each port. A clause is one function, one line of its table, and one test.

use crate::child::Tell;
use crate::{Breach, Clause, ReadSubject, Subject, Verdict};

pub mod checkpoint;
pub mod journal;
pub mod raw;
pub mod read;
pub mod write;

/// The clauses of units of work and write repositories.
pub static WRITE: &[Clause<Subject>] = write::CLAUSES;

/// The clauses of the journal.
pub static JOURNAL: &[Clause<Subject>] = journal::CLAUSES;

/// The clauses of checkpoints.
pub static CHECKPOINT: &[Clause<Subject>] = checkpoint::CLAUSES;

/// The clauses of read models.
pub static READ: &[Clause<ReadSubject>] = read::CLAUSES;

/// Does a child process's part of a clause.
pub(crate) async fn work(work: &str, subject: &Subject, tell: Tell) -> Verdict {
    match work {
        write::durability::WORK => write::durability::work(subject, &tell).await,
        journal::atomicity::WORK => journal::atomicity::work(subject, &tell).await,
        checkpoint::durability::WORK => checkpoint::durability::work(subject, &tell).await,
        unknown => Err(Breach::new(format!("there is no work called `{unknown}`"))),
    }
}
