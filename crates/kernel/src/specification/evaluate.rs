//! The meaning of a specification: memory is the definition, and every adapter proves that it agrees.
//!
//! Total and two-valued: no null, empty collection or foreign currency makes a test neither true nor false.
//! Nothing is allocated and no name is looked up.

use super::candidate::Candidate;
use super::field::{Part, Path};
use super::operands::Sought;
use super::tree::{Comparison, Node, Predicate, Quantified, Quantifier, Test};
use super::value::{Value, ValueRef};

impl Node {
    /// Whether the candidate satisfies it. The candidate is of the type whose fields the tree names.
    #[must_use]
    #[inline]
    pub fn is_satisfied_by<C: Candidate + ?Sized>(&self, candidate: &C) -> bool {
        match self {
            // Most nodes are leaves, and these cost no call.
            Self::Predicate(predicate) => predicate.test.holds(predicate.path.read(candidate)),
            node => node.branch_is_satisfied_by(candidate),
        }
    }

    /// Keeps those of `rows` whose candidates satisfy it: what [`is_satisfied_by`](Self::is_satisfied_by) keeps, at
    /// half the cost of asking row by row, because each test is chosen once and then runs over all rows.
    pub fn retain<T, C: Candidate>(&self, rows: &mut Vec<T>, candidate: impl Fn(&T) -> &C + Copy) {
        match self {
            Self::Everything => {}
            Self::And(nodes) => nodes.iter().for_each(|node| node.retain(rows, candidate)),
            Self::Predicate(predicate) => predicate.retain(rows, candidate),
            Self::Or(_) | Self::Not(_) | Self::Quantified(_) => {
                rows.retain(|row| self.branch_is_satisfied_by(candidate(row)));
            }
        }
    }

    fn branch_is_satisfied_by<C: Candidate + ?Sized>(&self, candidate: &C) -> bool {
        match self {
            Self::Everything => true,
            Self::And(nodes) => nodes.iter().all(|node| node.is_satisfied_by(candidate)),
            Self::Or(nodes) => nodes.iter().any(|node| node.is_satisfied_by(candidate)),
            Self::Not(node) => !node.is_satisfied_by(candidate),
            Self::Predicate(predicate) => predicate.test.holds(predicate.path.read(candidate)),
            Self::Quantified(quantified) => quantified.holds(candidate.value(quantified.collection.index)),
        }
    }
}

impl Predicate {
    /// The tests that come most often have loops of their own.
    fn retain<T, C: Candidate>(&self, rows: &mut Vec<T>, candidate: impl Fn(&T) -> &C) {
        let Self { path, test } = self;
        match test {
            Test::Compare(Comparison::Eq, Value::Text(operand)) => {
                rows.retain(
                    |row| matches!(path.read(candidate(row)), ValueRef::Text(text) if *text == **operand),
                );
            }
            Test::Compare(Comparison::Eq, Value::Uuid(operand)) => {
                rows.retain(|row| matches!(path.read(candidate(row)), ValueRef::Uuid(id) if id == *operand));
            }
            Test::Compare(comparison, Value::Integer(operand)) => {
                let (least, most, within) = between(*comparison, *operand);
                rows.retain(|row| match path.read(candidate(row)) {
                    ValueRef::Integer(value) => (least <= value && value <= most) == within,
                    _ => *comparison == Comparison::Neq,
                });
            }
            Test::Contains(sought) => rows.retain(|row| contains(path.read(candidate(row)), sought)),
            test => rows.retain(|row| test.holds(path.read(candidate(row)))),
        }
    }
}

/// The numbers for which the comparison holds: those from the first to the second, or all but those.
const fn between(comparison: Comparison, operand: i64) -> (i64, i64, bool) {
    match comparison {
        Comparison::Eq => (operand, operand, true),
        Comparison::Neq => (operand, operand, false),
        Comparison::Lt => (operand, i64::MAX, false),
        Comparison::Lte => (i64::MIN, operand, true),
        Comparison::Gt => (i64::MIN, operand, false),
        Comparison::Gte => (operand, i64::MAX, true),
    }
}

impl Path {
    /// What the candidate holds at this path.
    #[must_use]
    #[inline]
    pub fn read<C: Candidate + ?Sized>(self, candidate: &C) -> ValueRef<'_> {
        let value = candidate.value(self.field.index);
        match (self.part, value) {
            (Part::Whole, value) => value,
            (Part::Amount, ValueRef::Money(money)) => ValueRef::Integer(money.amount),
            (Part::Currency, ValueRef::Money(money)) => ValueRef::Text(money.currency.code()),
            (Part::Amount | Part::Currency, _) => ValueRef::Null,
        }
    }
}

impl Test {
    /// Whether the value passes.
    #[must_use]
    #[inline]
    pub fn holds(&self, value: ValueRef<'_>) -> bool {
        match self {
            Self::Compare(Comparison::Eq, operand) => value.same(operand.borrowed()),
            Self::Compare(Comparison::Neq, operand) => !value.same(operand.borrowed()),
            Self::Compare(comparison, operand) => comparison.holds(value.compare(operand.borrowed())),
            Self::In(members) => members.contain(value),
            Self::Contains(sought) => contains(value, sought),
            Self::StartsWith(start) => is_text(value, |text| text.starts_with(&**start)),
            Self::EndsWith(end) => is_text(value, |text| text.ends_with(&**end)),
            Self::Matches(pattern) => is_text(value, |text| pattern.is_found_in(text)),
            Self::IsNull => value.is_null(),
            Self::Search(words) => is_text(value, |text| words.are_all_in(text)),
        }
    }
}

impl Quantified {
    fn holds(&self, collection: ValueRef<'_>) -> bool {
        // An absent collection has no elements.
        let ValueRef::Elements(elements) = collection else {
            return self.quantifier == Quantifier::All;
        };
        let mut found = (0..elements.len()).filter_map(|index| elements.get(index));
        match self.quantifier {
            Quantifier::Any => found.any(|element| self.inner.is_satisfied_by(element)),
            Quantifier::All => found.all(|element| self.inner.is_satisfied_by(element)),
        }
    }
}

fn contains(value: ValueRef<'_>, sought: &Sought) -> bool {
    match value {
        ValueRef::Text(text) => sought.is_in(text),
        ValueRef::Scalars(values) => {
            (0..values.len()).any(|index| values.get(index).same(sought.value().borrowed()))
        }
        _ => false,
    }
}

#[inline]
fn is_text(value: ValueRef<'_>, test: impl FnOnce(&str) -> bool) -> bool {
    match value {
        ValueRef::Text(text) => test(text),
        _ => false,
    }
}
