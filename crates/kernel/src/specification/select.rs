//! Specifications over many candidates: what [`Node::is_satisfied_by`] says of each, at a fraction of its cost.
//!
//! Candidates are taken in blocks. A test is chosen once for a block and runs in a loop of its own field; what is left
//! after one conjunct is all that the next one looks at. Nothing is allocated and no name is looked up.

use super::candidate::Candidate;
use super::evaluate::contains;
use super::field::{Part, Path};
use super::tree::{Comparison, Node, Predicate, Test};
use super::value::{Value, ValueRef};

/// How many candidates a block has: as many as a [`Chosen`] has bits.
const BLOCK: usize = u64::BITS as usize;

/// Which candidates of a block are meant, by their places in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chosen(u64);

impl Chosen {
    /// None of them.
    const NONE: Self = Self(0);

    /// The first so many of a block.
    const fn first(count: usize) -> Self {
        if count < BLOCK { Self((1 << count) - 1) } else { Self(u64::MAX) }
    }

    const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// These and those.
    const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// These without those.
    const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Their places, in order.
    #[inline]
    pub fn places(self) -> impl Iterator<Item = usize> {
        let mut left = self.0;
        std::iter::from_fn(move || {
            let place = (left != 0).then_some(left.trailing_zeros() as usize);
            left &= left.wrapping_sub(1);
            place
        })
    }

    /// Those of them for which `test` holds.
    #[inline]
    fn filter(self, test: impl Fn(usize) -> bool) -> Self {
        let mut passed = 0;
        for place in self.places() {
            passed |= u64::from(test(place)) << place;
        }
        Self(passed)
    }
}

impl Node {
    /// Hands those of `count` candidates to `take` that satisfy it, each with its place, in order: what
    /// [`is_satisfied_by`](Self::is_satisfied_by) says of each. `candidate` gives the one at a place from 0 and is
    /// asked more than once; a place may be empty. A multiple of 64 costs the least.
    pub fn select<'a, C: Candidate>(
        &self,
        count: usize,
        candidate: impl Fn(usize) -> Option<&'a C> + Copy,
        mut take: impl FnMut(usize, &'a C),
    ) {
        for first in (0..count).step_by(BLOCK) {
            let in_block = |place| candidate(first + place);
            for place in self.select_among(Chosen::first(count - first), in_block).places() {
                // An empty place may have come through a `not`.
                if let Some(found) = in_block(place) {
                    take(first + place, found);
                }
            }
        }
    }

    /// Those of the chosen ones that satisfy it.
    fn select_among<'a, C: Candidate>(
        &self,
        chosen: Chosen,
        candidate: impl Fn(usize) -> Option<&'a C> + Copy,
    ) -> Chosen {
        if chosen.is_empty() {
            return Chosen::NONE;
        }
        match self {
            Self::Everything => chosen,
            Self::And(nodes) => nodes.iter().fold(chosen, |left, node| node.select_among(left, candidate)),
            Self::Or(nodes) => nodes.iter().fold(Chosen::NONE, |found, node| {
                found.or(node.select_among(chosen.without(found), candidate))
            }),
            Self::Not(node) => chosen.without(node.select_among(chosen, candidate)),
            Self::Predicate(Predicate { path, test }) => C::select(test, *path, chosen, candidate),
            Self::Quantified(quantified) => chosen.filter(|place| {
                let collection = |candidate: &'a C| candidate.value(quantified.collection.index);
                candidate(place).is_some_and(|candidate| quantified.holds(collection(candidate)))
            }),
        }
    }
}

impl Test {
    /// Those of the chosen ones that pass. `value` reads the field of `path` of the one at a place.
    #[must_use]
    #[inline]
    pub fn select<'a>(
        &self,
        path: Path,
        chosen: Chosen,
        value: impl Fn(usize) -> ValueRef<'a> + Copy,
    ) -> Chosen {
        let read = move |place| path.part.of(value(place));
        // The tests that come most often have loops of their own.
        match self {
            Self::Compare(Comparison::Eq, Value::Text(operand)) => select_equal(operand, chosen, read),
            Self::Compare(Comparison::Eq, Value::Uuid(operand)) => {
                chosen.filter(|place| matches!(read(place), ValueRef::Uuid(id) if id == *operand))
            }
            Self::Compare(comparison, Value::Integer(operand)) => {
                let (least, most, within) = between(*comparison, *operand);
                chosen.filter(|place| match read(place) {
                    ValueRef::Integer(value) => (least <= value && value <= most) == within,
                    _ => *comparison == Comparison::Neq,
                })
            }
            Self::Contains(sought) => {
                fetch(chosen, read);
                chosen.filter(|place| contains(read(place), sought))
            }
            test => {
                fetch(chosen, read);
                chosen.filter(|place| test.holds(read(place)))
            }
        }
    }
}

/// Those of the chosen ones that are this text. An enum's value shows the same text in the same place each time, so
/// that most of them are told by where they are.
#[inline]
fn select_equal<'a>(operand: &str, chosen: Chosen, read: impl Fn(usize) -> ValueRef<'a>) -> Chosen {
    let (mut known, mut passed) = (operand, 0);
    for place in chosen.places() {
        let ValueRef::Text(text) = read(place) else { continue };
        // Without a jump that depends on the value: half of them would be guessed wrong.
        let mut is_equal = std::ptr::eq(text, known);
        let is_open = !is_equal & (text.len() == operand.len());
        if is_open && *text == *operand {
            (known, is_equal) = (text, true);
        }
        passed |= u64::from(is_equal) << place;
    }
    Chosen(passed)
}

/// Asks the memory for every text of a block before the first is looked at. They lie anywhere; asked for one by one
/// they would be waited for one by one.
#[inline]
fn fetch<'a>(chosen: Chosen, read: impl Fn(usize) -> ValueRef<'a>) {
    let mut ends = 0;
    for place in chosen.places() {
        if let ValueRef::Text(text) = read(place) {
            ends ^= text.as_bytes().last().copied().unwrap_or_default();
        }
    }
    std::hint::black_box(ends);
}

impl Part {
    /// This part of what a field holds.
    #[inline]
    pub(super) fn of(self, value: ValueRef<'_>) -> ValueRef<'_> {
        match (self, value) {
            (Self::Whole, value) => value,
            (Self::Amount, ValueRef::Money(money)) => ValueRef::Integer(money.amount),
            (Self::Currency, ValueRef::Money(money)) => ValueRef::Text(money.currency.code()),
            (Self::Amount | Self::Currency, _) => ValueRef::Null,
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
