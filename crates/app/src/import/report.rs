//! What came of an import.

use std::collections::BTreeMap;

use serde::Serialize;

/// The report of an import: the same for every import of a file, `seconds` aside.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Report {
    /// Lines that were commands, or were to be.
    pub commands: u64,
    /// Those that were accepted, now or in an earlier run.
    pub accepted: u64,
    /// How many were refused, by code.
    pub refused: BTreeMap<String, u64>,
    /// Each refusal, in the order of lines.
    pub refusals: Vec<RefusedLine>,
    /// Orders placed by the sales of this file's commands.
    pub orders_from_sales: u64,
    /// How long it took.
    pub seconds: f64,
}

/// One refused line.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct RefusedLine {
    /// Its number in the file, from 1.
    pub line: u64,
    /// Why.
    pub code: String,
}

impl Report {
    /// Counts a line that was accepted.
    pub fn accept(&mut self) {
        self.commands += 1;
        self.accepted += 1;
    }

    /// Counts a line that was refused.
    pub fn refuse(&mut self, line: u64, code: &str) {
        self.commands += 1;
        match self.refused.get_mut(code) {
            Some(count) => *count += 1,
            None => {
                self.refused.insert(code.to_owned(), 1);
            }
        }
        self.refusals.push(RefusedLine { line, code: code.to_owned() });
    }

    /// The report with its refusals in the order of lines.
    #[must_use]
    pub fn sorted(mut self) -> Self {
        self.refusals.sort_unstable();
        self
    }
}
