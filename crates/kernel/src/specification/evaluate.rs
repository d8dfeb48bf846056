//! The meaning of a specification: memory is the definition, and every adapter proves that it agrees.
//!
//! Total and two-valued: no null, empty collection or foreign currency makes a test neither true nor false.
//! Nothing is allocated and no name is looked up.

use super::candidate::Candidate;
use super::field::Path;
use super::operands::Sought;
use super::tree::{Comparison, Node, Quantified, Quantifier, Test};
use super::value::ValueRef;

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

impl Path {
    /// What the candidate holds at this path.
    #[must_use]
    #[inline]
    pub fn read<C: Candidate + ?Sized>(self, candidate: &C) -> ValueRef<'_> {
        self.part.of(candidate.value(self.field.index))
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
    pub(super) fn holds(&self, collection: ValueRef<'_>) -> bool {
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

pub(super) fn contains(value: ValueRef<'_>, sought: &Sought) -> bool {
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
