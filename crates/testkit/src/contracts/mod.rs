//! The contracts, a module for each port. A clause is one function, one line of its table, and one test.

use crate::child::Tell;
use crate::{Breach, Clause, ReadSubject, Subject, Verdict};

pub mod checkpoint;
pub mod journal;
pub mod raw;
pub mod read;
pub mod sample;
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
        journal::holding::WORK => journal::holding::work(subject, &tell).await,
        checkpoint::durability::WORK => checkpoint::durability::work(subject, &tell).await,
        unknown => Err(Breach::new(format!("there is no work called `{unknown}`"))),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn numbers(letter: char, clauses: impl Iterator<Item = &'static str>) -> BTreeSet<u8> {
        clauses.map(|code| code.strip_prefix(letter).unwrap().parse().unwrap()).collect()
    }

    #[test]
    fn each_promise_has_a_clause() {
        for (letter, last, clauses) in [('W', 23, WRITE), ('J', 15, JOURNAL), ('C', 15, CHECKPOINT)] {
            let codes = clauses.iter().map(|clause| clause.code);
            assert_eq!(numbers(letter, codes), (1..=last).collect(), "the promises of {letter}");
        }
        assert_eq!(numbers('R', READ.iter().map(|clause| clause.code)), (1..=18).collect());
    }
}
