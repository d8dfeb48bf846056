//! Why a candidate is not meant: the smallest parts that fail, in words, with what the candidate holds.

use std::fmt::{self, Write as _};

use super::Specification;
use super::candidate::Candidate;
use super::print::Literal;
use super::resolve::excerpt;
use super::tree::{Comparison, Node, Predicate, Quantified, Quantifier, Test};
use super::value::{Value, ValueRef};
use crate::Result;

/// Why a candidate does not satisfy a specification.
///
/// Every reason has to go away for it to do so; none is about a part that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WhyNot {
    /// The smallest failing parts, in their order.
    pub reasons: Vec<Reason>,
}

/// One part that fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// The part, in the text form; one that must not hold stands behind `not`.
    pub part: String,
    /// Why it fails, in words: `` `status` is "draft", not "published" ``.
    pub because: String,
}

impl fmt::Display for WhyNot {
    /// A line for each reason.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, reason) in self.reasons.iter().enumerate() {
            if place > 0 {
                formatter.write_char('\n')?;
            }
            formatter.write_str(&reason.because)?;
        }
        Ok(())
    }
}

impl<C: Candidate> Specification<C> {
    /// Why the candidate does not satisfy this; `None` where it does.
    ///
    /// # Errors
    /// As [`tree`](Self::tree).
    pub fn why_not(&self, candidate: &C) -> Result<Option<WhyNot>> {
        let tree = self.tree()?;
        if tree.is_satisfied_by(candidate) {
            return Ok(None);
        }
        let mut reasons = Vec::new();
        explain(tree, candidate, true, &mut reasons);
        Ok(Some(WhyNot { reasons }))
    }
}

/// Adds why the node is not as `wanted`, which it is known not to be.
fn explain(node: &Node, candidate: &dyn Candidate, wanted: bool, reasons: &mut Vec<Reason>) {
    match (node, wanted) {
        (Node::Everything, _) => {
            reasons.push(Reason { part: part(node, wanted), because: "this selects nothing".to_owned() });
        }
        (Node::Not(inner), _) => explain(inner, candidate, !wanted, reasons),
        // Each part that is not as wanted has to change.
        (Node::And(nodes), true) | (Node::Or(nodes), false) => {
            for node in nodes.iter().filter(|node| node.is_satisfied_by(candidate) != wanted) {
                explain(node, candidate, wanted, reasons);
            }
        }
        // One of them would be enough, so that they are one reason together.
        (Node::Or(nodes), true) | (Node::And(nodes), false) => {
            let mut each = Vec::new();
            nodes.iter().for_each(|node| explain(node, candidate, wanted, &mut each));
            let joined = each.into_iter().map(|reason| reason.because).collect::<Vec<_>>().join("; ");
            let claim = if wanted { "none of these holds" } else { "all of these hold, and must not" };
            reasons.push(Reason { part: part(node, wanted), because: format!("{claim}: {joined}") });
        }
        (Node::Predicate(predicate), _) => {
            let because = predicate_in_words(predicate, candidate, wanted);
            reasons.push(Reason { part: part(node, wanted), because });
        }
        (Node::Quantified(quantified), _) => {
            let because = quantified_in_words(quantified, candidate, wanted);
            reasons.push(Reason { part: part(node, wanted), because });
        }
    }
}

fn part(node: &Node, wanted: bool) -> String {
    if wanted { node.to_string() } else { Node::not(node.clone()).to_string() }
}

fn predicate_in_words(
    Predicate { path, test }: &Predicate,
    candidate: &dyn Candidate,
    wanted: bool,
) -> String {
    let value = path.read(candidate);
    let holds = format!("`{path}` is {}", Shown(value));
    let fault = if wanted { fails(test, value) } else { holds_and_must_not(test) };
    format!("{holds}{fault}")
}

/// What is said behind the value where the test should hold.
fn fails(test: &Test, value: ValueRef<'_>) -> String {
    let literal = |value: &Value| Literal(value).to_string();
    match test {
        Test::Compare(Comparison::Eq, operand) => format!(", not {}", literal(operand)),
        Test::Compare(Comparison::Neq, _) => ", and must be something else".to_owned(),
        Test::Compare(_, operand) if !value.is_null() && value.compare(operand.borrowed()).is_none() => {
            format!(", which does not compare with {}", literal(operand))
        }
        Test::Compare(comparison, operand) => format!(", not {} {}", in_words(*comparison), literal(operand)),
        Test::In(members) => match members.values() {
            [] => ", and the list that it must be in is empty".to_owned(),
            values => format!(", none of {}", values.iter().map(literal).collect::<Vec<_>>().join(", ")),
        },
        Test::Contains(sought) => format!(", which does not contain {}", literal(sought.value())),
        Test::StartsWith(start) => format!(", which does not start with {}", quoted(start)),
        Test::EndsWith(end) => format!(", which does not end with {}", quoted(end)),
        Test::Matches(pattern) => format!(", in which {} is not found", quoted(pattern.source())),
        Test::IsNull => ", not null".to_owned(),
        Test::Search(words) => match value {
            ValueRef::Text(text) => {
                let missing = words.missing_in(text).map(quoted).collect::<Vec<_>>().join(", ");
                format!(", without the word {missing}")
            }
            _ => ", and has no words".to_owned(),
        },
    }
}

