//! What a run of the contracts says: clauses, capabilities and reasons in one table.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::sync::{Mutex, PoisonError};

use crate::run::Outcome;
use crate::{Capabilities, Capability, Clause};

/// What became of the clauses of one contract, by their names.
pub(crate) type Outcomes = BTreeMap<&'static str, Outcome>;

/// What became of each clause so far, by the module of its test.
static RECORDED: Mutex<BTreeMap<String, Outcomes>> = Mutex::new(BTreeMap::new());

/// Notes what became of a clause. Where it is the last of its contract, the table of all is printed: a run of a few
/// tests prints none.
pub(crate) fn record<S>(
    adapter: &str,
    clauses: &[Clause<S>],
    capabilities: &Capabilities,
    name: &'static str,
    outcome: &Outcome,
) {
    let mut recorded = RECORDED.lock().unwrap_or_else(PoisonError::into_inner);
    let outcomes = recorded.entry(adapter.to_owned()).or_default();
    outcomes.insert(name, outcome.clone());
    if outcomes.len() == clauses.len() {
        say(&matrix(adapter, clauses, capabilities, outcomes));
    }
}

/// The table of a contract for one adapter: how many clauses it keeps, a line for each with what it needs and what
/// became of it, and what the adapter lacks.
#[must_use]
pub(crate) fn matrix<S>(
    adapter: &str,
    clauses: &[Clause<S>],
    capabilities: &Capabilities,
    outcomes: &Outcomes,
) -> String {
    if let Some((None, reason)) = capabilities.obstacle(&[]) {
        return format!("\n{adapter}: {} clauses, none tried: {reason}\n", clauses.len());
    }
    let count = |is_it: fn(&Outcome) -> bool| outcomes.values().filter(|outcome| is_it(outcome)).count();
    let (kept, broken) = (
        count(|outcome| matches!(outcome, Outcome::Kept)),
        count(|outcome| matches!(outcome, Outcome::Broken(_))),
    );
    let skipped = count(|outcome| matches!(outcome, Outcome::Skipped(_)));
    let mut lines = vec![format!(
        "\n{adapter}: {} clauses, {kept} kept, {broken} broken, {skipped} skipped",
        clauses.len()
    )];
    let line = |code: &str, promise: &str, needs: &str, became: &str| {
        format!("  {code:<4} {promise:<74} {needs:<20} {became}").trim_end().to_owned()
    };
    lines.push(line("", "promise", "needs", "became"));
    for clause in clauses {
        let needs: Vec<_> = clause.needs.iter().map(|need| need.name()).collect();
        let became = match (outcomes.get(clause.name), capabilities.obstacle(clause.needs)) {
            (None, _) => "not tried".to_owned(),
            (Some(Outcome::Skipped(_)), Some((Some(capability), _))) => {
                format!("skipped: no {}", capability.name())
            }
            (Some(outcome), _) => became(outcome),
        };
        lines.push(line(clause.code, &clause.promise(), &needs.join(", "), &became));
    }
    for capability in Capability::ALL {
        if let Some(reason) = capabilities.lacks(capability) {
            lines.push(format!("  lacks {}: {reason}", capability.name()));
        }
    }
    lines.join("\n") + "\n"
}

/// In one line: the rest of a breach stands where its test failed.
fn became(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Kept => "kept".to_owned(),
        Outcome::Skipped(reason) => format!("skipped: {reason}"),
        Outcome::Broken(breach) => {
            let first = breach.message().lines().next().unwrap_or_default();
            let mut became = String::from("BROKEN: ");
            became.extend(first.chars().take(MESSAGE));
            became
        }
    }
}

/// How much of a breach stands in the table.
const MESSAGE: usize = 100;

/// Prints past the test runner's capture, so that it is seen in a run in which everything passes.
pub fn say(text: &str) {
    // Nobody to tell is no reason to fail a test.
    drop(writeln!(std::io::stderr().lock(), "{text}"));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Breach;
    use crate::contracts::JOURNAL;

    #[test]
    fn a_table_says_what_became_of_each_clause_and_what_is_lacking() {
        let capabilities = Capabilities::all().without(Capability::Kill, "it lives in memory");
        let outcomes: Outcomes = JOURNAL
            .iter()
            .map(|clause| {
                let outcome = match (clause.code, capabilities.obstacle(clause.needs)) {
                    (_, Some((_, reason))) => Outcome::Skipped(reason),
                    ("J2", None) => Outcome::Broken(Breach::new("two rows were written\n  expected 0")),
                    _ => Outcome::Kept,
                };
                (clause.name, outcome)
            })
            .collect();
        let table = matrix("mine, journal", JOURNAL, &capabilities, &outcomes);
        let lines: Vec<&str> = table.lines().collect();
        assert_eq!(lines[1], "mine, journal: 23 clauses, 20 kept, 1 broken, 2 skipped");
        let line =
            |start: &str| lines.iter().find(|line| line.starts_with(start)).unwrap().split_whitespace();
        assert!(line("  J1 ").eq("J1 versions and positions are dense and rise kept".split(' ')));
        assert!(lines.iter().any(|line| line.ends_with("BROKEN: two rows were written")));
        assert!(lines.iter().any(|line| line.contains("hold, kill") && line.ends_with("skipped: no kill")));
        assert_eq!(lines.last(), Some(&"  lacks kill: it lives in memory"));
    }
}
