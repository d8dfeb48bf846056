//! What a run of the contracts says: clauses, capabilities and reasons in one table.

use std::fmt::Write as _;
use std::io::Write as _;

use crate::{Capabilities, Clause};

/// The table of a contract for one adapter: a line for each clause, with what it needs, and why it is skipped.
#[must_use]
pub fn matrix<S>(adapter: &str, clauses: &[Clause<S>], capabilities: &Capabilities) -> String {
    let skipped = clauses.iter().filter(|clause| capabilities.obstacle(clause.needs).is_some()).count();
    let mut table = format!("{adapter}: {} clauses, {skipped} skipped\n", clauses.len());
    for clause in clauses {
        let needs: Vec<_> = clause.needs.iter().map(|need| need.name()).collect();
        let state = match capabilities.obstacle(clause.needs) {
            None => "tried".to_owned(),
            Some((Some(capability), reason)) => format!("skipped: no {}: {reason}", capability.name()),
            Some((None, reason)) => format!("skipped: {reason}"),
        };
        let line =
            writeln!(table, "{:<4} {:<72} {:<16} {state}", clause.code, clause.promise(), needs.join(", "));
        debug_assert!(line.is_ok(), "writing to a string does not fail");
    }
    table
}

/// Prints past the test runner's capture, so that it is seen in a run in which everything passes.
pub fn say(text: &str) {
    // Nobody to tell is no reason to fail a test.
    drop(writeln!(std::io::stderr().lock(), "{text}"));
}