/// What is said behind the value where the test holds and should not.
fn holds_and_must_not(test: &Test) -> String {
    match test {
        Test::Compare(Comparison::Eq, _) | Test::IsNull => ", and must not be".to_owned(),
        Test::Compare(Comparison::Neq, operand) => format!(", not {}", Literal(operand)),
        Test::Compare(comparison, operand) => {
            format!(", and must not be {} {}", in_words(*comparison), Literal(operand))
        }
        Test::In(_) => ", which is on the list that it must not be on".to_owned(),
        Test::Contains(sought) => format!(", and must not contain {}", Literal(sought.value())),
        Test::StartsWith(start) => format!(", and must not start with {}", quoted(start)),
        Test::EndsWith(end) => format!(", and must not end with {}", quoted(end)),
        Test::Matches(pattern) => format!(", in which {} must not be found", quoted(pattern.source())),
        Test::Search(words) => format!(", and must not have all words of {}", quoted(words.text())),
    }
}

const fn in_words(comparison: Comparison) -> &'static str {
    match comparison {
        Comparison::Eq => "equal to",
        Comparison::Neq => "other than",
        Comparison::Lt => "below",
        Comparison::Lte => "at most",
        Comparison::Gt => "above",
        Comparison::Gte => "at least",
    }
}

fn quantified_in_words(quantified: &Quantified, candidate: &dyn Candidate, wanted: bool) -> String {
    let Quantified { quantifier, collection, inner } = quantified;
    let name = collection.name;
    let ValueRef::Elements(elements) = candidate.value(collection.index) else {
        return format!("`{name}` has no elements");
    };
    if elements.is_empty() {
        return format!("`{name}` has no elements");
    }
    let mut each = (0..).zip((0..elements.len()).filter_map(|index| elements.get(index)));
    // Whether one element that is not as it should be is enough to fail.
    let one_decides = match quantifier {
        Quantifier::Any => !wanted,
        Quantifier::All => wanted,
    };
    if !one_decides {
        let should = if wanted { "" } else { "not " };
        return match elements.len() {
            1 => each.next().map_or_else(String::new, |(_, only)| {
                format!("the only element of `{name}`: {}", joined(inner, only, wanted))
            }),
            count => format!("none of the {count} elements of `{name}` is {should}one with {inner}"),
        };
    }
    each.find(|(_, element)| inner.is_satisfied_by(*element) != wanted)
        .map_or_else(String::new, |(index, element)| {
            format!("element {} of `{name}`: {}", index + 1, joined(inner, element, wanted))
        })
}

fn joined(inner: &Node, element: &dyn Candidate, wanted: bool) -> String {
    let mut reasons = Vec::new();
    explain(inner, element, wanted, &mut reasons);
    reasons.into_iter().map(|reason| reason.because).collect::<Vec<_>>().join("; ")
}

fn quoted(text: &str) -> String {
    Literal(&Value::Text(text.into())).to_string()
}

/// What a candidate holds, as it would stand in a specification; long texts cut off.
struct Shown<'a>(ValueRef<'a>);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            ValueRef::Text(text) => formatter.write_str(&quoted(&excerpt(text))),
            ValueRef::Object => formatter.write_str("there"),
            ValueRef::Elements(elements) => write!(formatter, "a collection of {}", elements.len()),
            ValueRef::Scalars(values) => {
                formatter.write_char('[')?;
                for index in 0..values.len().min(8) {
                    let comma = if index > 0 { ", " } else { "" };
                    write!(formatter, "{comma}{}", Shown(values.get(index)))?;
                }
                formatter.write_str(if values.len() > 8 { ", …]" } else { "]" })
            }
            scalar => match scalar.owned() {
                Some(value) => write!(formatter, "{}", Literal(&value)),
                None => formatter.write_str("null"),
            },
        }
    }
}
