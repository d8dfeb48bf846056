//! What was counted to plan a question, for the questions after it.
//!
//! A count is of one position of the view, and each event after it changes one row at the most. So how far the view has
//! moved says how wrong the count can be, and it is used for as long as it is right to a factor of two or so. Nothing but
//! the way to the rows depends on it.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use portolan_kernel::Position;

use super::super::{Conn, Fault};
use super::statement::{Shapes, Statement};

/// How many counts are kept; one more, and all are forgotten.
const MOST: usize = 4_096;

/// By so many rows a count may always be wrong.
const FEW: u64 = 64;

/// What is known of the rows of one view.
#[derive(Default)]
pub(super) struct Estimates(Mutex<HashMap<u64, Count>>);

#[derive(Clone, Copy)]
struct Count {
    rows: i64,
    at: Position,
}

impl Estimates {
    /// The number that the statement answers where the view is at this position, or answered not long before.
    pub(super) fn about(
        &self,
        statement: Statement<'_>,
        at: Position,
        conn: &mut Conn,
        shapes: &Shapes,
    ) -> Result<i64, Fault> {
        let question = statement.digest();
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&question).copied();
        if let Some(known) = known.filter(|known| known.is_about_right(at)) {
            return Ok(known.rows);
        }
        let rows = statement.number_of(conn, shapes)?;
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MOST {
            kept.clear();
        }
        kept.insert(question, Count { rows, at });
        Ok(rows)
    }
}

impl Count {
    fn is_about_right(self, at: Position) -> bool {
        // Another reader may be a little behind.
        at.get().abs_diff(self.at.get()) <= (self.rows.unsigned_abs() / 2).max(FEW)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_is_used_until_half_of_its_rows_may_have_changed() {
        let is_right = |rows, at| Count { rows, at: Position(1_000) }.is_about_right(Position(at));
        assert!(is_right(0, 1_064) && !is_right(0, 1_065));
        assert!(is_right(10_000, 6_000) && !is_right(10_000, 6_001));
        assert!(is_right(40, 990) && !is_right(1, 0), "a view that was emptied");
    }
}
